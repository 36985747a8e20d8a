// Compression and decompression of a stream of bytes.
import { pipeline, Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { messageOf, ReportError } from '../core/errors.js';

interface Compression {
  /** The file ending, without a dot. */
  readonly extension: string;
  readonly contentType: string;
  /** Undefined where this Node does not have it. */
  readonly create: (() => Transform) | undefined;
  readonly createInverse: (() => Transform) | undefined;
}

// zstd came with Node 22.15 and 23.8; the types of Node 20 do not have it.
const { createZstdCompress, createZstdDecompress } = zlib as typeof zlib & {
  readonly createZstdCompress?: () => Transform;
  readonly createZstdDecompress?: () => Transform;
};

/** The words of `--compress`. gzip's header holds no time, so the same bytes compress to the same bytes. */
export const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  gzip: {
    extension: 'gz',
    contentType: 'application/gzip',
    create: () => zlib.createGzip(),
    createInverse: () => zlib.createGunzip(),
  },
  zstd: {
    extension: 'zst',
    contentType: 'application/zstd',
    create: createZstdCompress,
    createInverse: createZstdDecompress,
  },
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

/**
 * @param word of `--compress`, as a manifest has it
 * @throws ReportError `contract` when the bytes are not compressed so, or this Node does not have the compression
 */
export async function* decompressed(bytes: AsyncIterable<Buffer>, word: string): AsyncGenerator<Buffer> {
  const found = Object.hasOwn(COMPRESSIONS, word) ? COMPRESSIONS[word] : undefined;
  if (found?.createInverse === undefined) {
    throw new ReportError('contract', `Node ${process.versions.node} cannot decompress ${word}`);
  }
  try {
    yield* transformed(bytes, found.createInverse());
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!/^(Z|ZSTD)_/i.test(code)) throw error;
    throw new ReportError('contract', `it cannot be decompressed (${word}): ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The bytes after the transform; throws what the bytes throw. */
export async function* transformed(
  bytes: AsyncIterable<Buffer>,
  transform: Transform,
): AsyncGenerator<Buffer> {
  // pipeline() destroys the transform with an error of the bytes, and the loop below throws it.
  pipeline(Readable.from(copies(bytes), { objectMode: false }), transform, () => undefined);
  yield* transform as AsyncIterable<Buffer>;
}

/** A stream asks for the next chunk, whose memory is this one's, before it has read this one. */
async function* copies(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
