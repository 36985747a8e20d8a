// Batches for tests, as cells and as COPY text.

import type { Batch, Cell } from '../../src/core/table.js';
import { CopyText, cellEnds, encodeRows } from '../../src/rows/encoded-rows.js';

export type Rows = readonly (readonly Cell[])[];

export function cellBatch(rows: Rows): Batch {
  return { rowCount: rows.length, rows: () => rows };
}

export function copyTextBatch(rows: Rows): Batch {
  const bytes = encodeRows(rows);
  return new CopyText({ bytes, ends: cellEnds(bytes) }, rows[0]?.length ?? 1);
}

export const BATCH_FORMS = { cells: cellBatch, 'COPY text': copyTextBatch } as const;
