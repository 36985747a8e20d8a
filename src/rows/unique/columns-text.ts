// Chosen columns of a batch as COPY text, for both forms of a batch.

import type { Batch, Column, EncodedRows } from '../../core/table.js';
import { encodeRows } from '../encoded-rows.js';

const NEWLINE = 10;

/** Adjacent columns: the indices of the first and the last. */
interface Run {
  readonly first: number;
  readonly last: number;
}

/**
 * A function from a batch to its lines of COPY text with the chosen columns only, in the table's order. Both forms of a
 * batch give the same bytes. The caller must not change them: they may be the batch's own.
 */
export function columnsText(
  columns: readonly Column[],
  isChosen: (column: Column) => boolean,
): (batch: Batch) => Buffer {
  const width = columns.length;
  const chosen = columns.flatMap((column, index) => (isChosen(column) ? [index] : []));
  const isWhole = chosen.length === width;
  const runs = adjacentRuns(chosen);
  return (batch) => {
    if (batch.encoded === undefined) {
      const rows = batch.rows();
      return encodeRows(isWhole ? rows : rows.map((row) => chosen.map((column) => row[column] ?? null)));
    }
    if (isWhole) return batch.encoded.bytes;
    return runs.length === 0
      ? Buffer.alloc(batch.rowCount, NEWLINE)
      : compacted(batch.encoded, batch.rowCount, width, runs);
  };
}

function adjacentRuns(ascending: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const column of ascending) {
    const before = runs.at(-1);
    if (before?.last === column - 1) runs[runs.length - 1] = { first: before.first, last: column };
    else runs.push({ first: column, last: column });
  }
  return runs;
}

/** A copy without the bytes outside of the runs. Adjacent bytes move in one step, also across rows. */
function compacted(
  { bytes, ends }: EncodedRows,
  rowCount: number,
  width: number,
  runs: readonly Run[],
): Buffer {
  const target = Buffer.from(bytes);
  let length = 0;
  let from = 0;
  let to = 0;
  for (let row = 0, cell = 0; row < rowCount; row++, cell += width) {
    for (let each = 0; each < runs.length; each++) {
      const { first, last } = runs[each] as Run;
      const start = cell + first === 0 ? 0 : (ends[cell + first - 1] as number) + 1;
      if (start !== to) {
        target.copyWithin(length, from, to);
        length += to - from;
        from = start;
      }
      to = (ends[cell + last] as number) + 1;
    }
    target[to - 1] = NEWLINE;
  }
  target.copyWithin(length, from, to);
  return target.subarray(0, length + to - from);
}
