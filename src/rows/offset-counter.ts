// Tells of each timestamp column whether its values have an offset from UTC, by what the sources declare or by the values.
import type { Batch, Cell, Column, EncodedRows, Offset } from '../core/table.js';
import { cellStart } from './encoded-rows.js';

/** The offset with the era behind it, and the end of a time of day without an offset. */
const WITH_OFFSET = /:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d){0,2}(?: BC)?$/;
const WITHOUT_OFFSET = /:\d\d(?:\.\d+)?(?: BC)?$/;

/** Bits: what was seen in a column. */
const NOTHING = 0;
const SEEN_WITH = 1;
const SEEN_WITHOUT = 2;
const SEEN_BOTH = SEEN_WITH | SEEN_WITHOUT;
const NAMES: readonly (Offset | undefined)[] = [undefined, 'always', 'never', 'sometimes'];

/** Canonical timestamps only. `infinity` has no offset in any type, and tells nothing. */
export class OffsetCounter {
  readonly #width: number;
  readonly #columns: { readonly name: string; readonly index: number; isOpen: boolean; seen: number }[];

  /** @param declared what each source says of its columns; see Prepared */
  constructor(
    columns: readonly Column[],
    declared: readonly (Readonly<Record<string, Offset>> | undefined)[],
  ) {
    this.#width = columns.length;
    this.#columns = columns.flatMap(({ name, kind }, index) => {
      if (kind !== 'timestamp') return [];
      const offsets = declared.map((source) => source?.[name]);
      const seen = offsets.reduce((all, offset) => all | NAMES.indexOf(offset), NOTHING);
      return [{ name, index, isOpen: offsets.includes(undefined), seen }];
    });
  }

  add(batch: Batch): void {
    for (const column of this.#columns) {
      if (!column.isOpen) continue;
      column.seen |=
        batch.encoded === undefined
          ? seenInCells(batch.rows(), column.index)
          : seenInLines(batch.encoded, column.index, this.#width);
      column.isOpen = column.seen !== SEEN_BOTH;
    }
  }

  /** By the column's name; without those of which nothing is known. */
  offsets(): Record<string, Offset> {
    return Object.fromEntries(
      this.#columns.flatMap(({ name, seen }) => {
        const offset = NAMES[seen];
        return offset === undefined ? [] : [[name, offset] as const];
      }),
    );
  }
}

function seenInCells(rows: readonly (readonly Cell[])[], index: number): number {
  return rows.reduce((seen, row) => seen | seenIn(row[index] ?? ''), NOTHING);
}

function seenInLines({ bytes, ends }: EncodedRows, index: number, width: number): number {
  let seen = NOTHING;
  for (let cell = index; cell < ends.length; cell += width) {
    const start = cellStart(ends, cell);
    seen |= seenIn(bytes.toString('latin1', start, ends[cell] as number));
  }
  return seen;
}

function seenIn(timestamp: string): number {
  if (WITH_OFFSET.test(timestamp)) return SEEN_WITH;
  return WITHOUT_OFFSET.test(timestamp) ? SEEN_WITHOUT : NOTHING;
}
