// Blocks to one deflate stream (RFC 1951), several blocks at once in the thread pool.
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Block, Blocks } from './block.js';

const deflateRaw = promisify(zlib.deflateRaw) as (
  bytes: Buffer,
  options: zlib.ZlibOptions,
) => Promise<Buffer>;

/** As many as the thread pool has threads by default. */
const AT_ONCE = 4;
/** A last block with nothing in it: what comes before ends at a byte, but says that more is to come. */
const END = Buffer.from([3, 0]);
/** Room for what a block usually becomes: a second piece costs a trip to the thread pool. */
const PIECE = 160 * 1024;

/**
 * Yields the blocks compressed, in their order, each as soon as it is asked for and done; gives them back to `blocks`.
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
    // Whoever waits for it sees the failure; nobody may when another comes first.
    result.catch(() => undefined);
    underway.push(result);
    const oldest = underway.length < AT_ONCE ? undefined : underway.shift();
    if (oldest !== undefined) yield await oldest;
  }
  for (const result of underway) yield await result;
  yield END;
}
