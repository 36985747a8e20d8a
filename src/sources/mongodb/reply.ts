// Keeps a cursor's replies as whole bytes: the driver would cut each document out of its reply before it returns the first.
import type { AbstractCursor, Document } from 'mongodb';
import { BadBson, documentEnd, findNull, skipValue, TYPE } from './layout.js';

/** Documents one after the other, and where each starts. */
export interface Documents {
  readonly bytes: Buffer;
  readonly starts: ArrayLike<number>;
}

/** What the driver (mongodb 7.9, AbstractCursor) uses of a reply that it keeps. */
interface KeptReply {
  readonly length: number;
  clear(): void;
}

/** A reply kept as bytes. */
class Reply implements KeptReply {
  #documents: Documents | undefined;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  get length(): number {
    return this.#documents?.starts.length ?? 0;
  }

  take(): Documents {
    const documents = this.#documents ?? { bytes: Buffer.alloc(0), starts: [] };
    this.clear();
    return documents;
  }

  clear(): void {
    this.#documents = undefined;
  }
}

/**
 * Makes a raw cursor keep its replies as bytes. Call it before the cursor is used; only takeDocuments() may read from the cursor
 * then. With a version of the driver that works in another way, only the speed changes.
 * @param getMore that of AbstractCursor. FindCursor's own counts every document for its limit, which the server does already
 */
export function keepReplies(cursor: AbstractCursor<Document>, getMore: unknown): void {
  let kept: unknown = null;
  Object.defineProperty(cursor, 'documents', {
    configurable: true,
    get: () => kept,
    set: (reply: unknown) => {
      kept = wholeReply(reply) ?? reply;
    },
  });
  if (typeof getMore === 'function') Object.assign(cursor, { getMore });
}

/** Takes all documents that the cursor holds. */
export function takeDocuments(cursor: AbstractCursor<Document>): Documents {
  const { documents: kept } = cursor as unknown as { readonly documents?: unknown };
  if (kept instanceof Reply) return kept.take();
  const documents = cursor.readBufferedDocuments() as unknown[] as Uint8Array[];
  let length = 0;
  const starts = documents.map((document) => {
    length += document.length;
    return length - document.length;
  });
  return { bytes: Buffer.concat(documents, length), starts };
}

/** @returns undefined for a reply without documents: the driver reports what is wrong with it */
function wholeReply(reply: unknown): Reply | undefined {
  const { toBytes } = (reply ?? {}) as { readonly toBytes?: () => unknown };
  const whole = typeof toBytes === 'function' ? toBytes.call(reply) : undefined;
  if (!(whole instanceof Uint8Array)) return undefined;
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  try {
    const cursor = placeOf(bytes, 0, ['cursor'], TYPE.object);
    const batch = placeOf(bytes, cursor, ['firstBatch', 'nextBatch'], TYPE.array);
    return new Reply({ bytes, starts: startsOf(bytes, batch) });
  } catch (error) {
    if (error instanceof BadBson) return undefined;
    throw error;
  }
}

/** Where the value of one of the keys starts. @throws BadBson when there is none */
function placeOf(bytes: Buffer, start: number, keys: readonly string[], wanted: number): number {
  const end = documentEnd(bytes, start, bytes.length);
  for (let at = start + 4; at < end; ) {
    const type = bytes[at] as number;
    const from = findNull(bytes, at + 1, end) + 1;
    if (type === wanted && keys.includes(bytes.toString('latin1', at + 1, from - 1))) return from;
    at = skipValue(bytes, type, from, end);
  }
  throw new BadBson(`it has no ${keys.join(' or ')}`);
}

/** Where each document of an array starts. */
function startsOf(bytes: Buffer, array: number): Int32Array {
  const end = documentEnd(bytes, array, bytes.length);
  let starts = new Int32Array(4096);
  let count = 0;
  for (let at = array + 4; at < end; ) {
    const type = bytes[at] as number;
    if (type !== TYPE.object) throw new BadBson('it holds other things than documents');
    // The keys are numbers of a few digits: a loop is faster than indexOf().
    let from = at + 2;
    while (bytes[from - 1] !== 0) from += 1;
    if (count === starts.length) {
      const longer = new Int32Array(count * 2);
      longer.set(starts);
      starts = longer;
    }
    starts[count++] = from;
    at = skipValue(bytes, type, from, end);
  }
  return starts.subarray(0, count);
}
