// The M by which Power Query (Excel, Power BI) reads a published CSV or workbook.

import type { Column, Kind } from '../../core/table.js';
import { parseAddress } from '../../destinations/address.js';
import { csvFile, type PublishedFile, refuseCompression, remarks } from './file.js';

const TYPES: Readonly<Record<Kind, string>> = {
  text: 'type text',
  integer: 'Int64.Type',
  decimal: 'type number',
  boolean: 'type logical',
  date: 'type date',
  timestamp: 'type datetimezone',
  json: 'type text',
};

/** @throws ReportError `usage` for a compression that Power Query does not have */
export function powerQueryLines(published: PublishedFile): string[] {
  const { location, manifest } = published;
  const isRemote = parseAddress(location)?.scheme === 's3';
  const more = [
    'a decimal is a number with 15 digits here; where that is too few, give its column type text',
    ...(isRemote ? ['Power Query has no S3: download the file, and give its path below'] : []),
  ];
  const path = isRemote ? `C:\\${location.slice(location.lastIndexOf('/') + 1)}` : location;
  const contents = `File.Contents(${text(path)})`;
  if (manifest.format === 'xlsx') return workbookLines(published, contents, more);
  refuseCompression(published, 'Power Query', ['gzip']);
  const { dialect } = csvFile(published, 'Power Query');
  const { columns, compress } = manifest;
  const origin = compress === null ? contents : `Binary.Decompress(${contents}, Compression.GZip)`;
  const named = columns.map(({ name }) => text(name));
  const stamps = columns.filter(({ kind }) => kind === 'timestamp').map(({ name }) => text(name));
  const typed = columns.map(
    (column) =>
      `{${text(column.name)}, ${dialect.brazilianDates ? brazilianType(column) : TYPES[column.kind]}}`,
  );
  // The culture has to read the decimals; where dates are ISO every culture does.
  const culture = dialect.decimal === ',' ? 'pt-BR' : 'en-US';
  return [
    ...remarks('//', published, [
      ...more,
      ...(dialect.null === '' ? ['null and the empty text cannot be told apart here: both are null'] : []),
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

/** Their offset is not in the file. */
function brazilianType({ kind }: Column): string {
  return kind === 'timestamp' ? 'type datetime' : TYPES[kind];
}

function workbookLines(published: PublishedFile, contents: string, more: readonly string[]): string[] {
  const { columns, dialect } = published.manifest;
  const typed = columns.map(({ name, title, kind }) => {
    const type = kind === 'timestamp' ? 'type datetime' : TYPES[kind];
    return `{${text(title ?? name)}, ${type}}`;
  });
  const sheet = text(String(dialect.sheet ?? 'Dados'));
  return [
    ...remarks('//', published, more),
    'let',
    `    Book = Excel.Workbook(${contents}, null, true),`,
    `    Rows = Book{[Item = ${sheet}, Kind = "Sheet"]}[Data],`,
    '    Titled = Table.PromoteHeaders(Rows, [PromoteAllScalars = true]),',
    `    Typed = Table.TransformColumnTypes(Titled, {${typed.join(', ')}}, "en-US")`,
    'in',
    '    Typed',
  ];
}

/** A text literal of M: quotes are doubled, control characters and `#(` are escaped. */
function text(value: string): string {
  const escaped = value.replaceAll('#(', '#(#)(').replaceAll('"', '""');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape
  return `"${escaped.replace(/[\x00-\x1f]/g, (unit) => `#(${unit.charCodeAt(0).toString(16).padStart(4, '0')})`)}"`;
}
