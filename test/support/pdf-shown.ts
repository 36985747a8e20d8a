// What the pages of a PDF show, for tests: the strings that each draws, in their order.
import { inflateSync } from 'node:zlib';
import type { Cell, Column } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import type { PdfOptions } from '../../src/writers/pdf/options.js';
import { createPdfWriter } from '../../src/writers/pdf/write.js';
import { cellBatch } from './copy-text.js';

/** A string that a page draws. */
export interface Shown {
  readonly text: string;
  /** The operators between it and the string before, which place and colour it. */
  readonly before: string;
}

/** The pages of these rows, without those of the index. */
export async function shownPages(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: PdfOptions,
  about: About = {},
): Promise<Shown[][]> {
  const writer = await createPdfWriter(options, about);
  async function* batches() {
    if (rows.length > 0) yield cellBatch(rows);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  const file = Buffer.concat(chunks).toString('latin1');
  return [...file.matchAll(/\/RPTC_Page \d+[^>]*\/Length (\d+)>>stream\n/g)].map((match) => {
    const start = match.index + match[0].length;
    const bytes = Buffer.from(file.slice(start, start + Number(match[1])), 'latin1');
    return stringsOf(inflateSync(bytes).toString('latin1'));
  });
}

/** Literal strings of UTF-16BE that are drawn (ISO 32000-1, 7.3.4.2). */
function stringsOf(content: string): Shown[] {
  let end = 0;
  return [...content.matchAll(/\(((?:\\[\s\S]|[^\\()])*)\)(?=Tj|\]TJ|[-(\d])/g)].map((match) => {
    const before = content.slice(end, match.index);
    end = match.index + match[0].length;
    const bytes = (match[1] as string).replace(/\\([\s\S])/g, (_, byte) => (byte === 'r' ? '\r' : byte));
    return { text: Buffer.from(bytes, 'latin1').swap16().toString('utf16le'), before };
  });
}
