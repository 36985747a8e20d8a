// Some columns of a batch as COPY text, whatever form the batch has.

import type { Batch, Column, EncodedRows } from '../../core/table.js';
import { encodeRows } from '../encoded-rows.js';

const NEWLINE = 10;

/** Columns that stand side by side in a row, by their indices. */
interface Run {
  readonly first: number;
  readonly last: number;
}

/**
 * A function that gives the lines of a batch with the chosen columns only, in the order of the table, as PostgreSQL's
 * COPY writes them: the same bytes for both forms of a batch. Nobody may change them.
 */
export function columnsText(
  columns: readonly Column[],
  isChosen: (column: Column) => boolean,
): (batch: Batch) => Buffer {
  const width = columns.length;
  const chosen = columns.flatMap((column, index) => (isChosen(column) ? [index] : []));
  const isWhole = chosen.length === width;
  const runs = sideBySide(chosen);
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

function sideBySide(ascending: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const column of ascending) {
    const before = runs.at(-1);
    if (before?.last === column - 1) runs[runs.length - 1] = { first: before.first, last: column };
    else runs.push({ first: column, last: column });
  }
  return runs;
}

/** A copy in which what is not in the runs is closed up; what is side by side moves in one step, across rows too. */
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
