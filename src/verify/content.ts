// What a published file holds, counted from its bytes alone: hash, rows, sums and nulls in one pass.
import zlib from 'node:zlib';
import { messageOf, ReportError } from '../core/errors.js';
import type { Cell } from '../core/table.js';
import type { Manifest } from '../publish/documents.js';
import { ByteCounter, RowCounter } from '../rows/counters.js';
import { transformed } from '../writers/compression.js';
import { formatOf, isFormat } from '../writers/index.js';

// zstd came with Node 22.15 and 23.8; the types of Node 20 do not know it.
const { createZstdDecompress } = zlib as typeof zlib & { createZstdDecompress?: () => zlib.Gunzip };

/** The words of `--compress`. */
const DECOMPRESSIONS: Readonly<Record<string, (() => zlib.Gunzip) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  zstd: createZstdDecompress,
};

export interface Content {
  readonly header: readonly Cell[];
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** Column name to the number of its nulls. */
  readonly nulls: Readonly<Record<string, number>>;
}

export interface Measured {
  readonly bytes: number;
  readonly sha256: string;
  /** Why the content could not be read, where it could not. */
  readonly content: Content | { readonly unreadable: string };
}

/**
 * Reads every byte once. What is wrong with the bytes is part of the answer.
 * @throws what the download throws
 */
export async function measure(download: AsyncIterable<Buffer>, manifest: Manifest): Promise<Measured> {
  const counter = new ByteCounter();
  let failure: { readonly error: unknown } | undefined;
  async function* counted() {
    try {
      for await (const chunk of download) {
        counter.add(chunk);
        yield chunk;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  const bytes = counted();
  try {
    // Without return(): a reader that gives up does not end the download, because the hash is of every byte.
    const shared = { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) };
    const content = await contentOf(shared, manifest).catch((error: unknown) => {
      if (failure !== undefined || !(error instanceof ReportError && error.code === 'contract')) throw error;
      return { unreadable: messageOf(error) };
    });
    for await (const _ of bytes);
    // It may have failed while a reader that had given up was still being answered.
    if (failure !== undefined) throw failure.error;
    return { bytes: counter.bytes, sha256: counter.sha256(), content };
  } finally {
    await bytes.return();
  }
}

/** @throws ReportError `contract` when it is not what the manifest says */
async function contentOf(bytes: AsyncIterable<Buffer>, manifest: Manifest): Promise<Content> {
  const counter = new RowCounter(manifest.columns, Object.keys(manifest.totals));
  let header: readonly Cell[] | undefined;
  for await (const read of rowsIn(bytes, manifest)) {
    header ??= read.shift() ?? [];
    counter.add({ rowCount: read.length, rows: () => read });
  }
  return { header: header ?? [], rows: counter.rows, totals: counter.totals(), nulls: counter.nulls() };
}

/**
 * Rows as wide as the columns, the header first, as the reader of the format gives them.
 * @throws ReportError `contract` when it is not what the manifest says
 */
export async function* rowsIn(bytes: AsyncIterable<Buffer>, manifest: Manifest): AsyncGenerator<Cell[][]> {
  const { format, compress, columns } = manifest;
  if (!isFormat(format)) throw new ReportError('contract', `reportctl cannot read ${format} back`);
  // The header is row 0, and its width is for whoever compares it.
  let before = 0;
  for await (const read of formatOf(format).read(decompressed(bytes, compress), manifest)) {
    const narrow = read.findIndex((row, index) => before + index > 0 && row.length !== columns.length);
    if (narrow !== -1) {
      const found = `row ${before + narrow} has ${read[narrow]?.length} cells`;
      throw new ReportError('contract', `${found} for ${columns.length} columns`);
    }
    before += read.length;
    yield read;
  }
}

/** @throws ReportError `contract` when the bytes are not compressed so, or this Node cannot tell */
async function* decompressed(bytes: AsyncIterable<Buffer>, compress: string | null): AsyncGenerator<Buffer> {
  if (compress === null) {
    yield* bytes;
    return;
  }
  const create = Object.hasOwn(DECOMPRESSIONS, compress) ? DECOMPRESSIONS[compress] : undefined;
  if (create === undefined) {
    throw new ReportError('contract', `Node ${process.versions.node} cannot decompress ${compress}`);
  }
  try {
    yield* transformed(bytes, create());
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!/^(Z|ZSTD)_/i.test(code)) throw error;
    throw new ReportError('contract', `it cannot be decompressed (${compress}): ${messageOf(error)}`, {
      cause: error,
    });
  }
}
