// The psql commands that load a published CSV into a table (PostgreSQL manual: COPY, psql's \copy).

import type { Column } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import { type CsvFile, csvFile, type PublishedFile, remarks } from './file.js';
import { sqlName, sqlText } from './sql-text.js';

const TYPES = {
  text: 'text',
  integer: 'bigint',
  decimal: 'numeric',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  json: 'json',
} as const;
/** PostgreSQL cuts longer names. */
const MAX_NAME_BYTES = 63;

/** The lines that load a CSV. */
export function psqlLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  const { manifest, dialect } = file;
  const { columns, report, timezone } = manifest;
  const table = sqlName(truncateName(report));
  const isDirect = !dialect.brazilianDates && dialect.decimal === '.';
  const definitions = (type: (column: Column) => string) =>
    columns.map((column) => `  ${sqlName(column.name)} ${type(column)}`).join(',\n');
  const head = [
    ...remarks('--', published, []),
    // The zone of timestamps without an offset.
    `SET timezone = ${sqlText(timezone)};`,
    `CREATE TABLE ${table} (\n${definitions(({ kind }) => TYPES[kind])}\n);`,
  ];
  if (isDirect) return [...head, copyLine(table, file)];
  // COPY cannot read values such as a decimal comma: load them as text, then cast.
  const values = columns.map((column) => `  ${typedValue(column, file)}`).join(',\n');
  return [
    ...head,
    `CREATE TEMPORARY TABLE as_text (\n${definitions(() => 'text')}\n);`,
    copyLine('as_text', file),
    ...(dialect.brazilianDates ? [`SET datestyle = 'ISO, DMY';`] : []),
    `INSERT INTO ${table}\nSELECT\n${values}\nFROM as_text;`,
    'DROP TABLE as_text;',
  ];
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

function typedValue({ name, kind }: Column, { dialect }: CsvFile): string {
  const column = sqlName(name);
  if (kind === 'text') return column;
  const hasComma =
    (kind === 'decimal' && dialect.decimal === ',') || (kind === 'timestamp' && dialect.brazilianDates);
  return hasComma ? `replace(${column}, ',', '.')::${TYPES[kind]}` : `${column}::${TYPES[kind]}`;
}

function truncateName(name: string): string {
  let short = '';
  for (const character of name) {
    if (Buffer.byteLength(short + character) > MAX_NAME_BYTES) break;
    short += character;
  }
  return short;
}
