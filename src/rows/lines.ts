// Batches of both forms as COPY text, so that there is one encoder from rows to a format.

import type { Batch, EncodedRows } from '../core/table.js';
import { cellEnds, cellStart, decodeCell, encodeRows } from './encoded-rows.js';

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
      textAt: (cell) => decodeCell(bytes.toString('utf8', cellStart(ends, cell), ends[cell])) as string,
    };
  }
  const rows = batch.rows();
  // The bytes have U+FFFD for a lone surrogate, so textAt() takes the text from the rows.
  const bytes = encodeRows(rows);
  return {
    bytes,
    ends: cellEnds(bytes),
    rowCount,
    textAt: (cell) => rows[Math.floor(cell / width)]?.[cell % width] as string,
  };
}
