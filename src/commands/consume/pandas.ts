// Python for pandas to read a published CSV.
import { parseAddress } from '../../destinations/address.js';
import {
  assertDecompresses,
  type CsvFile,
  csvFile,
  momentRemarks,
  momentsOf,
  type PublishedColumn,
  type PublishedFile,
  remarks,
} from './file.js';

/** The lines that read a CSV. @throws ReportError `usage` for a compression that is not gzip */
export function pandasLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  assertDecompresses(file, 'pandas', ['gzip']);
  const { location, manifest, dialect } = file;
  const { columns, rows } = manifest;
  const isRemote = parseAddress(location)?.scheme === 's3';
  const open = openCall(location, manifest.compress);
  const hasMoments = columns.some(({ kind }) => kind === 'date' || kind === 'timestamp');
  const nullText = JSON.stringify(dialect.null);
  return [
    ...remarks('#', published, [
      ...(isRemote ? ['needs: pip install pandas s3fs'] : []),
      ...momentRemarks(file),
    ]),
    ...(isRemote ? ['import fsspec'] : manifest.compress === 'gzip' ? ['import gzip'] : []),
    'import io',
    'import re',
    ...(hasMoments ? ['import warnings'] : []),
    ...(columns.some(({ kind }) => kind === 'decimal') ? ['from decimal import Decimal'] : []),
    'import pandas as pd',
    '',
    `with ${open} as file:`,
    '    text = file.read()',
    `# null is ${dialect.null === '' ? 'nothing' : nullText} outside of quotes; pandas would also read the quoted text as null`,
    `quoted = '"' + ${nullText} + '"'`,
    `mark = "\\ue000"`,
    'while mark in text:',
    `    mark += "\\ue000"`,
    `text = re.sub(r'"(?:[^"]|"")*"', lambda cell: '"' + mark + '"' if cell[0] == quoted else cell[0], text)`,
    'table = pd.read_csv(',
    '    io.StringIO(text, newline=""),',
    `    sep=${JSON.stringify(dialect.delimiter)},`,
    "    quotechar='\"',",
    '    header=0,',
    `    names=[${columns.map(({ name }) => JSON.stringify(name)).join(', ')}],`,
    '    index_col=False,',
    '    dtype="string",',
    '    keep_default_na=False,',
    `    na_values=[${nullText}],`,
    '    skip_blank_lines=False,',
    ')',
    `table = table.replace(mark, ${nullText})`,
    `assert len(table) == ${rows}`,
    ...(hasMoments ? MOMENTS_FUNCTION : []),
    ...columns.flatMap((column) => conversionOf(column, file)),
  ];
}

function openCall(location: string, compress: string | null): string {
  const path = JSON.stringify(location);
  // utf-8-sig skips the byte order mark, which is no part of the first title.
  const text = 'encoding="utf-8-sig", newline=""';
  if (parseAddress(location)?.scheme === 's3')
    return `fsspec.open(${path}, "rt", ${text}${compress === null ? '' : `, compression=${JSON.stringify(compress)}`})`;
  return compress === 'gzip' ? `gzip.open(${path}, "rt", ${text})` : `open(${path}, ${text})`;
}

/**
 * A Python function. With a zone, the column's values are instants in it, else local times. Every value gets a fraction and
 * an offset the minutes, because one format has to fit all.
 */
const MOMENTS_FUNCTION = [
  '',
  'def moments(name, format, zone=None):',
  '    texts = table[name].str.replace(",", ".")',
  '    texts = texts.str.replace(r"^(\\S+ \\d\\d:\\d\\d:\\d\\d)([^.\\d]|$)", r"\\1.0\\2", regex=True)',
  '    texts = texts.str.replace(r"(:[\\d.]+[+-]\\d\\d)$", r"\\1:00", regex=True)',
  '    try:',
  '        found = pd.to_datetime(texts, format=format, utc=zone is not None)',
  '        return found if zone is None else found.dt.tz_convert(zone)',
  '    except ValueError:',
  '        warnings.warn(name + " stays text: pandas cannot hold all of its values, such as infinity or a year BC")',
  '        return table[name]',
  '',
];

function conversionOf(column: PublishedColumn, { manifest, dialect }: CsvFile): string[] {
  const name = JSON.stringify(column.name);
  const cells = `table[${name}]`;
  const day = dialect.brazilianDates ? '%d/%m/%Y' : '%Y-%m-%d';
  const time = '%H:%M:%S.%f';
  switch (column.kind) {
    case 'integer':
      return [
        `${cells} = pd.array([pd.NA if pd.isna(cell) else int(cell) for cell in ${cells}], dtype="Int64")`,
      ];
    case 'decimal': {
      const cell = dialect.decimal === ',' ? 'cell.replace(",", ".")' : 'cell';
      return [
        `${cells} = pd.Series([None if pd.isna(cell) else Decimal(${cell}) for cell in ${cells}], dtype="object", index=table.index)`,
      ];
    }
    case 'boolean':
      return [`${cells} = ${cells}.map({"true": True, "false": False}).astype("boolean")`];
    case 'date':
      return [`${cells} = moments(${name}, "${day}")`];
    case 'timestamp':
      switch (momentsOf(column, dialect)) {
        case 'instant':
          return [`${cells} = moments(${name}, "${day} ${time}%z", ${JSON.stringify(manifest.timezone)})`];
        case 'local':
          return [`${cells} = moments(${name}, "${day} ${time}")`];
        default:
          return [];
      }
    default:
      return [];
  }
}
