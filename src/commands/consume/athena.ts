// SQL for Amazon Athena to read a published CSV: a table over the file's folder, and a typed view of the file.

import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import {
  assertDecompresses,
  type CsvFile,
  csvFile,
  decimalsOf,
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
  const { columns, report } = manifest;
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
        .filter((column) => column.kind === 'decimal' && decimalsOf(manifest, column) === undefined)
        .map(
          (column) =>
            `${column.name}: text, because no total shows how many decimals it has; CAST(… AS DECIMAL(38, n)) rounds to n of them`,
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
    columns
      .map((column) => `  ${typedValue(column, file)} AS ${sqlName(column.name.toLowerCase())}`)
      .join(',\n'),
    `FROM ${name}_as_text`,
    `WHERE "$path" = ${sqlText(location)};`,
  ];
}

function hiveName(name: string): string {
  return `\`${name.toLowerCase().replaceAll('`', '``')}\``;
}

function typedValue(column: Column, { manifest, dialect }: CsvFile): string {
  const cell = `NULLIF(${sqlName(column.name.toLowerCase())}, ${sqlText(dialect.null)})`;
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
      return dialect.brazilianDates
        ? `CAST(date_parse(${cell}, '%d/%m/%Y') AS date)`
        : `CAST(${cell} AS date)`;
    case 'timestamp':
      // Athena's timestamps have milliseconds at most.
      return dialect.brazilianDates
        ? `with_timezone(date_parse(substr(${cell}, 1, 19), '%d/%m/%Y %H:%i:%s'), ${sqlText(manifest.timezone)})`
        : `from_iso8601_timestamp(replace(${cell}, ' ', 'T'))`;
    default:
      return cell;
  }
}
