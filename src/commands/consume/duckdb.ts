// SQL for DuckDB to read a published CSV (https://duckdb.org/docs/stable/data/csv/overview).
import { ReportError } from '../../core/errors.js';
import { parseAddress } from '../../destinations/address.js';
import {
  type CsvFile,
  csvFile,
  decimalsOf,
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

const MOMENTS = { instant: 'TIMESTAMPTZ', local: 'TIMESTAMP', text: undefined } as const;

/** The lines that read a CSV. @throws ReportError `usage` for a header that DuckDB does not read right */
export function duckdbLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  const { location, manifest, dialect } = file;
  const { compress, timezone } = manifest;
  assertHeader(file);
  const columns = namedColumns(manifest.columns, (name) => name.toLowerCase());
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
    ...(compress === null ? [] : [`compression = ${sqlText(compress)}`]),
    `columns = {\n${columns.map(({ column, name }) => `    ${sqlText(name)}: ${sqlText(typeOf(column, file))}`).join(',\n')}\n  }`,
  ];
  const casts = columns.flatMap((column) => castOf(column, file) ?? []);
  return [
    ...remarks('--', published, [
      ...renamings(columns, 'DuckDB does not tell A from a in names'),
      ...momentRemarks(file),
      ...columns
        .filter(({ column }) => column.kind === 'decimal' && isUntyped(column, file))
        .map(
          ({ name }) =>
            `${name}: text, because no total shows how many decimals it has; CAST(${sqlName(name)} AS DECIMAL(38, n)) rounds to n of them, silently`,
        ),
    ]),
    ...(parseAddress(location)?.scheme === 's3'
      ? ['INSTALL httpfs;', 'LOAD httpfs;', 'CREATE SECRET (TYPE s3, PROVIDER credential_chain);']
      : []),
    // The zone in which DuckDB shows instants.
    ...(hasInstants(file) ? [`SET TimeZone = ${sqlText(timezone)};`] : []),
    `SELECT *${casts.length === 0 ? '' : ` REPLACE (\n  ${casts.join(',\n  ')}\n)`}`,
    `FROM read_csv(${sqlText(escapePatterns(location))},`,
    `  ${options.join(',\n  ')}`,
    ');',
  ];
}

/**
 * DuckDB (1.1 and 2.0 were tried) takes a quote behind the byte order mark for a part of the title, and may then read no row.
 * @throws ReportError `usage` where that matters
 */
function assertHeader({ manifest, dialect }: CsvFile): void {
  const [{ name = '', title = name } = {}] = manifest.columns;
  if (!dialect.bom || !/["\r\n]/.test(title)) return;
  throw new ReportError(
    'usage',
    `consume: DuckDB does not read a file that has a byte order mark and a quote or line break in its first title, ${JSON.stringify(title)}`,
    { hint: 'Give the column another title, or take the file of an output without bom.' },
  );
}

/** Escapes `*`, `?` and `[`, which read_csv() takes for a pattern. */
function escapePatterns(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

function isUntyped(column: PublishedColumn, { manifest }: CsvFile): boolean {
  return decimalsOf(manifest, column) === undefined;
}

/** The type that read_csv() reads: of dates and timestamps it does not know infinity and years BC as PostgreSQL spells them. */
function typeOf(column: PublishedColumn, file: CsvFile): string {
  switch (column.kind) {
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return isUntyped(column, file) ? 'VARCHAR' : `DECIMAL(38, ${decimalsOf(file.manifest, column)})`;
    case 'boolean':
      return 'BOOLEAN';
    default:
      return 'VARCHAR';
  }
}

/** The cast of a column that read_csv() cannot type, or undefined. */
function castOf({ column, name }: NamedColumn, { dialect }: CsvFile): string | undefined {
  const cell = sqlName(name);
  const cast = (type: string, text: string) => `CAST(${text} AS ${type}) AS ${cell}`;
  switch (column.kind) {
    case 'json':
      return cast('JSON', cell);
    case 'date':
      return cast('DATE', isoText(cell, dialect));
    case 'timestamp': {
      const type = MOMENTS[momentsOf(column, dialect)];
      return type && cast(type, isoText(cell, dialect));
    }
    default:
      return undefined;
  }
}

/** A date or timestamp as DuckDB reads it: `0044-03-15 (BC) 12:00:00` for `0044-03-15 12:00:00 BC`. */
function isoText(cell: string, { brazilianDates }: CsvFile['dialect']): string {
  const replaced = (text: string, pattern: string, by: string) =>
    `regexp_replace(${text}, ${sqlText(pattern)}, ${sqlText(by)})`;
  const era = (text: string) => replaced(text, '^(\\d+-\\d\\d-\\d\\d)(.*) BC$', '\\1 (BC)\\2');
  if (!brazilianDates) return era(cell);
  const iso = replaced(`replace(${cell}, ',', '.')`, '^(\\d\\d)/(\\d\\d)/(\\d{4})', '\\3-\\2-\\1');
  // Only a date that this dialect does not spell, such as one BC, has its offset.
  return era(replaced(iso, '(:[\\d.]+)[+-][\\d:]+', '\\1'));
}
