// A merge join of two sequences of rows in the order of their key: pairs with the same key, and rows of one side only.
import { ReportError } from '../../core/errors.js';
import { type Cell, isNumeric } from '../../core/table.js';
import { comparison, type Sortable, type SortKey, sortable } from '../../rows/sort/order.js';
import type { Layout } from './layout.js';

type Rows = readonly (readonly Cell[])[];

/** The rows of a side are not in the order of the key, and must be sorted first. */
export class OutOfOrder extends Error {}

export interface Pair {
  readonly before: readonly Cell[] | undefined;
  readonly after: readonly Cell[] | undefined;
}

/** Pairs in a batch. */
const BATCH = 1000;

/** Numbers compare by value, everything else by the code points of its text. @param descending for each column of the key */
export function sortKeys({ columns, keys }: Layout, descending: readonly boolean[]): SortKey[] {
  return columns.slice(0, keys).map(({ kind }, index) => ({
    index,
    kind: isNumeric(kind) ? kind : 'text',
    descending: descending[index] ?? false,
  }));
}

/**
 * Every row once, in order, in batches that are never empty.
 * @throws OutOfOrder, and ReportError `usage` when two rows of a side have the same key
 */
export async function* joined(
  before: AsyncIterable<Rows>,
  after: AsyncIterable<Rows>,
  {
    keys,
    names,
  }: { readonly keys: readonly SortKey[]; readonly names: readonly [before: string, after: string] },
): AsyncGenerator<Pair[]> {
  const compare = comparison(keys);
  const one = new Cursor(before, keys, names[0]);
  const other = new Cursor(after, keys, names[1]);
  let pairs: Pair[] = [];
  try {
    await Promise.all([one.next(), other.next()]);
    while (one.row !== undefined || other.row !== undefined) {
      const order = one.row === undefined ? 1 : other.row === undefined ? -1 : compare(one.row, other.row);
      pairs.push({
        before: order <= 0 ? one.row?.cells : undefined,
        after: order >= 0 ? other.row?.cells : undefined,
      });
      if (order <= 0 && !one.step()) await one.next();
      if (order >= 0 && !other.step()) await other.next();
      if (pairs.length === BATCH) {
        yield pairs;
        pairs = [];
      }
    }
    if (pairs.length > 0) yield pairs;
  } finally {
    await Promise.allSettled([one.close(), other.close()]);
  }
}

/** A position in the rows of one side. */
class Cursor {
  row: Sortable | undefined;
  readonly #batches: AsyncIterator<Rows>;
  readonly #keys: readonly SortKey[];
  readonly #compare: (a: Sortable, b: Sortable) => number;
  readonly #name: string;
  #rows: Rows = [];
  #index = -1;

  constructor(batches: AsyncIterable<Rows>, keys: readonly SortKey[], name: string) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.#keys = keys;
    this.#compare = comparison(keys);
    this.#name = name;
  }

  /** Moves to the next row in memory; returns false when more must be read. */
  step(): boolean {
    this.#index += 1;
    const cells = this.#rows[this.#index];
    if (cells === undefined) return false;
    const former = this.row;
    this.row = sortable(cells, this.#keys);
    const order = former === undefined ? -1 : this.#compare(former, this.row);
    if (order > 0) throw new OutOfOrder();
    if (order === 0) throw this.#twice(cells);
    return true;
  }

  async next(): Promise<void> {
    const { done, value } = await this.#batches.next();
    if (done === true) {
      this.row = undefined;
      return;
    }
    this.#rows = value;
    this.#index = -1;
    if (!this.step()) await this.next();
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  #twice(cells: readonly Cell[]): ReportError {
    const key = this.#keys.map(({ index }) => JSON.stringify(cells[index])).join(', ');
    return new ReportError('usage', `diff: ${this.#name} has the key ${key} twice`, {
      hint: 'Give --key with the columns that together tell every row from the others.',
    });
  }
}
