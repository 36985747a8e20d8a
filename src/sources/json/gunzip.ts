// The bytes of a file as they were before gzip, if they are gzip.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';

type Chunks = AsyncIterable<Uint8Array>;

const CHUNK = 256 * 1024;

/**
 * Told by the first two bytes (RFC 1952), which no JSON has; a name that ends in .gz may still hold plain JSON.
 * @param wanted `beginning` when the chunks are only that of the file, whose cut end is no error then
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
    // What was left early lets go of its file or connection; not awaited, since it may be in the middle of a stalled read.
    void iterator.return?.().catch(() => undefined);
  }
}

/** By its first two bytes. */
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
    // https://nodejs.org/api/zlib.html, "Compressing HTTP requests and responses": so a cut input is no error.
    ...(wanted === 'beginning' && { finishFlush: constants.Z_SYNC_FLUSH }),
  });
  const piped = pipeline(Readable.from(chunks, { highWaterMark: 1 }), gunzip);
  // Its failure is what iterating throws.
  piped.catch(() => undefined);
  for await (const chunk of gunzip) yield chunk as Buffer;
}
