// What every reader's lines need to know about a published file.
import { ReportError } from '../../core/errors.js';
import type { Manifest } from '../../publish/documents.js';
import { type Dialect, dialect } from '../../writers/csv/dialect.js';

/** Of the decimals of DuckDB and Athena. */
const MAX_DIGITS = 38;

export interface PublishedFile {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  readonly manifest: Manifest;
}

/** A column as the manifest describes it. */
export type PublishedColumn = Manifest['columns'][number];

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

/** A column with the name that it has for a reader. */
export interface NamedColumn {
  readonly column: PublishedColumn;
  readonly name: string;
}

/**
 * The columns with names that a reader tells apart: of names that it takes for the same, the later ones get a number.
 * @param sameAs what the reader makes of a name: names are the same to it when this is
 * @param numbered the name with a suffix, such as `_2`, within what the reader allows
 */
export function namedColumns(
  columns: readonly PublishedColumn[],
  sameAs: (name: string) => string,
  numbered: (name: string, suffix: string) => string = (name, suffix) => name + suffix,
): NamedColumn[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let name = numbered(column.name, '');
    for (let number = 2; taken.has(sameAs(name)); number++) name = numbered(column.name, `_${number}`);
    taken.add(sameAs(name));
    return { column, name };
  });
}

/** For remarks: the columns that have another name for the reader. @param because why, as a clause */
export function renamings(named: readonly NamedColumn[], because: string): string[] {
  return named
    .filter(({ column, name }) => name !== column.name)
    .map(({ column, name }) => `${column.name}: called ${name} here, because ${because}`);
}

/** What a CSV has of timestamps: instants with an offset, local times without one, or texts of which neither is sure. */
export type Moments = 'instant' | 'local' | 'text';

/** Offsets are left out by the dialect with Brazilian dates, whatever the source had. */
export function momentsOf({ offset }: PublishedColumn, { brazilianDates }: Dialect): Moments {
  if (brazilianDates || offset === 'never') return 'local';
  return offset === 'always' ? 'instant' : 'text';
}

/** Whether a column of the file has instants. */
export function hasInstants({ manifest, dialect: chosen }: CsvFile): boolean {
  return manifest.columns.some(
    (column) => column.kind === 'timestamp' && momentsOf(column, chosen) === 'instant',
  );
}

/** For remarks: what a reader of the timestamps has to know. */
export function momentRemarks({ manifest, dialect: chosen }: CsvFile): string[] {
  const { columns, timezone } = manifest;
  return columns.flatMap((column) => {
    const { name, kind, offset } = column;
    if (kind !== 'timestamp') return [];
    if (momentsOf(column, chosen) === 'text') {
      const reason =
        offset === 'sometimes'
          ? 'some of its values have an offset from UTC and others have none'
          : 'the manifest does not say whether its values have an offset from UTC';
      return `${name}: text, because ${reason}`;
    }
    return chosen.brazilianDates && offset !== 'never' ? localTimeRemark(name, timezone) : [];
  });
}

/** For remarks: a timestamp whose offset is not in the file. */
export function localTimeRemark(name: string, timezone: string): string {
  return `${name}: the local time of ${timezone}, because the file has no offsets; an hour that a change of the clock repeats is there twice`;
}

/**
 * The most decimals that a value of the column has: an exact total has as many as the longest of its values. Undefined where
 * there is no total, or it has an exponent or more than 38 digits.
 */
export function decimalsOf(
  { totals }: Manifest,
  { name }: Pick<PublishedColumn, 'name'>,
): number | undefined {
  const total = totals[name];
  if (total === undefined || !/^-?\d+(\.\d+)?$/.test(total)) return undefined;
  if (total.replace(/\D/g, '').length > MAX_DIGITS) return undefined;
  return total.split('.')[1]?.length ?? 0;
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
  return [...known, ...changedTexts(manifest), ...more].map(
    (line) => `${sign} ${line.replace(/[\r\n\u2028\u2029]+/g, ' ')}`,
  );
}

/** What the writer changed, so that values in the file are not those of the source. */
function changedTexts({ format, neutralised, notes }: Manifest): string[] {
  const apostrophes =
    neutralised === 1
      ? '1 text starts like a formula and has an apostrophe in front, which the source does not have'
      : `${neutralised} texts start like a formula and have an apostrophe in front, which the source does not have`;
  return [
    ...(neutralised === 0 ? [] : [`${apostrophes}; --formulas keep writes none`]),
    ...notes.filter((note) => note.startsWith(`${format}: `)),
  ];
}
