// Counts the differences of two files from their joined rows.

import { type Cell, isNumeric } from '../../core/table.js';
import { isWithinTolerance, percentChange, type Tolerance } from '../../rows/compare-decimals.js';
import { DecimalSum } from '../../rows/counters.js';
import { compareNumbers } from '../../rows/sort/numbers.js';
import type { Pair } from './join.js';
import type { Layout } from './layout.js';

export interface RowChange extends Pair {
  readonly change: 'added' | 'gone' | 'changed';
  /** Indices of the columns whose values differ; for a row of one file only, all columns outside of the key. */
  readonly columns: readonly number[];
}

export interface Total {
  readonly before: string;
  readonly after: string;
  /** `after` minus `before`, exact. */
  readonly difference: string;
  /** The difference in percent of `before`, with two decimals; null where `before` is zero. */
  readonly percent: string | null;
}

export interface Counts {
  readonly rows: { readonly before: number; readonly after: number };
  readonly added: number;
  readonly gone: number;
  readonly changed: number;
  readonly totals: Readonly<Record<string, Total>>;
}

export interface Group extends Counts {
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
  readonly #tolerance: Tolerance | undefined;
  readonly #whole: Counter;
  readonly #groups = new Map<Cell, Counter>();
  #isCut = false;
  readonly #changedColumns: number[];
  readonly #examples: Record<RowChange['change'], Example[]> = { added: [], gone: [], changed: [] };

  /** @param tolerance numbers that are no further apart count as the same */
  constructor(layout: Layout, tolerance: Tolerance | undefined) {
    this.#layout = layout;
    this.#tolerance = tolerance;
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

  /** Of all rows so far. */
  counts(): Counts {
    return this.#whole.counts();
  }

  /** @param bySums whether the rows of the files are different ones, so that only their numbers and sums can be the same */
  result(bySums: boolean): Tallied {
    const { columns, by } = this.#layout;
    const counted = columns.map(({ name }, index) => [name, this.#changedColumns[index] ?? 0] as const);
    const groups = [...this.#groups].map(([value, counter]) => ({ value, ...counter.counts() }));
    const isDifferent = (counts: Counts) =>
      bySums ? !haveSameSums(counts, this.#tolerance) : counts.added + counts.gone + counts.changed > 0;
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

  /** Numbers are equal by value: 1.5 equals 1.50, and within the tolerance. */
  #isSame(column: number, one: Cell, other: Cell): boolean {
    if (one === other) return true;
    if (one === null || other === null) return false;
    if (!isNumeric(this.#layout.columns[column]?.kind ?? 'text')) return false;
    if (compareNumbers(one, other) === 0) return true;
    const [tolerance, before] = [this.#tolerance, sumOf(one)];
    return tolerance !== undefined && isWithinTolerance(tolerance, before, difference(before, other));
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
      const change = difference(before, after);
      const percent = percentChange(before, change) ?? null;
      return [this.#layout.columns[index]?.name, { before, after, difference: change, percent }];
    });
    return { rows: { ...this.#rows }, ...this.#changes, totals: Object.fromEntries(totals) };
  }
}

/**
 * Whether the totals before and after are the same, within the tolerance. The numbers of rows must be the same too where there is no
 * tolerance, and be within it where there are no totals.
 */
export function haveSameSums({ rows, totals }: Counts, tolerance: Tolerance | undefined): boolean {
  const limit = tolerance ?? { amount: '0', isPercent: false };
  const sums = Object.values(totals);
  const counts = tolerance === undefined || sums.length === 0 ? [countChange(rows)] : [];
  return [...sums, ...counts].every((sum) => isWithinTolerance(limit, sum.before, sum.difference));
}

/** The numbers of rows as those of a total. */
export function countChange({ before, after }: Counts['rows']): Total {
  const sums = { before: String(before), after: String(after), difference: String(after - before) };
  return { ...sums, percent: percentChange(sums.before, sums.difference) ?? null };
}

/** A number without an exponent. */
function sumOf(number: string): string {
  const sum = new DecimalSum();
  sum.add(number);
  return sum.toString();
}

function difference(before: string, after: string): string {
  const sum = new DecimalSum();
  sum.add(after);
  sum.add(before.startsWith('-') ? before.slice(1) : before === 'NaN' ? before : `-${before}`);
  return sum.toString();
}

/** Orders by the first total, then by the number of rows that differ. */
function byDifference(one: Group, other: Group): number {
  const [a, b] = [one, other].map(
    ({ totals }) => Object.values(totals)[0]?.difference.replace(/^-/, '') ?? '0',
  );
  const rows = (group: Group) => group.added + group.gone + group.changed;
  return compareNumbers(b ?? '0', a ?? '0') || rows(other) - rows(one);
}
