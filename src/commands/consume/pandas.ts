// Python for pandas to read a published CSV or workbook.

import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import { assertDecompresses, type CsvFile, csvFile, type PublishedFile, remarks } from './file.js';

/** The lines that read a CSV. @throws ReportError `usage` for a compression that is not gzip */
export function pandasLines(published: PublishedFile): string[] {
  const file = csvFile(published);
  assertDecompresses(file, 'pandas', ['gzip']);
  const { location, manifest, dialect } = file;
  const { columns } = manifest;
  const isRemote = parseAddress(location)?.scheme === 's3';
  const open = openCall(location, manifest.compress);
  const kinds = new Set(columns.map(({ kind }) => kind));
  const nullText = JSON.stringify(dialect.null);
  return [
    ...remarks('#', published, [...(isRemote ? ['needs: pip install pandas s3fs'] : [])]),
    ...(isRemote ? ['import fsspec'] : manifest.compress === 'gzip' ? ['import gzip'] : []),
    'import io',
    'import re',
    ...(kinds.has('decimal') ? ['from decimal import Decimal'] : []),
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
    ...momentsFunction(file),
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

/** A Python function: timestamps with an offset become instants in the report's zone, timestamps without one stay local. */
function momentsFunction({ manifest, dialect }: CsvFile): string[] {
  if (dialect.brazilianDates || !manifest.columns.some(({ kind }) => kind === 'timestamp')) return [];
  return [
    '',
    'def moments(texts):',
    '    if texts.str.contains(r":\\d\\d(?:\\.\\d+)?[+-]\\d\\d").any():',
    `        return pd.to_datetime(texts, format="ISO8601", utc=True).dt.tz_convert(${JSON.stringify(manifest.timezone)})`,
    '    return pd.to_datetime(texts, format="ISO8601")',
    '',
  ];
}

function conversionOf({ name, kind }: Column, { manifest, dialect }: CsvFile): string[] {
  const column = `table[${JSON.stringify(name)}]`;
  const brazilian = dialect.brazilianDates;
  switch (kind) {
    case 'integer':
      return [
        `${column} = pd.array([pd.NA if pd.isna(cell) else int(cell) for cell in ${column}], dtype="Int64")`,
      ];
    case 'decimal': {
      const cell = dialect.decimal === ',' ? 'cell.replace(",", ".")' : 'cell';
      return [
        `${column} = pd.Series([None if pd.isna(cell) else Decimal(${cell}) for cell in ${column}], dtype="object", index=table.index)`,
      ];
    }
    case 'boolean':
      return [`${column} = ${column}.map({"true": True, "false": False}).astype("boolean")`];
    case 'date':
      return [`${column} = pd.to_datetime(${column}, format=${brazilian ? '"%d/%m/%Y"' : '"%Y-%m-%d"'})`];
    case 'timestamp':
      return brazilian
        ? [
            `iso = ${column}.str.replace(r"^(\\d\\d)/(\\d\\d)/(\\d{4})", r"\\3-\\2-\\1", regex=True).str.replace(",", ".")`,
            `${column} = pd.to_datetime(iso, format="ISO8601").dt.tz_localize(${JSON.stringify(manifest.timezone)})`,
          ]
        : [`${column} = moments(${column})`];
    default:
      return [];
  }
}

/** The lines that read a workbook. @throws ReportError `usage` for a template, whose first row is not known */
export function pandasWorkbookLines(published: PublishedFile): string[] {
  const { location, manifest } = published;
  const { columns, dialect } = manifest;
  if (dialect.template !== undefined) {
    throw new ReportError(
      'usage',
      'consume: in a workbook made from a template, the row where the data begins is not known',
      {
        hint: 'Take the CSV of the same period, or add one to the outputs of the report.',
      },
    );
  }
  const texts = columns.flatMap(({ name, title, kind }) =>
    kind === 'text' || kind === 'json' ? [`${JSON.stringify(title ?? name)}: str`] : [],
  );
  return [
    ...remarks('#', published, [
      'needs: pip install pandas openpyxl',
      'Excel keeps 15 digits of a number, and null and the empty text look the same: the CSV is exact',
    ]),
    'import pandas as pd',
    '',
    'table = pd.read_excel(',
    `    ${JSON.stringify(location)},`,
    `    sheet_name=${JSON.stringify(String(dialect.sheet ?? 'Dados'))},`,
    `    dtype={${texts.join(', ')}},`,
    '    keep_default_na=False,',
    '    na_values=[""],',
    ')',
  ];
}
