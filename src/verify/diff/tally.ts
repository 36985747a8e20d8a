// Counts the differences of two files from their joined rows.

import type { Cell } from '../../core/table.js';
import { DecimalSum } from '../../rows/counters.js';
import { compareNumbers } from '../../rows/sort/numbers.js';
import type { Pair } from './join.js';
import { isNumber, type Layout } from './layout.js';

export interface RowChange extends Pair {
  readonly change: 'added' | 'gone' | 'changed';
  /** Indices of the columns whose values differ; for a row of one file only, all columns outside of the key. */
  readonly columns: readonly number[];
}

interface Total {
  readonly before: string;
  readonly after: string;
  /** `after` minus `before`, exact. */
  readonly difference: string;
}

export interface Counts {
  readonly rows: { readonly before: number; readonly after: number };
  readonly added: number;
  readonly gone: number;
  readonly changed: number;
  readonly totals: Readonly<Record<string, Total>>;
}

interface Group extends Counts {
  readonly value: Cell;
}

export interface Example {
  readonly key: Readonly<Record<string, Cell>>;
  /** Column name to the value before and after; a row of one file only has one of them. */
  readonly columns: Readonly<Record<string, { readonly before?: Cell; readonly after?: Cell }>>;
}

export interface Tallied extends Counts {
  /** Column name to the number of rows in which it differs. */
  readonly changedColumns: Readonly<Record<string, number>>;
  /** Groups that differ, the largest difference first; undefined without a column to group by. */
  readonly groups: readonly Group[] | undefined;
  /** Whether there were more groups than memory holds: rows of later groups are in no group. */
  readonly groupsAreCut: boolean;
  readonly examples: Readonly<Record<RowChange['change'], readonly Example[]>>;
}

/** The most examples of each kind of change. */
const EXAMPLES = 20;
/** The most groups in memory. */
const MAX_GROUPS = 100_000;

export class Tally {
  readonly #layout: Layout;
  readonly #whole: Counter;
  readonly #groups = new Map<Cell, Counter>();
  #isCut = false;
  readonly #changedColumns: number[];
  readonly #examples: Record<RowChange['change'], Example[]> = { added: [], gone: [], changed: [] };

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#whole = new Counter(layout);
    this.#changedColumns = layout.columns.map(() => 0);
  }

  /** Counts a pair. @returns its change, or undefined for equal rows */
  add({ before, after }: Pair): RowChange | undefined {
    const change = this.#changeOf(before, after);
    this.#whole.add(before, after, change?.change);
    this.#addToGroups(before, after, change?.change);
    if (change === undefined) return undefined;
    if (change.change === 'changed') {
      for (const column of change.columns)
        this.#changedColumns[column] = (this.#changedColumns[column] ?? 0) + 1;
    }
    const examples = this.#examples[change.change];
    if (examples.length < EXAMPLES) examples.push(this.#exampleOf(change));
    return change;
  }

  result(): Tallied {
    const { columns, by } = this.#layout;
    const counted = columns.map(({ name }, index) => [name, this.#changedColumns[index] ?? 0] as const);
    const groups = [...this.#groups].map(([value, counter]) => ({ value, ...counter.counts() }));
    return {
      ...this.#whole.counts(),
      changedColumns: Object.fromEntries(counted.filter(([, count]) => count > 0)),
      groups: by === undefined ? undefined : groups.filter(isDifferent).sort(byDifference),
      groupsAreCut: this.#isCut,
      examples: this.#examples,
    };
  }

  #changeOf(before: Pair['before'], after: Pair['after']): RowChange | undefined {
    const { columns, keys } = this.#layout;
    const differing: number[] = [];
    for (let column = keys; column < columns.length; column++) {
      if (before === undefined || after === undefined) differing.push(column);
      else if (!this.#isSame(column, before[column] ?? null, after[column] ?? null)) differing.push(column);
    }
    if (before === undefined) return { change: 'added', columns: differing, before, after };
    if (after === undefined) return { change: 'gone', columns: differing, before, after };
    return differing.length === 0 ? undefined : { change: 'changed', columns: differing, before, after };
  }

  /** Numbers are equal by value: 1.5 equals 1.50. */
  #isSame(column: number, one: Cell, other: Cell): boolean {
    if (one === other) return true;
    if (one === null || other === null) return false;
    return isNumber(this.#layout.columns[column]?.kind ?? 'text') && compareNumbers(one, other) === 0;
  }

  #addToGroups(before: Pair['before'], after: Pair['after'], change: RowChange['change'] | undefined): void {
    const { by } = this.#layout;
    if (by === undefined) return;
    const [from, to] = [before?.[by] ?? null, after?.[by] ?? null];
    if (before !== undefined && after !== undefined && from !== to) {
      // The row moved from one group to another: count it as one change in both.
      this.#group(from)?.add(before, undefined, change);
      this.#group(to)?.add(undefined, after, change);
    } else this.#group(before === undefined ? to : from)?.add(before, after, change);
  }

  #group(value: Cell): Counter | undefined {
    const known = this.#groups.get(value);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS) {
      this.#isCut = true;
      return undefined;
    }
    const counter = new Counter(this.#layout);
    this.#groups.set(value, counter);
    return counter;
  }

  #exampleOf({ before, after, columns: differing }: RowChange): Example {
    const { columns, keys } = this.#layout;
    const named = (indices: readonly number[], value: (index: number) => unknown) =>
      Object.fromEntries(indices.map((index) => [columns[index]?.name ?? '', value(index)]));
    const cell = (row: Pair['before'], index: number) => row?.[index] ?? null;
    return {
      key: named([...columns.keys()].slice(0, keys), (index) => cell(before ?? after, index)),
      columns: named(differing, (index) => ({
        ...(before && { before: cell(before, index) }),
        ...(after && { after: cell(after, index) }),
      })),
    } as Example;
  }
}

/** Rows and sums before and after, of all rows or of one group. */
class Counter {
  readonly #layout: Layout;
  readonly #rows = { before: 0, after: 0 };
  readonly #changes = { added: 0, gone: 0, changed: 0 };
  readonly #sums: readonly {
    readonly index: number;
    readonly before: DecimalSum;
    readonly after: DecimalSum;
  }[];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#sums = layout.totals.map((index) => ({ index, before: new DecimalSum(), after: new DecimalSum() }));
  }

  add(before: Pair['before'], after: Pair['after'], change: RowChange['change'] | undefined): void {
    if (before !== undefined) this.#rows.before += 1;
    if (after !== undefined) this.#rows.after += 1;
    if (change !== undefined) this.#changes[change] += 1;
    for (const sum of this.#sums) {
      sum.before.add(before?.[sum.index] ?? null);
      sum.after.add(after?.[sum.index] ?? null);
    }
  }

  counts(): Counts {
    const totals = this.#sums.map(({ index, ...sums }) => {
      const [before, after] = [sums.before.toString(), sums.after.toString()];
      return [this.#layout.columns[index]?.name, { before, after, difference: difference(before, after) }];
    });
    return { rows: { ...this.#rows }, ...this.#changes, totals: Object.fromEntries(totals) };
  }
}

function difference(before: string, after: string): string {
  const sum = new DecimalSum();
  sum.add(after);
  sum.add(before.startsWith('-') ? before.slice(1) : before === 'NaN' ? before : `-${before}`);
  return sum.toString();
}

function isDifferent({ added, gone, changed }: Counts): boolean {
  return added + gone + changed > 0;
}

/** Orders by the first total, then by the number of rows that differ. */
function byDifference(one: Group, other: Group): number {
  const [a, b] = [one, other].map(
    ({ totals }) => Object.values(totals)[0]?.difference.replace(/^-/, '') ?? '0',
  );
  const rows = (group: Group) => group.added + group.gone + group.changed;
  return compareNumbers(b ?? '0', a ?? '0') || rows(other) - rows(one);
}
