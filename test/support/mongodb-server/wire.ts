// MongoDB's wire protocol: messages out of a socket's bytes, and answers back (its manual, "Wire Protocol").
import { fieldsOf } from './values.js';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const MORE_TO_COME = 2;

export interface Message {
  readonly requestId: number;
  readonly legacy: boolean;
  /** False for a message that wants none, such as a write with w: 0. */
  readonly wantsAnswer: boolean;
  /** The command's document. */
  readonly body: Buffer;
  /** Documents sent beside the body, by the name of the field that they stand for. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
}

/** Takes bytes as they come and gives the messages that are complete. */
export function messageReader(): (chunk: Buffer) => Message[] {
  let chunks: Buffer[] = [];
  let length = 0;
  let needed = 4;
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < needed) return [];
    let bytes = Buffer.concat(chunks, length);
    const messages: Message[] = [];
    while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE()) {
      messages.push(parse(bytes.subarray(0, bytes.readInt32LE())));
      bytes = bytes.subarray(bytes.readInt32LE());
    }
    needed = bytes.length >= 4 ? bytes.readInt32LE() : 4;
    chunks = [bytes];
    length = bytes.length;
    return messages;
  };
}

function parse(bytes: Buffer): Message {
  const requestId = bytes.readInt32LE(4);
  const code = bytes.readInt32LE(12);
  if (code === OP_QUERY) {
    // Flags, the namespace with its NUL, skip, limit, then the query.
    const start = bytes.indexOf(0, 20) + 1 + 8;
    return {
      requestId,
      legacy: true,
      wantsAnswer: true,
      body: documentAt(bytes, start),
      sequences: new Map(),
    };
  }
  if (code !== OP_MSG) throw new Error(`wire operation ${code} is not known`);
  const flags = bytes.readUInt32LE(16);
  const end = (flags & 1) === 1 ? bytes.length - 4 : bytes.length;
  const sequences = new Map<string, Buffer[]>();
  let body: Buffer | undefined;
  let at = 20;
  while (at < end) {
    const kind = bytes[at];
    at += 1;
    if (kind === 0) {
      body = documentAt(bytes, at);
      at += body.length;
      continue;
    }
    const after = at + bytes.readInt32LE(at);
    const nameEnd = bytes.indexOf(0, at + 4);
    const documents: Buffer[] = [];
    sequences.set(bytes.toString('utf8', at + 4, nameEnd), documents);
    for (at = nameEnd + 1; at < after; at += documents.at(-1)?.length ?? after)
      documents.push(documentAt(bytes, at));
  }
  if (body === undefined) throw new Error('a message without a body');
  return { requestId, legacy: false, wantsAnswer: (flags & MORE_TO_COME) === 0, body, sequences };
}

/** One document out of many that follow each other. */
export function documentAt(bytes: Buffer, start: number): Buffer {
  return bytes.subarray(start, start + bytes.readInt32LE(start));
}

/** The header that goes before the pieces of an answer's document. */
export function answerHeader({ requestId, legacy }: Message, pieces: readonly Uint8Array[]): Buffer {
  const size = legacy ? 36 : 21;
  const header = Buffer.alloc(size);
  header.writeInt32LE(
    pieces.reduce((sum, piece) => sum + piece.length, size),
    0,
  );
  header.writeInt32LE(requestId, 8);
  header.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12);
  if (legacy) header.writeInt32LE(1, 32);
  return header;
}

/** The name of a command is the name of its first field. */
export function commandName(body: Buffer): string {
  return fieldsOf(body)[0]?.name ?? '';
}
