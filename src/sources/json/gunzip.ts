// Decompresses a file that is gzip; other files pass unchanged.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';

type Chunks = AsyncIterable<Uint8Array>;

const CHUNK = 256 * 1024;

/**
 * Decides by the first two bytes (RFC 1952), which no JSON has: a file named .gz may hold plain JSON.
 * @param wanted `beginning` when the chunks are only the start of the file: a cut end is no error then
 */
export async function* unzipped(
  name: string,
  chunks: Chunks,
  wanted: 'all' | 'beginning' = 'all',
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  try {
    while (first.length < 2) {
      const { value, done } = await iterator.next();
      if (done === true) break;
      first = Buffer.concat([first, value]);
    }
    if (first.length === 0 && name.endsWith('.gz')) {
      throw Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' });
    }
    const all = withFirst(first, iterator);
    if (isGzip(first)) yield* throughGunzip(all, wanted);
    else yield* all;
  } finally {
    // Closes the file or connection. Not awaited, because a stalled read could hold it up.
    void iterator.return?.().catch(() => undefined);
  }
}

/** Do the bytes start with gzip's magic number? */
export function isGzip(beginning: Uint8Array): boolean {
  return beginning[0] === 0x1f && beginning[1] === 0x8b;
}

async function* withFirst(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* throughGunzip(chunks: Chunks, wanted: 'all' | 'beginning'): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({
    chunkSize: CHUNK,
    // A cut input is no error with this flag (https://nodejs.org/api/zlib.html, "Compressing HTTP requests and responses").
    ...(wanted === 'beginning' && { finishFlush: constants.Z_SYNC_FLUSH }),
  });
  const piped = pipeline(Readable.from(chunks, { highWaterMark: 1 }), gunzip);
  // The loop below throws the same failure.
  piped.catch(() => undefined);
  for await (const chunk of gunzip) yield chunk as Buffer;
}
