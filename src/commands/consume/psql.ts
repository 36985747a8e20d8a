// The psql commands that load a published CSV into a table (PostgreSQL manual: COPY, psql's \copy).
import { ReportError } from '../../core/errors.js';
import { parseAddress } from '../../destinations/address.js';
import {
  type CsvFile,
  csvFile,
  hasInstants,
  momentRemarks,
  momentsOf,
  type NamedColumn,
  namedColumns,
  type PublishedColumn,
  type PublishedFile,
  remarks,
  renamings,
} from './file.js';
import { sqlName, sqlText } from './sql-text.js';

const TYPES = {
  text: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  boolean: 'boolean',
  date: 'date',
  json: 'json',
} as const;
const MOMENTS = { instant: 'timestamptz', local: 'timestamp', text: 'text' } as const;
/** PostgreSQL cuts longer names. */
const MAX_NAME_BYTES = 63;

/** The lines that load a CSV, all of its rows or none. @throws ReportError `usage` for a delimiter that COPY does not take */
export function psqlLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  const { manifest, dialect } = file;
  const { report, timezone, rows } = manifest;
  assertDelimiter(dialect.delimiter);
  const columns = namedColumns(manifest.columns, (name) => name, truncateName);
  const table = sqlName(truncateName(report));
  const isDirect = !dialect.brazilianDates && dialect.decimal === '.';
  const definitions = (type: (column: PublishedColumn) => string) =>
    columns.map(({ column, name }) => `  ${sqlName(name)} ${type(column)}`).join(',\n');
  const typed = (column: PublishedColumn) => typeOf(column, file);
  return [
    ...remarks('--', published, [
      ...renamings(columns, `PostgreSQL cuts names to ${MAX_NAME_BYTES} bytes`),
      ...momentRemarks(file),
    ]),
    'BEGIN;',
    // The zone in which psql shows instants.
    ...(hasInstants(file) ? [`SET timezone = ${sqlText(timezone)};`] : []),
    `CREATE TABLE ${table} (\n${definitions(typed)}\n);`,
    ...(isDirect
      ? [copyLine(table, file)]
      : castingLines(
          table,
          file,
          definitions(() => 'text'),
          columns,
        )),
    `DO ${sqlText(rowCheck(table, rows))};`,
    'COMMIT;',
  ];
}

/** COPY cannot read values such as a decimal comma: load them as text, then cast. */
function castingLines(
  table: string,
  file: CsvFile,
  definitions: string,
  columns: readonly NamedColumn[],
): string[] {
  const asText = table === '"as_text"' ? 'cells_as_text' : 'as_text';
  return [
    `CREATE TEMPORARY TABLE ${asText} (\n${definitions}\n);`,
    copyLine(asText, file),
    ...(file.dialect.brazilianDates ? [`SET LOCAL datestyle = 'ISO, DMY';`] : []),
    `INSERT INTO ${table}\nSELECT\n${columns.map((column) => `  ${typedValue(column, file)}`).join(',\n')}\nFROM ${asText};`,
    `DROP TABLE ${asText};`,
  ];
}

/** psql before 18 stops at a line that is `\.` alone, without an error. */
function rowCheck(table: string, rows: number): string {
  return `BEGIN IF (SELECT count(*) FROM ${table}) <> ${rows} THEN RAISE EXCEPTION 'not the ${rows} rows of the file: nothing is loaded'; END IF; END`;
}

/** @throws ReportError `usage` for a character of more than one byte in UTF-8 */
function assertDelimiter(delimiter: string): void {
  if (Buffer.byteLength(delimiter) === 1) return;
  throw new ReportError(
    'usage',
    `consume: psql takes a delimiter of one byte only, not ${JSON.stringify(delimiter)}`,
    { hint: 'Take the file of another output, or use --as duckdb.' },
  );
}

function typeOf(column: PublishedColumn, { dialect }: CsvFile): string {
  return column.kind === 'timestamp' ? MOMENTS[momentsOf(column, dialect)] : TYPES[column.kind];
}

/** `\copy` must be one line. */
function copyLine(table: string, { location, manifest, dialect }: CsvFile): string {
  const options = [
    'FORMAT csv',
    'HEADER true',
    `DELIMITER ${dialect.delimiter === '\t' ? `E'\\t'` : sqlText(dialect.delimiter)}`,
    `NULL ${sqlText(dialect.null)}`,
    `ENCODING 'UTF8'`,
  ];
  return `\\copy ${table} FROM ${copySource(location, manifest.compress)} WITH (${options.join(', ')})`;
}

/** The file's name, or the shell command that fetches and decompresses it. */
function copySource(location: string, compress: string | null): string {
  const isRemote = parseAddress(location)?.scheme === 's3';
  if (!isRemote && compress === null) return sqlText(location);
  const fetch = isRemote ? [`aws s3 cp ${shellText(location)} -`] : [];
  const unpack = compress === null ? [] : [`${compress} -dc${isRemote ? '' : ` < ${shellText(location)}`}`];
  return `PROGRAM ${sqlText([...fetch, ...unpack].join(' | '))}`;
}

/** `'…'` for a POSIX shell, with quotes escaped. */
function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function typedValue({ column, name }: NamedColumn, file: CsvFile): string {
  const cell = sqlName(name);
  const type = typeOf(column, file);
  if (type === 'text') return cell;
  const { kind } = column;
  const { decimal, brazilianDates } = file.dialect;
  const hasComma = (kind === 'decimal' && decimal === ',') || (kind === 'timestamp' && brazilianDates);
  return hasComma ? `replace(${cell}, ',', '.')::${type}` : `${cell}::${type}`;
}

/** The name with the suffix, cut to what PostgreSQL takes. */
function truncateName(name: string, suffix = ''): string {
  let short = '';
  for (const character of name) {
    if (Buffer.byteLength(short + character + suffix) > MAX_NAME_BYTES) break;
    short += character;
  }
  return short + suffix;
}
