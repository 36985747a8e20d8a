// What every reader's lines need to know about a published file.
import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';
import { type Dialect, dialect } from '../../writers/csv/dialect.js';

export interface PublishedFile {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  readonly manifest: Manifest;
}

export interface CsvFile extends PublishedFile {
  readonly dialect: Dialect;
}

/** A published CSV with its dialect. Columns of booleans that have other words, such as Sim and Não, become columns of text. */
export function csvFile(file: PublishedFile): CsvFile {
  const chosen = dialect(file.manifest.dialect);
  return {
    ...file,
    manifest: chosen.booleans ? withoutBooleans(file.manifest) : file.manifest,
    dialect: chosen,
  };
}

function withoutBooleans(manifest: Manifest): Manifest {
  const columns = manifest.columns.map((column) =>
    column.kind === 'boolean' ? { ...column, kind: 'text' as const } : column,
  );
  return { ...manifest, columns };
}

/**
 * @param reader the reader's name, for messages
 * @param allowed the words of `--compress` that it decompresses
 * @throws ReportError `usage` when the file has another compression
 */
export function assertDecompresses(
  { manifest }: PublishedFile,
  reader: string,
  allowed: readonly string[],
): void {
  const { compress } = manifest;
  if (compress === null || allowed.includes(compress)) return;
  throw new ReportError('usage', `consume: ${reader} does not decompress ${compress}`, {
    hint: 'Take the file of another output, or decompress it first.',
  });
}

/**
 * The most decimals that a value of the column has: an exact total has as many as the longest of its values. Undefined where
 * there is no total, or it has an exponent or more than 38 decimals.
 */
export function decimalsOf({ totals }: Manifest, { name }: Pick<Column, 'name'>): number | undefined {
  const total = totals[name];
  if (total === undefined || !/^-?\d+(\.\d+)?$/.test(total)) return undefined;
  const decimals = total.split('.')[1]?.length ?? 0;
  return decimals > 38 ? undefined : decimals;
}

/**
 * Comment lines: what the file is, and what its reader needs to know.
 * @param sign what begins a comment
 */
export function remarks(
  sign: string,
  { location, manifest }: PublishedFile,
  more: readonly string[],
): string[] {
  const { report, period, rows, sha256 } = manifest;
  const when = period === null ? 'an ad-hoc export' : `${period.lastDay}`;
  const known = [`${report}, ${when}: ${rows} rows, sha256 ${sha256}`, location];
  // A line break in a name would end the comment.
  return [...known, ...more].map((line) => `${sign} ${line.replace(/[\r\n\u2028\u2029]+/g, ' ')}`);
}
