// Measures a published file from its bytes alone: hash, rows, sums and nulls in one pass.
import { messageOf, ReportError } from '../core/errors.js';
import type { WrittenFile } from '../core/format.js';
import type { Cell } from '../core/table.js';
import type { Manifest } from '../publish/documents.js';
import { ByteCounter, RowCounter } from '../rows/counters.js';
import { decompressed } from '../writers/compression.js';
import { FORMAT_NAMES, formatOf } from '../writers/index.js';

export interface Content {
  readonly header: readonly Cell[];
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** Column name to the number of its nulls. */
  readonly nulls: Readonly<Record<string, number>>;
  /** Column name to how many of its numbers are text; only columns that have such numbers. */
  readonly textNumbers: Readonly<Record<string, number>>;
}

export interface Measured {
  readonly bytes: number;
  readonly sha256: string;
  /** `unreadable` says why the content could not be read. */
  readonly content: Content | { readonly unreadable: string };
}

/**
 * Reads every byte once. Faults of the bytes are part of the result.
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
    // No return(): a reader that stops early must not end the download, because the hash covers every byte.
    const shared = { [Symbol.asyncIterator]: () => ({ next: () => bytes.next() }) };
    const content = await contentOf(shared, manifest).catch((error: unknown) => {
      if (failure !== undefined || !(error instanceof ReportError && error.code === 'contract')) throw error;
      return { unreadable: messageOf(error) };
    });
    for await (const _ of bytes);
    // The download may have failed after the reader stopped.
    if (failure !== undefined) throw failure.error;
    return { bytes: counter.bytes, sha256: counter.sha256(), content };
  } finally {
    await bytes.return();
  }
}

/** @throws ReportError `contract` when it is not what the manifest says */
async function contentOf(bytes: AsyncIterable<Buffer>, manifest: Manifest): Promise<Content> {
  const counter = new RowCounter(manifest.columns, Object.keys(manifest.totals));
  const textNumbers: Record<string, number> = {};
  const onTextNumber = (index: number) => {
    const name = manifest.columns[index]?.name ?? '';
    textNumbers[name] = (textNumbers[name] ?? 0) + 1;
  };
  let header: readonly Cell[] | undefined;
  for await (const read of rowsIn(bytes, manifest, onTextNumber)) {
    header ??= read.shift() ?? [];
    counter.add({ rowCount: read.length, rows: () => read });
  }
  const { rows } = counter;
  return { header: header ?? [], rows, totals: counter.totals(), nulls: counter.nulls(), textNumbers };
}

/**
 * The rows, each as wide as the columns, after the titles of the header as they are in the file.
 * @throws ReportError `contract` when the file is not what the manifest says
 */
export async function* rowsIn(
  bytes: AsyncIterable<Buffer>,
  manifest: Manifest,
  onTextNumber?: WrittenFile['onTextNumber'],
): AsyncGenerator<Cell[][]> {
  const { compress, columns, dialect: options } = manifest;
  const format = writtenFormat(manifest);
  const plain = compress === null ? bytes : decompressed(bytes, compress);
  const written = { options, columns, bytes: manifest.bytes, onTextNumber };
  let rowsBefore = 0;
  for await (const read of format.read(plain, written)) {
    // Row 0 is the header, which the caller compares.
    const other = read.findIndex((row, index) => rowsBefore + index > 0 && row.length !== columns.length);
    if (other !== -1) {
      const found = `row ${rowsBefore + other} has ${read[other]?.length} cells`;
      throw new ReportError('contract', `${found} for ${columns.length} columns`);
    }
    rowsBefore += read.length;
    yield read;
  }
}

/** @throws ReportError `contract` for a format that does not exist, and for a second compression */
function writtenFormat({ format: word, compress }: Manifest) {
  if (!FORMAT_NAMES.some((each) => each === word)) {
    throw new ReportError('contract', `reportctl cannot read ${word} back`);
  }
  const format = formatOf(word);
  if (compress === null || !format.isCompressed) return format;
  throw new ReportError('contract', `${word} is never compressed a second time (${compress})`);
}
