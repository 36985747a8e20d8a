// What the lines that read a published file have to know of it, whatever reads it.
import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';
import { type CsvOptions, type Dialect, dialect } from '../../writers/csv/dialect.js';

export interface PublishedFile {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  readonly manifest: Manifest;
}

export interface CsvFile extends PublishedFile {
  readonly dialect: Dialect;
}

/** @param reader who is to read it, for messages. @throws ReportError `usage` for what is no CSV */
export function csvFile(file: PublishedFile, reader: string): CsvFile {
  const { format, dialect: options } = file.manifest;
  if (format === 'csv') {
    const chosen = dialect(options as CsvOptions);
    return {
      ...file,
      manifest: chosen.booleans ? withoutBooleans(file.manifest) : file.manifest,
      dialect: chosen,
    };
  }
  throw new ReportError('usage', `consume: there are no lines by which ${reader} reads ${format} right`, {
    hint: 'Take the CSV of the same period, or add one to the outputs of the report.',
  });
}

/** Words for booleans, such as Sim and Não, are texts to every reader. */
function withoutBooleans(manifest: Manifest): Manifest {
  const columns = manifest.columns.map((column) =>
    column.kind === 'boolean' ? { ...column, kind: 'text' as const } : column,
  );
  return { ...manifest, columns };
}

/** @throws ReportError `usage` when the reader cannot decompress it */
export function refuseCompression(
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
 * The most decimals that any value of a column has, where that is known: an exact total has as many as the longest of its values.
 * Not where values are written with an exponent.
 */
export function decimalsOf({ totals }: Manifest, { name }: Pick<Column, 'name'>): number | undefined {
  const total = totals[name];
  if (total === undefined || !/^-?\d+(\.\d+)?$/.test(total)) return undefined;
  const decimals = total.split('.')[1]?.length ?? 0;
  return decimals > 38 ? undefined : decimals;
}

/** What the file is, and what to keep in mind, as comments. */
export function remarks(
  sign: string,
  { location, manifest }: PublishedFile,
  more: readonly string[],
): string[] {
  const { report, period, rows, sha256 } = manifest;
  const when = period === null ? 'an ad-hoc export' : `${period.lastDay}`;
  const known = [`${report}, ${when}: ${rows} rows, sha256 ${sha256}`, location];
  // Nothing of a name ends a comment.
  return [...known, ...more].map((line) => `${sign} ${line.replace(/[\r\n\u2028\u2029]+/g, ' ')}`);
}
