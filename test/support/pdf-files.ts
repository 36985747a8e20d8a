// PDF files that the writer makes of rows, for programs that read files.
import { writeFile } from 'node:fs/promises';
import type { Column } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import type { PdfOptions } from '../../src/writers/pdf/options.js';
import { createPdfWriter } from '../../src/writers/pdf/write.js';
import { copyTextBatch, type Rows } from './copy-text.js';

const BATCH_ROWS = 500;

export interface PdfContent {
  readonly columns: readonly Column[];
  readonly rows: Rows;
  readonly options?: PdfOptions;
  readonly about?: About;
}

/** @returns the notes of the writer */
export async function writePdf(
  path: string,
  { columns, rows, options = {}, about = {} }: PdfContent,
): Promise<readonly string[]> {
  async function* batches() {
    for (let at = 0; at < rows.length; at += BATCH_ROWS) yield copyTextBatch(rows.slice(at, at + BATCH_ROWS));
  }
  const writer = await createPdfWriter(options, about);
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  await writeFile(path, Buffer.concat(chunks));
  return writer.notes?.() ?? [];
}
