// Counts rows and exact totals, of all rows and grouped by the values of a column.

import type { Column } from '../../core/table.js';
import { DecimalSum } from '../../rows/counters.js';
import { cellStart, isNullCell } from '../../rows/encoded-rows.js';
import type { Lines } from '../../rows/lines.js';

/** Groups with a line of their own; all later groups share one line. */
export const MOST_GROUPS = 1000;

export class Group {
  rows = 0;
  readonly sums: readonly DecimalSum[];

  constructor(count: number) {
    this.sums = Array.from({ length: count }, () => new DecimalSum());
  }
}

/** A group's name is its value in the column; null for null, undefined for the groups that share a line. */
export type NamedGroup = readonly [name: string | null | undefined, group: Group];

export class Groups {
  readonly #width: number;
  /** The indices of the columns that are summed. */
  readonly #summed: readonly number[];
  /** At least one: without columns to group by, one with a single group of all rows. */
  readonly #groupings: readonly Grouping[];

  /**
   * @param totals names of columns to sum
   * @param by names of columns to group by
   */
  constructor(columns: readonly Column[], totals: readonly string[], by: readonly string[]) {
    const indexOf = (name: string) => columns.findIndex((column) => column.name === name);
    this.#width = columns.length;
    this.#summed = totals.map(indexOf);
    const places = by.length === 0 ? [undefined] : by.map(indexOf);
    this.#groupings = places.map((place) => new Grouping(place, totals.length));
  }

  add(lines: Lines): void {
    const { bytes, ends } = lines;
    const groupings = this.#groupings;
    const summed = this.#summed;
    for (let first = 0; first < ends.length; first += this.#width) {
      for (let index = 0; index < groupings.length; index++) {
        const group = (groupings[index] as Grouping).groupOf(lines, first);
        group.rows += 1;
        for (let sum = 0; sum < summed.length; sum++) {
          const cell = first + (summed[sum] as number);
          group.sums[sum]?.addEncoded(bytes, cellStart(ends, cell), ends[cell] as number);
        }
      }
    }
  }

  /** The counts of all rows: the sum of any grouping, which has each row once. */
  all(): Group {
    const all = new Group(this.#summed.length);
    for (const [, group] of this.by(0)) {
      all.rows += group.rows;
      for (const [index, sum] of group.sums.entries()) all.sums[index]?.add(sum.toString());
    }
    return all;
  }

  /** The groups of a column in Portuguese order, those without a name last. @param index of the column in `by` */
  by(index: number): NamedGroup[] {
    return this.#groupings[index]?.named() ?? [];
  }
}

class Grouping {
  readonly #column: number | undefined;
  readonly #sums: number;
  readonly #groups = new Map<string, { readonly name: string | null; readonly group: Group }>();
  #rest: Group | undefined;

  constructor(column: number | undefined, sums: number) {
    this.#column = column;
    this.#sums = sums;
  }

  /** @param first the index of the row's first cell */
  groupOf(lines: Lines, first: number): Group {
    const { bytes, ends } = lines;
    if (this.#column === undefined) {
      this.#rest ??= new Group(this.#sums);
      return this.#rest;
    }
    const cell = first + this.#column;
    const start = cellStart(ends, cell);
    const end = ends[cell] as number;
    // Different names have different bytes: no decoding is needed.
    const key = bytes.toString('latin1', start, end);
    const found = this.#groups.get(key);
    if (found !== undefined) return found.group;
    if (this.#groups.size >= MOST_GROUPS) {
      this.#rest ??= new Group(this.#sums);
      return this.#rest;
    }
    const group = new Group(this.#sums);
    const name = isNullCell(bytes, start, end) ? null : lines.textAt(cell);
    this.#groups.set(key, { name, group });
    return group;
  }

  named(): NamedGroup[] {
    const { compare } = new Intl.Collator('pt-BR');
    const named = [...this.#groups.values()].map(({ name, group }): NamedGroup => [name, group]);
    named.sort(([a], [b]) => (a == null ? 1 : b == null ? -1 : compare(a, b)));
    return this.#rest === undefined ? named : [...named, [undefined, this.#rest]];
  }
}
