// Bytes to compressed bytes, as they pass by.
import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { ReportError } from '../core/errors.js';

interface Compression {
  /** The file ending, without a dot. */
  readonly extension: string;
  readonly contentType: string;
  readonly create: (() => Transform) | undefined;
}

// zstd came with Node 22.15 and 23.8; the types of Node 20 do not know it.
const { createZstdCompress } = zlib as typeof zlib & { createZstdCompress?: () => Transform };

/** The words of `--compress`. gzip's header holds no time, so that the same bytes compress to the same bytes. */
export const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  gzip: { extension: 'gz', contentType: 'application/gzip', create: () => zlib.createGzip() },
  zstd: { extension: 'zst', contentType: 'application/zstd', create: createZstdCompress },
};

/** @throws ReportError `usage` when this Node has no such compression */
export function compression(name: string): Compression & { create: () => Transform } {
  const found = Object.hasOwn(COMPRESSIONS, name) ? COMPRESSIONS[name] : undefined;
  if (found?.create === undefined) {
    throw new ReportError('usage', `--compress ${name} is not to be had with Node ${process.versions.node}`, {
      hint:
        found === undefined
          ? `Allowed: ${Object.keys(COMPRESSIONS).join(', ')}.`
          : 'Use Node 22.15 or newer, or gzip.',
    });
  }
  return { ...found, create: found.create };
}

/** Yields what the transform makes of the bytes; throws when the bytes do. */
export async function* transformed(
  bytes: AsyncIterable<Buffer>,
  transform: Transform,
): AsyncGenerator<Buffer> {
  // The error reaches the loop below through the transform, which pipeline destroys with it.
  pipeline(Readable.from(kept(bytes), { objectMode: false }), transform, () => undefined);
  yield* transform as AsyncIterable<Buffer>;
}

/** Streams ask for the next chunk before they are done with this one. */
async function* kept(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
