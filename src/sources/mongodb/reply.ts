// The documents of a reply where they lie in its bytes: the driver would take each apart before handing it out.
import type { AbstractCursor, Document } from 'mongodb';

export interface Documents {
  readonly bytes: Buffer;
  /** Where in the bytes each document begins. */
  readonly starts: readonly number[];
}

/** mongodb 7.9, `CursorResponse` and `OnDemandDocument`; an element is its type, two numbers of its name, and its offset. */
interface Reply {
  readonly batch: { readonly bson: Uint8Array; readonly elements: readonly (readonly number[])[] };
  clear(): void;
}

const OBJECT = 3;

/**
 * All documents that a raw cursor has at hand, which are then read. Another version of the driver may keep them
 * elsewhere: then they come one by one, at half the speed.
 */
export function takeDocuments(cursor: AbstractCursor<Document>): Documents {
  const reply = (cursor as unknown as { readonly documents?: unknown }).documents;
  if (isKnown(reply, cursor.bufferedCount())) {
    const { bson, elements } = reply.batch;
    const starts = elements.map((element) => element[3] as number);
    reply.clear();
    return { bytes: Buffer.from(bson.buffer, bson.byteOffset, bson.byteLength), starts };
  }
  const documents = cursor.readBufferedDocuments() as unknown[] as Uint8Array[];
  let length = 0;
  const starts = documents.map((document) => {
    length += document.length;
    return length - document.length;
  });
  return { bytes: Buffer.concat(documents, length), starts };
}

function isKnown(reply: unknown, count: number): reply is Reply {
  const { batch, clear } = (reply ?? {}) as Partial<Reply>;
  return (
    typeof clear === 'function' &&
    batch?.bson instanceof Uint8Array &&
    Array.isArray(batch.elements) &&
    batch.elements.length === count &&
    batch.elements.every(([type, , , start]) => type === OBJECT && Number.isInteger(start))
  );
}
