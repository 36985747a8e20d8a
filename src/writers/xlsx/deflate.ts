// Compresses blocks into one deflate stream (RFC 1951), several at a time in the thread pool.
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Block, Blocks } from './block.js';

const deflateRaw = promisify(zlib.deflateRaw) as (
  bytes: Buffer,
  options: zlib.ZlibOptions,
) => Promise<Buffer>;

/** The default size of the thread pool. */
const AT_ONCE = 4;
/** An empty final block: every block before it ends at a byte boundary and is not marked as the last. */
const END = Buffer.from([3, 0]);
/** The usual size of a compressed block: a second chunk costs another call into the thread pool. */
const PIECE = 160 * 1024;

/** Bytes as the first part of a deflate stream, which other parts follow. */
export function deflatedStart(bytes: Buffer, level: number): Promise<Buffer> {
  return deflateRaw(bytes, { level, finishFlush: zlib.constants.Z_SYNC_FLUSH });
}

/**
 * Yields the compressed blocks in order, and returns each block to `blocks`.
 * @param seen called with the bytes of each block before it is compressed
 */
export async function* deflated(
  source: AsyncIterable<Block>,
  blocks: Blocks,
  level: number,
  seen: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  const options = { level, finishFlush: zlib.constants.Z_SYNC_FLUSH, chunkSize: PIECE };
  const underway: Promise<Buffer>[] = [];
  for await (const block of source) {
    const content = block.content();
    seen(content);
    const result = deflateRaw(content, options).finally(() => blocks.give(block));
    // If an earlier block fails, nothing awaits this promise: without a handler its rejection would end the process.
    result.catch(() => undefined);
    underway.push(result);
    const oldest = underway.length < AT_ONCE ? undefined : underway.shift();
    if (oldest !== undefined) yield await oldest;
  }
  for (const result of underway) yield await result;
  yield END;
}
