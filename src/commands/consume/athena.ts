// SQL for Amazon Athena to read a published CSV: a table over the file's folder, and a typed view of the file.

import { ReportError } from '../../core/errors.js';
import { parseAddress } from '../../destinations/address.js';
import {
  assertDecompresses,
  type CsvFile,
  csvFile,
  decimalsOf,
  momentRemarks,
  momentsOf,
  type NamedColumn,
  namedColumns,
  type PublishedFile,
  remarks,
} from './file.js';
import { sqlName, sqlText } from './sql-text.js';

/** @throws ReportError `usage` for a CSV outside of S3, or with a compression that Athena does not have */
export function athenaLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  assertDecompresses(file, 'Athena', ['gzip', 'zstd']);
  const { location, manifest, dialect } = file;
  if (parseAddress(location)?.scheme !== 's3') {
    throw new ReportError('usage', `consume: Athena reads s3:// only, not ${location}`, {
      hint: 'Name the file in its bucket.',
    });
  }
  const { report } = manifest;
  const columns = namedColumns(
    manifest.columns,
    (name) => name,
    (name, suffix) => name.toLowerCase() + suffix,
  );
  const name = report.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const folder = location.slice(0, location.lastIndexOf('/') + 1);
  const properties = [
    [`separatorChar`, dialect.delimiter === '\t' ? '\\t' : dialect.delimiter],
    ['quoteChar', '"'],
    // The default, a backslash, would remove every backslash from the values.
    ['escapeChar', '\\u0001'],
  ].map(([key, value]) => `'${key}' = '${value}'`);
  return [
    ...remarks('--', published, [
      'OpenCSVSerDe reads text only, so the view casts; it takes no line breaks inside of cells,',
      `and ${dialect.null === '' ? 'null and the empty text look the same: both are null in the view' : `null is the text ${dialect.null}, quoted or not`}.`,
      'The table reads the whole folder, manifests too; the view is this file only.',
      ...columns
        .filter(({ column, name }) => name !== column.name.toLowerCase())
        .map(({ column, name }) => `${column.name}: called ${name} here, because names are lower-case`),
      ...momentRemarks(file),
      ...columns
        .filter(({ column }) => column.kind === 'decimal' && decimalsOf(manifest, column) === undefined)
        .map(
          ({ name: column }) =>
            `${column}: text, because no total shows how many decimals it has; CAST(… AS DECIMAL(38, n)) rounds to n of them`,
        ),
    ]),
    `CREATE EXTERNAL TABLE ${name}_as_text (`,
    columns.map(({ name: column }) => `  ${hiveName(column)} string`).join(',\n'),
    ')',
    `ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'`,
    `WITH SERDEPROPERTIES (${properties.join(', ')})`,
    `LOCATION ${sqlText(folder)}`,
    `TBLPROPERTIES ('skip.header.line.count' = '1');`,
    '',
    `CREATE OR REPLACE VIEW ${name} AS`,
    'SELECT',
    columns.map((column) => `  ${typedValue(column, file)} AS ${sqlName(column.name)}`).join(',\n'),
    `FROM ${name}_as_text`,
    `WHERE "$path" = ${sqlText(location)};`,
  ];
}

function hiveName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function typedValue({ column, name }: NamedColumn, { manifest, dialect }: CsvFile): string {
  const cell = `NULLIF(${sqlName(name)}, ${sqlText(dialect.null)})`;
  const point = dialect.decimal === ',' ? `replace(${cell}, ',', '.')` : cell;
  switch (column.kind) {
    case 'integer':
      return `CAST(${cell} AS bigint)`;
    case 'decimal': {
      const decimals = decimalsOf(manifest, column);
      return decimals === undefined ? point : `CAST(${point} AS decimal(38, ${decimals}))`;
    }
    case 'boolean':
      return `CAST(${cell} AS boolean)`;
    case 'date':
      return `CAST(${dialect.brazilianDates ? isoText(cell) : cell} AS date)`;
    case 'timestamp':
      // Athena's timestamps have milliseconds at most.
      switch (momentsOf(column, dialect)) {
        case 'instant':
          return `from_iso8601_timestamp(replace(${cell}, ' ', 'T'))`;
        case 'local':
          return `CAST(${dialect.brazilianDates ? isoText(`replace(${cell}, ',', '.')`) : cell} AS timestamp)`;
        default:
          return cell;
      }
    default:
      return cell;
  }
}

/** `2024-10-05 …` for `05/10/2024 …`. */
function isoText(cell: string): string {
  return `regexp_replace(${cell}, '^(\\d\\d)/(\\d\\d)/(\\d{4})', '$3-$2-$1')`;
}
