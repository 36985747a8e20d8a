// Batches of both forms as COPY text, so that there is one encoder from rows to a format.

import type { Batch, Cell, EncodedRows } from '../core/table.js';
import { cellEnds, decodeCell } from './encoded-rows.js';

export interface Lines extends EncodedRows {
  readonly rowCount: number;
  /** The text of a cell that is not null. @param cell its index in `ends` */
  textAt(cell: number): string;
}

/** @throws what decoding the batch throws */
export function linesOf(batch: Batch, width: number): Lines {
  const { encoded, rowCount } = batch;
  if (encoded !== undefined) {
    const { bytes, ends } = encoded;
    return {
      bytes,
      ends,
      rowCount,
      textAt: (cell) =>
        decodeCell(
          bytes.toString('utf8', cell === 0 ? 0 : (ends[cell - 1] as number) + 1, ends[cell]),
        ) as string,
    };
  }
  const rows = batch.rows();
  // The bytes have U+FFFD for a lone surrogate, so textAt() takes the text from the rows.
  const bytes = Buffer.from(rows.map((row) => `${row.map(encodeCell).join('\t')}\n`).join(''));
  return {
    bytes,
    ends: cellEnds(bytes),
    rowCount,
    textAt: (cell) => rows[Math.floor(cell / width)]?.[cell % width] as string,
  };
}

/** The characters that COPY text must escape (PostgreSQL manual, COPY, "Text Format"). */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function encodeCell(cell: Cell): string {
  if (cell === null) return '\\N';
  return /[\\\t\n\r]/.test(cell) ? cell.replace(/[\\\t\n\r]/g, (letter) => ESCAPES[letter] ?? '') : cell;
}
