// SQL for DuckDB to read a published CSV (https://duckdb.org/docs/stable/data/csv/overview).

import type { Column } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import { type CsvFile, csvFile, decimalsOf, type PublishedFile, remarks } from './file.js';
import { sqlName, sqlText } from './sql-text.js';

/** The lines that read a CSV. */
export function duckdbLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  const { location, manifest, dialect } = file;
  const { columns, compress, timezone } = manifest;
  const untyped = columns.filter((column) => column.kind === 'decimal' && isUntyped(column, file));
  const options = [
    'auto_detect = false',
    'header = true',
    `delim = ${sqlText(dialect.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `new_line = ${dialect.eol === '\n' ? `'\\n'` : `'\\r\\n'`}`,
    // Null is not quoted; "" is the empty text.
    `nullstr = ${sqlText(dialect.null)}`,
    'allow_quoted_nulls = false',
    `decimal_separator = ${sqlText(dialect.decimal)}`,
    `dateformat = ${dialect.brazilianDates ? `'%d/%m/%Y'` : `'%Y-%m-%d'`}`,
    ...(compress === null ? [] : [`compression = ${sqlText(compress)}`]),
    `columns = {\n${columns.map((column) => `    ${sqlText(column.name)}: ${sqlText(typeOf(column, file))}`).join(',\n')}\n  }`,
  ];
  const casts = columns.flatMap((column) => castOf(column, file) ?? []);
  return [
    ...remarks('--', published, [
      ...untyped.map(
        ({ name }) =>
          `${name}: text, because no total shows how many decimals it has; CAST(${name} AS DECIMAL(38, n)) rounds to n of them, silently`,
      ),
    ]),
    ...(parseAddress(location)?.scheme === 's3'
      ? ['INSTALL httpfs;', 'LOAD httpfs;', 'CREATE SECRET (TYPE s3, PROVIDER credential_chain);']
      : []),
    // DuckDB shows timestamps in this zone, and assumes it for those without an offset.
    ...(columns.some(({ kind }) => kind === 'timestamp') ? [`SET TimeZone = ${sqlText(timezone)};`] : []),
    `SELECT *${casts.length === 0 ? '' : ` REPLACE (\n  ${casts.join(',\n  ')}\n)`}`,
    `FROM read_csv(${sqlText(escapePatterns(location))},`,
    `  ${options.join(',\n  ')}`,
    ');',
  ];
}

/** Escapes `*`, `?` and `[`, which read_csv() takes for a pattern. */
function escapePatterns(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

function isUntyped(column: Column, { manifest }: CsvFile): boolean {
  return decimalsOf(manifest, column) === undefined;
}

function typeOf(column: Column, file: CsvFile): string {
  switch (column.kind) {
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return isUntyped(column, file) ? 'VARCHAR' : `DECIMAL(38, ${decimalsOf(file.manifest, column)})`;
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return file.dialect.brazilianDates ? 'VARCHAR' : 'TIMESTAMPTZ';
    default:
      return 'VARCHAR';
  }
}

/** The cast of a column that read_csv() cannot type, or undefined. */
function castOf({ name, kind }: Column, { dialect }: CsvFile): string | undefined {
  const column = sqlName(name);
  if (kind === 'json') return `CAST(${column} AS JSON) AS ${column}`;
  if (kind !== 'timestamp' || !dialect.brazilianDates) return undefined;
  const formats = `['%d/%m/%Y %H:%M:%S.%f', '%d/%m/%Y %H:%M:%S']`;
  return `CAST(strptime(replace(${column}, ',', '.'), ${formats}) AS TIMESTAMPTZ) AS ${column}`;
}
