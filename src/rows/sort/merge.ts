// Merges sorted runs of rows into one sequence of batches.
import type { Cell } from '../../core/table.js';
import type { Sortable } from './order.js';

const BATCH = 1000;

type Compare = (a: Sortable, b: Sortable) => number;

/** Stable: of equal rows, those of the earlier run come first. Batches have 1,000 rows, the last one fewer; none is empty. */
export async function* merged(
  runs: readonly AsyncGenerator<readonly Sortable[]>[],
  compare: Compare,
): AsyncGenerator<(readonly Cell[])[]> {
  const heads: Head[] = [];
  for (const [rank, rows] of runs.entries()) {
    const head = new Head(rank, rows);
    if (await head.read()) heads.push(head);
  }
  const before = (a: Head, b: Head) => {
    const order = compare(a.row, b.row);
    return order === 0 ? a.rank < b.rank : order < 0;
  };
  for (let index = (heads.length >> 1) - 1; index >= 0; index -= 1) sink(heads, index, before);
  let batch: (readonly Cell[])[] = [];
  for (let least = heads[0]; least !== undefined; least = heads[0]) {
    batch.push(least.row.cells);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
    if (!least.step() && !(await least.read())) {
      const last = heads.pop();
      if (last !== undefined && heads.length > 0) heads[0] = last;
    }
    sink(heads, 0, before);
  }
  if (batch.length > 0) yield batch;
}

/** The first row of a run that was not taken yet. */
class Head {
  readonly rank: number;
  readonly #rows: AsyncGenerator<readonly Sortable[]>;
  #held: readonly Sortable[] = [];
  #index = 0;

  constructor(rank: number, rows: AsyncGenerator<readonly Sortable[]>) {
    this.rank = rank;
    this.#rows = rows;
  }

  get row(): Sortable {
    return this.#held[this.#index] as Sortable;
  }

  /** Moves to the next row in memory; returns false when more must be read. */
  step(): boolean {
    this.#index += 1;
    return this.#index < this.#held.length;
  }

  /** False after the last row. */
  async read(): Promise<boolean> {
    const next = await this.#rows.next();
    this.#held = next.done === true ? [] : next.value;
    this.#index = 0;
    return next.done !== true;
  }
}

/** Restores a binary heap whose entry at `from` may have become too great. */
function sink(heads: Head[], from: number, before: (a: Head, b: Head) => boolean): void {
  let parent = from;
  for (;;) {
    let least = parent;
    for (const child of [2 * parent + 1, 2 * parent + 2]) {
      const [a, b] = [heads[child], heads[least]];
      if (a !== undefined && b !== undefined && before(a, b)) least = child;
    }
    const [above, below] = [heads[parent], heads[least]];
    if (least === parent || above === undefined || below === undefined) return;
    heads[parent] = below;
    heads[least] = above;
    parent = least;
  }
}
