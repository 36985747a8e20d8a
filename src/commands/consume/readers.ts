// The lines that read a published file right, by who is to read it.

import { didYouMean, ReportError } from '../../core/errors.js';
import { athenaLines } from './athena.js';
import { duckdbLines } from './duckdb.js';
import type { PublishedFile } from './file.js';
import { pandasLines } from './pandas.js';
import { powerQueryLines } from './powerquery.js';
import { psqlLines } from './psql.js';

/** The words of `--as`: a new reader is one file and one line here. */
const READERS: Readonly<Record<string, (file: PublishedFile) => string[]>> = {
  duckdb: duckdbLines,
  pandas: pandasLines,
  psql: psqlLines,
  powerquery: powerQueryLines,
  athena: athenaLines,
};

export const READER_NAMES: readonly string[] = Object.keys(READERS);

/** @throws ReportError `usage` for a reader that there is not, or that cannot read this file right */
export function consumingLines(reader: string, file: PublishedFile): string[] {
  const lines = Object.hasOwn(READERS, reader) ? READERS[reader] : undefined;
  if (lines !== undefined) return lines(file);
  throw new ReportError('usage', `consume: no lines for "${reader}"`, {
    hint: `${didYouMean(reader, READER_NAMES)}.`,
  });
}
