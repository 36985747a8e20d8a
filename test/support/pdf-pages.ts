// PDF files for tests of their reader: pages of any content, and the cells in it.
import { deflateSync } from 'node:zlib';
import type { Cell } from '../../src/core/table.js';
import { PdfFile, textString } from '../../src/writers/pdf/objects.js';

/** A string that is drawn (ISO 32000-1, 7.3.4.2), a byte for each character. */
export function drawn(text: string): string {
  const bytes = Buffer.from(text, 'utf16le').swap16().toString('latin1');
  return `(${bytes.replace(/[\\()]/g, '\\$&').replaceAll('\r', '\\r')})`;
}

/** A cell in an array of strings: null is the empty string. The empty text cannot be drawn. */
function element(cell: Cell): string {
  return drawn(cell ?? '');
}

/** A cell whose text stands in its properties, whatever is drawn. */
export function replaced(text: string): string {
  return `/Span <</ActualText ${textString(text)}>> BDC 1 0 0 1 20 30 Tm ${drawn('x')} Tj EMC`;
}

/** Rows with cells as they are drawn, or as texts in properties where they are empty. */
export function rowsSection(rows: readonly (readonly Cell[])[]): string {
  const row = (cells: readonly Cell[]) =>
    cells.some((cell) => cell === '')
      ? cells.map((cell) => (cell === '' ? replaced('') : `${element(cell)} Tj`)).join(' 10 0 Td ')
      : `1 0 0 1 20.5 -700 Tm [${cells.map(element).join('-877.5')}]TJ`;
  return `/RPTC_R BMC\n${rows.map(row).join('\n')}\nEMC\n`;
}

/** A page as the writer begins one: something that is no cell, then the titles. */
export function pageOf(titles: readonly string[], ...sections: readonly string[]): string {
  const decoration = `/Artifact BMC q 0.5 w [3 2] 0 d 10 10 m 200 10 l S Q EMC BT /F2 7 Tf ${drawn('Title')} Tj\n`;
  const header = `/RPTC_H BMC [${titles.map(drawn).join('-500')}]TJ EMC\n`;
  return `${decoration}${header}/F1 7 Tf\n${sections.join('')}ET\n`;
}

/** The content stream of a page. */
export interface PageStream {
  readonly dictionary: string;
  readonly bytes: Buffer;
}

export function pageStream(content: string, page: number): PageStream {
  return {
    dictionary: `/RPTC_Page ${page}/Filter/FlateDecode`,
    bytes: deflateSync(Buffer.from(content, 'latin1')),
  };
}

/** The file with these streams, behind another that is no page. @param times a multiple of that one's length */
export function pdfOf(streams: readonly PageStream[], times = 20): Buffer {
  const file = new PdfFile();
  file.stream(
    '/Type/EmbeddedFile/Subtype/text#2Fcsv/Params<</Size 3/ModDate(D:2024\\(\\))/CheckSum<0F>>>',
    Buffer.from('endstream\nendobj\n'.repeat(times)),
  );
  for (const { dictionary, bytes } of streams) {
    file.stream(dictionary, bytes);
    file.object('<</Type/Page>>');
  }
  const root = file.object('<</Type/Catalog>>');
  const info = file.object('<<>>');
  file.end({ root, info, id: Buffer.alloc(16) });
  return file.take();
}
