// The counters of one part of a split report.
import type { Cell } from '../../core/table.js';

/** Rows that have the same values in the columns that split them. */
export interface Part {
  /** Column to the value that every row of the part has in it. */
  readonly values: Readonly<Record<string, Cell>>;
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** Column name to the number of its nulls. */
  readonly nulls: Readonly<Record<string, number>>;
  /** SHA-256 of the part's rows without their volatile columns. */
  readonly content: string;
}
