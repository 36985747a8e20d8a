// Batches for tests, as cells and as COPY text.
import { CopyText, cellEnds, encodeRows } from '../../src/copy-text.js';
import type { Batch, Cell } from '../../src/table.js';

export type Rows = readonly (readonly Cell[])[];

export function cellBatch(rows: Rows): Batch {
  return { rowCount: rows.length, rows: () => rows };
}

export function copyTextBatch(rows: Rows): Batch {
  const bytes = encodeRows(rows);
  return new CopyText({ bytes, ends: cellEnds(bytes) }, rows[0]?.length ?? 1);
}

export const BATCH_FORMS = { cells: cellBatch, 'COPY text': copyTextBatch } as const;
