// The groups that the present row is in: their keys, and exact counts and sums of each.
import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import { DecimalSum } from '../../rows/counters.js';
import { cellStart, isNullCell } from '../../rows/encoded-rows.js';
import type { Lines } from '../../rows/lines.js';

/** Rows and exact sums, one of each column that is summed. */
export interface Sums {
  readonly rows: number;
  readonly sums: readonly string[];
}

/** Beyond so many groups inside one, nobody remembers them all: that one comes twice is not seen. */
const MOST_REMEMBERED = 200_000;

class Account {
  rows = 0;
  readonly sums: DecimalSum[];

  constructor(columns: number) {
    this.sums = Array.from({ length: columns }, () => new DecimalSum());
  }

  read(): Sums {
    return { rows: this.rows, sums: this.sums.map(String) };
  }
}

export class Levels {
  readonly columns: readonly Column[];
  readonly #indices: readonly number[];
  readonly #summed: readonly number[];
  /** Of all rows, then of the open group of each level. */
  readonly #accounts: Account[];
  /** The COPY text of the open group's value at each level. */
  readonly #keys: Buffer[] = [];
  /** At each level: the keys of the groups inside the open group above. */
  readonly #seen: Set<string>[];

  /**
   * @param columns by which rows are grouped, the outermost first, and their indices in the rows
   * @param summed the indices of the columns that are summed
   */
  constructor(columns: readonly Column[], indices: readonly number[], summed: readonly number[]) {
    this.columns = columns;
    this.#indices = indices;
    this.#summed = summed;
    this.#accounts = [...Array(columns.length + 1)].map(() => new Account(summed.length));
    this.#seen = columns.map(() => new Set());
  }

  get depth(): number {
    return this.columns.length;
  }

  /** The outermost level at which the row is in another group than the one before; the depth where it is in the same ones. */
  changed({ bytes, ends, rowCount }: Lines, row: number): number {
    const width = ends.length / rowCount;
    for (let level = 0; level < this.#indices.length; level++) {
      const cell = row * width + (this.#indices[level] as number);
      const key = this.#keys[level];
      if (key === undefined || key.compare(bytes, cellStart(ends, cell), ends[cell]) !== 0) return level;
    }
    return this.#indices.length;
  }

  /**
   * Begins the row's group at a level.
   * @returns its value
   * @throws ReportError `contract` when that group came before
   */
  open(level: number, lines: Lines, row: number): string | null {
    const { bytes, ends, rowCount } = lines;
    const cell = row * (ends.length / rowCount) + (this.#indices[level] as number);
    const start = cellStart(ends, cell);
    const end = ends[cell] as number;
    const key = Buffer.from(bytes.subarray(start, end));
    this.#keys[level] = key;
    this.#keys.length = level + 1;
    const value = isNullCell(bytes, start, end) ? null : lines.textAt(cell);
    const seen = this.#seen[level] as Set<string>;
    const text = key.toString('latin1');
    if (seen.has(text)) {
      const name = this.columns[level]?.name;
      throw new ReportError(
        'contract',
        `writing pdf: the rows of ${name} ${JSON.stringify(value)} are not together: they come again at row ${this.all + 1}`,
        {
          hint: `Sort the rows by ${this.columns.map((column) => column.name).join(', ')} first; rows of several sources come one source after the other.`,
        },
      );
    }
    if (seen.size < MOST_REMEMBERED) seen.add(text);
    for (const inner of this.#seen.slice(level + 1)) inner.clear();
    return value;
  }

  /** Rows so far. */
  get all(): number {
    return this.#accounts.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Counts a row in the innermost group. */
  add({ bytes, ends, rowCount }: Lines, row: number): void {
    const account = this.#accounts[this.#accounts.length - 1] as Account;
    const first = row * (ends.length / rowCount);
    account.rows += 1;
    for (let sum = 0; sum < this.#summed.length; sum++) {
      const cell = first + (this.#summed[sum] as number);
      account.sums[sum]?.addEncoded(bytes, cellStart(ends, cell), ends[cell] as number);
    }
  }

  /** @returns what is in so many of the open groups so far, of all rows for 0; the groups inside of them being ended */
  running(depth: number): Sums {
    return (this.#accounts[depth] as Account).read();
  }

  /** Ends the group of a level, its inner ones being ended. @returns what is in it */
  close(level: number): Sums {
    const ended = (this.#accounts[level + 1] as Account).read();
    const outer = this.#accounts[level] as Account;
    outer.rows += ended.rows;
    for (const [index, sum] of ended.sums.entries()) outer.sums[index]?.add(sum);
    this.#accounts[level + 1] = new Account(this.#summed.length);
    return ended;
  }
}
