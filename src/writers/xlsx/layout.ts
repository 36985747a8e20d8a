// The widths of the columns, decided before a sheet begins, and the formats of numbers, decided after the last row.
import { type Column, isNumeric } from '../../core/table.js';
import { decimalFormat } from '../words/number-format.js';
import { Extent } from './extent.js';
import { INTEGER, numberCode } from './styles.js';
import { columnWidth } from './widths.js';

export class Layout {
  readonly #columns: readonly Column[];
  readonly #extents: readonly Extent[];
  /** The narrowest that each column has in any sheet. */
  #widths: number[] = [];

  /** @param extents of the rows that are encoded so far */
  constructor(columns: readonly Column[], extents: readonly Extent[]) {
    this.#columns = columns;
    this.#extents = extents;
  }

  /** The widths for a sheet. @param isWhole whether no row of it is still to come; without it amounts get headroom */
  decideWidths(isWhole: boolean): number[] {
    const widths = this.#columns.map((column, index) => this.#width(column, index, !isWhole));
    this.#widths = widths.map((width, index) => Math.min(width, this.#widths[index] ?? width));
    return widths;
  }

  /** Whether some number does not fit into the width that was decided, so that it would be shown as `###`. */
  isTooNarrow(): boolean {
    return this.#columns.some((column, index) => {
      const decided = this.#widths[index] ?? Number.POSITIVE_INFINITY;
      return isNumeric(column.kind) && this.#width(column, index, false) > decided;
    });
  }

  /** The format of a column's total: a count of thousands is read with separators, a number that may be a code without. */
  totalCode(column: Column): string {
    const code = this.#code(column);
    return code === INTEGER ? decimalFormat(0) : code;
  }

  /** Undefined for columns that are not numbers. */
  codes(): (string | undefined)[] {
    return this.#columns.map((column) => (isNumeric(column.kind) ? this.#code(column) : undefined));
  }

  #code(column: Column): string {
    return numberCode(column, this.#extents[this.#columns.indexOf(column)] ?? new Extent());
  }

  #width(column: Column, index: number, headroom: boolean): number {
    const extent = this.#extents[index] ?? new Extent();
    return columnWidth(column, extent, numberCode(column, extent), headroom);
  }
}
