// M code for Power Query (Excel, Power BI) to read a published CSV or workbook.

import type { Kind } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import {
  assertDecompresses,
  csvFile,
  momentRemarks,
  momentsOf,
  type NamedColumn,
  namedColumns,
  type PublishedFile,
  remarks,
  renamings,
} from './file.js';
import { dataSheets, workbookRemarks } from './workbook.js';

const TYPES: Readonly<Record<Exclude<Kind, 'timestamp'>, string>> = {
  text: 'type text',
  integer: 'Int64.Type',
  decimal: 'type number',
  boolean: 'type logical',
  date: 'type date',
  json: 'type text',
};
const MOMENTS = { instant: 'type datetimezone', local: 'type datetime', text: 'type text' } as const;

/** The lines that read a CSV. @throws ReportError `usage` for a compression that is not gzip */
export function powerQueryLines(published: PublishedFile): string[] {
  assertDecompresses(published, 'Power Query', ['gzip']);
  const file = csvFile(published);
  const { dialect, manifest } = file;
  const { compress } = manifest;
  const columns = columnsOf(file);
  const contents = fileContents(published);
  const origin = compress === null ? contents : `Binary.Decompress(${contents}, Compression.GZip)`;
  const stamps = columns.filter(({ column }) => column.kind === 'timestamp');
  const typed = columns.map(({ column, name }) => {
    const type = column.kind === 'timestamp' ? MOMENTS[momentsOf(column, dialect)] : TYPES[column.kind];
    return `{${text(name)}, ${type}}`;
  });
  // The culture decides how decimals are read; every culture reads ISO dates.
  const culture = dialect.decimal === ',' ? 'pt-BR' : 'en-US';
  return [
    ...remarks('//', published, [
      ...generalRemarks(published),
      ...renamings(columns, RENAMED_BECAUSE),
      ...momentRemarks(file),
      ...(dialect.null === '' ? ['null and the empty text look the same here: both become null'] : []),
    ]),
    'let',
    `    File = Csv.Document(${origin}, [Delimiter = ${text(dialect.delimiter)}, Columns = ${columns.length}, Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),`,
    '    Rows = Table.Skip(File, 1),',
    `    Named = ${renamed('Rows', columns)},`,
    `    Nulls = Table.ReplaceValue(Named, ${text(dialect.null)}, null, Replacer.ReplaceValue, {${texts(columns)}}),`,
    ...(dialect.brazilianDates && stamps.length > 0
      ? [
          `    Points = Table.TransformColumns(Nulls, List.Transform({${texts(stamps)}}, each {_, (cell) => if cell = null then null else Text.Replace(cell, ",", ".")})),`,
        ]
      : ['    Points = Nulls,']),
    `    Typed = Table.TransformColumnTypes(Points, {${typed.join(', ')}}, ${text(culture)})`,
    'in',
    '    Typed',
  ];
}

/** The lines that read a workbook. @throws ReportError `usage` for a template, whose first row is not known */
export function powerQueryWorkbookLines(published: PublishedFile): string[] {
  const columns = columnsOf(published);
  const typed = columns.map(({ column, name }) => {
    return `{${text(name)}, ${column.kind === 'timestamp' ? MOMENTS.local : TYPES[column.kind]}}`;
  });
  const sheets = dataSheets(published).map(
    (name) => `Table.Skip(Book{[Item = ${text(name)}, Kind = "Sheet"]}[Data], 1)`,
  );
  return [
    ...remarks('//', published, [
      ...generalRemarks(published),
      ...renamings(columns, RENAMED_BECAUSE),
      ...workbookRemarks(published),
    ]),
    'let',
    `    Book = Excel.Workbook(${fileContents(published)}, null, true),`,
    `    Rows = Table.Combine({${sheets.join(', ')}}),`,
    `    Named = ${renamed('Rows', columns)},`,
    `    Typed = Table.TransformColumnTypes(Named, {${typed.join(', ')}}, "en-US")`,
    'in',
    '    Typed',
  ];
}

const RENAMED_BECAUSE = 'Excel and Power BI do not tell A from a in names';

function columnsOf({ manifest }: PublishedFile): NamedColumn[] {
  return namedColumns(manifest.columns, (name) => name.toLowerCase());
}

/** The table of the step with the names of the columns in place of those that Power Query gave. */
function renamed(step: string, columns: readonly NamedColumn[]): string {
  return `Table.RenameColumns(${step}, List.Zip({Table.ColumnNames(${step}), {${texts(columns)}}}))`;
}

function texts(columns: readonly NamedColumn[]): string {
  return columns.map(({ name }) => text(name)).join(', ');
}

function isRemote({ location }: PublishedFile): boolean {
  return parseAddress(location)?.scheme === 's3';
}

function generalRemarks(published: PublishedFile): string[] {
  return [
    'a decimal is a number with 15 digits here; where that is too few, give its column type text',
    ...(isRemote(published)
      ? ['Power Query cannot read S3: download the file, and put its path in place of the path below']
      : []),
  ];
}

function fileContents(published: PublishedFile): string {
  const { location } = published;
  const path = isRemote(published) ? `C:\\${location.slice(location.lastIndexOf('/') + 1)}` : location;
  return `File.Contents(${text(path)})`;
}

/** A text literal of M: quotes are doubled, control characters and `#(` are escaped. */
function text(value: string): string {
  const escaped = value.replaceAll('#(', '#(#)(').replaceAll('"', '""');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape
  return `"${escaped.replace(/[\x00-\x1f]/g, (unit) => `#(${unit.charCodeAt(0).toString(16).padStart(4, '0')})`)}"`;
}
