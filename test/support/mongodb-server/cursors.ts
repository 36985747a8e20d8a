// Open cursors: what the next batch of each is, and the answer that carries it.

import { arrayOf, elementOf, TYPE, toValue } from './values.js';
import { documentAt } from './wire.js';

export interface Cursor {
  /** `database.collection` */
  readonly namespace: string;
  /** The session that opened it, without which nobody may read on. */
  readonly session: string | undefined;
  /** The next documents as one BSON array, and whether the cursor is at its end. */
  next(batchSize: number): { readonly array: Buffer; readonly last: boolean };
}

/** What a find or an aggregate gives; `complete` says that a limit of find ended it. */
export interface Found {
  readonly documents: readonly Buffer[];
  readonly project: (document: Buffer) => Buffer;
  readonly complete: boolean;
}

/** A server's answers hold 16 MiB of documents at most. */
const GREATEST_BATCH = 16 * 1024 * 1024;

/**
 * Over documents in memory, each given a last shape when it is sent. A batch that is full leaves the cursor open though nothing follows, as a server does that
 * has not looked further: the next answer is then empty. `complete` says that the end is known, by a limit.
 */
export function documentCursor(
  { documents, project, complete }: Found,
  cursor: { namespace: string; session: string | undefined },
): Cursor {
  let at = 0;
  return {
    ...cursor,
    next(batchSize) {
      const batch: Buffer[] = [];
      let size = 0;
      for (; at < documents.length && batch.length < batchSize; at += 1) {
        const document = project(documents[at] as Buffer);
        size += document.length;
        if (batch.length > 0 && size > GREATEST_BATCH) break;
        batch.push(document);
      }
      const ended = at === documents.length;
      return { array: arrayBytes(batch), last: ended && (complete || batch.length < batchSize) };
    },
  };
}

/** Batches made before anybody asks, given out as they are, again and again. */
export interface Replay {
  readonly arrays: readonly Buffer[];
  /** Documents in all repetitions. */
  readonly count: number;
  readonly times: number;
}

export function replayOf(batches: readonly Buffer[], times: number): Replay {
  const documents = batches.map(splitDocuments);
  const count = documents.reduce((sum, batch) => sum + batch.length, 0) * times;
  return { arrays: documents.map(arrayBytes), count, times };
}

export function replayCursor(
  { arrays, times }: Replay,
  cursor: { namespace: string; session: string | undefined },
): Cursor {
  const total = arrays.length * times;
  let at = 0;
  return {
    ...cursor,
    next() {
      const array = arrays[at % arrays.length] ?? arrayBytes([]);
      at += 1;
      return { array, last: at >= total };
    },
  };
}

function splitDocuments(batch: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  for (let at = 0; at < batch.length; at += documents.at(-1)?.length ?? batch.length)
    documents.push(documentAt(batch, at));
  return documents;
}

function arrayBytes(documents: readonly Buffer[]): Buffer {
  return arrayOf(documents.map((bytes) => ({ type: TYPE.object, bytes }))).bytes;
}

const ZERO = Buffer.of(0);
const OK = elementOf('ok', toValue(1));

/** `{ cursor: { id, ns, firstBatch | nextBatch }, ok: 1 }` in pieces, so that the documents are not copied. */
export function cursorAnswer(
  field: 'firstBatch' | 'nextBatch',
  { id, namespace, array }: { id: bigint; namespace: string; array: Buffer },
): Buffer[] {
  const idBytes = Buffer.alloc(8);
  idBytes.writeBigInt64LE(id);
  const empty = Buffer.alloc(0);
  const inside = Buffer.concat([
    elementOf('id', { type: TYPE.long, bytes: idBytes }),
    elementOf('ns', toValue(namespace)),
    elementOf(field, { type: TYPE.array, bytes: empty }),
  ]);
  const before = elementOf('cursor', { type: TYPE.object, bytes: empty });
  const head = Buffer.concat([Buffer.alloc(4), before, Buffer.alloc(4), inside]);
  const tail = Buffer.concat([ZERO, OK, ZERO]);
  head.writeInt32LE(head.length + array.length + tail.length, 0);
  head.writeInt32LE(4 + inside.length + array.length + 1, 4 + before.length);
  return [head, array, tail];
}

/** A cursor over documents that an answer holds whole. */
export function wholeAnswer(namespace: string, documents: readonly Uint8Array[]): Buffer[] {
  const array = arrayBytes(documents.map((document) => Buffer.from(document)));
  return cursorAnswer('firstBatch', { id: 0n, namespace, array });
}
