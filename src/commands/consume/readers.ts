// The tools that read published files, and how each of them reads each format.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { Manifest } from '../../publish/documents.js';
import { athenaLines } from './athena.js';
import { duckdbLines } from './duckdb.js';
import type { PublishedFile } from './file.js';
import { pandasLines } from './pandas.js';
import { pandasWorkbookLines } from './pandas-workbook.js';
import { powerQueryLines, powerQueryWorkbookLines } from './powerquery.js';
import { psqlLines } from './psql.js';

interface Reader {
  /** For messages. */
  readonly title: string;
  /** By format: the lines that read the file. They throw ReportError `usage` for a file that the tool cannot read right. */
  readonly formats: Readonly<Record<string, (file: PublishedFile) => string[]>>;
}

/** The words of `--as`: a new reader is one file and one line here, and so is a format that a reader takes. */
const READERS: Readonly<Record<string, Reader>> = {
  duckdb: { title: 'DuckDB', formats: { csv: duckdbLines } },
  pandas: { title: 'pandas', formats: { csv: pandasLines, xlsx: pandasWorkbookLines } },
  psql: { title: 'psql', formats: { csv: psqlLines } },
  powerquery: { title: 'Power Query', formats: { csv: powerQueryLines, xlsx: powerQueryWorkbookLines } },
  athena: { title: 'Athena', formats: { csv: athenaLines } },
};

export const READER_NAMES: readonly string[] = Object.keys(READERS);

/** @throws ReportError `usage` for a reader that does not exist, or that cannot read this file right */
export function consumingLines(word: string, file: PublishedFile): string[] {
  const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined;
  if (reader === undefined) {
    throw new ReportError('usage', `consume: no lines for "${word}"`, {
      hint: `${didYouMean(word, READER_NAMES)}.`,
    });
  }
  const { format, dialect } = file.manifest;
  const lines = Object.hasOwn(reader.formats, format) ? reader.formats[format] : undefined;
  if (lines !== undefined) return lines(file);
  const taken = Object.keys(reader.formats);
  throw new ReportError(
    'usage',
    `consume: there are no lines by which ${reader.title} reads ${format} right`,
    {
      hint: `Take the ${taken.join(' or ')} of the same period, or add one to the outputs of the report${inside(dialect)}.`,
    },
  );
}

/** The end of a hint, for a PDF that carries its rows as a CSV. */
function inside({ attach }: Manifest['dialect']): string {
  const hasCsv = Array.isArray(attach) && attach.includes('csv');
  return hasCsv ? '; this file has one inside, which pdfdetach -saveall (poppler) takes out' : '';
}
