// M code for Power Query (Excel, Power BI) to read a published CSV or workbook.

import type { Column, Kind } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import { assertDecompresses, csvFile, type PublishedFile, remarks } from './file.js';

const TYPES: Readonly<Record<Kind, string>> = {
  text: 'type text',
  integer: 'Int64.Type',
  decimal: 'type number',
  boolean: 'type logical',
  date: 'type date',
  timestamp: 'type datetimezone',
  json: 'type text',
};

/** The lines that read a CSV. @throws ReportError `usage` for a compression that is not gzip */
export function powerQueryLines(published: PublishedFile): string[] {
  assertDecompresses(published, 'Power Query', ['gzip']);
  const { dialect, manifest } = csvFile(published);
  const { columns, compress } = manifest;
  const contents = fileContents(published);
  const origin = compress === null ? contents : `Binary.Decompress(${contents}, Compression.GZip)`;
  const named = columns.map(({ name }) => text(name));
  const stamps = columns.filter(({ kind }) => kind === 'timestamp').map(({ name }) => text(name));
  const typed = columns.map(
    (column) =>
      `{${text(column.name)}, ${dialect.brazilianDates ? brazilianType(column) : TYPES[column.kind]}}`,
  );
  // The culture decides how decimals are read; every culture reads ISO dates.
  const culture = dialect.decimal === ',' ? 'pt-BR' : 'en-US';
  return [
    ...remarks('//', published, [
      ...generalRemarks(published),
      ...(dialect.null === '' ? ['null and the empty text look the same here: both become null'] : []),
    ]),
    'let',
    `    File = Csv.Document(${origin}, [Delimiter = ${text(dialect.delimiter)}, Columns = ${columns.length}, Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),`,
    '    Rows = Table.Skip(File, 1),',
    `    Named = Table.RenameColumns(Rows, List.Zip({Table.ColumnNames(Rows), {${named.join(', ')}}})),`,
    `    Nulls = Table.ReplaceValue(Named, ${text(dialect.null)}, null, Replacer.ReplaceValue, {${named.join(', ')}}),`,
    ...(dialect.brazilianDates && stamps.length > 0
      ? [
          `    Points = Table.TransformColumns(Nulls, List.Transform({${stamps.join(', ')}}, each {_, (cell) => if cell = null then null else Text.Replace(cell, ",", ".")})),`,
        ]
      : ['    Points = Nulls,']),
    `    Typed = Table.TransformColumnTypes(Points, {${typed.join(', ')}}, ${text(culture)})`,
    'in',
    '    Typed',
  ];
}

/** In this dialect timestamps have no offset. */
function brazilianType({ kind }: Column): string {
  return kind === 'timestamp' ? 'type datetime' : TYPES[kind];
}

/** The lines that read a workbook. */
export function powerQueryWorkbookLines(published: PublishedFile): string[] {
  const { columns, dialect } = published.manifest;
  const typed = columns.map(({ name, title, kind }) => {
    const type = kind === 'timestamp' ? 'type datetime' : TYPES[kind];
    return `{${text(title ?? name)}, ${type}}`;
  });
  const sheet = text(String(dialect.sheet ?? 'Dados'));
  return [
    ...remarks('//', published, generalRemarks(published)),
    'let',
    `    Book = Excel.Workbook(${fileContents(published)}, null, true),`,
    `    Rows = Book{[Item = ${sheet}, Kind = "Sheet"]}[Data],`,
    '    Titled = Table.PromoteHeaders(Rows, [PromoteAllScalars = true]),',
    `    Typed = Table.TransformColumnTypes(Titled, {${typed.join(', ')}}, "en-US")`,
    'in',
    '    Typed',
  ];
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
