// Counters of rows and bytes: rows, exact totals, nulls, bytes, and SHA-256 of rows and of bytes.
import { createHash } from 'node:crypto';
import type { Batch, Cell, Column, EncodedRows } from '../core/table.js';
import { cellStart, decodeCell, isNullCell } from './encoded-rows.js';
import { columnsText } from './unique/columns-text.js';

const MINUS = 45;
const DOT = 46;
const ZERO = 48;
/** Of `\N` and the tab or line feed behind it. */
const NULL_LENGTH = 3;
/** A double holds whole numbers up to 2^53 exactly: a sum up to 2^52 and a value of at most ten times 2^48 among them. */
const LARGEST_SUM = 2 ** 52;
const LARGEST_VALUE = 2 ** 48;

/** Gets every batch once, before it is written. An error that it throws ends the export. */
export interface Observer {
  add(batch: Batch): void | Promise<void>;
}

/** The same batches; each observer gets a batch before the batch is yielded. */
export async function* observed(
  batches: AsyncIterable<Batch>,
  observers: readonly Observer[],
  signal?: AbortSignal,
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    signal?.throwIfAborted();
    for (const observer of observers) await observer.add(batch);
    yield batch;
  }
}

/** Rows, exact totals and nulls of one read. */
export class RowCounter {
  rows = 0;
  readonly #columns: readonly Column[];
  readonly #nulls: number[];
  readonly #sums: readonly { readonly name: string; readonly index: number; readonly sum: DecimalSum }[];

  /** @param totals names of integer or decimal columns */
  constructor(columns: readonly Column[], totals: readonly string[]) {
    this.#columns = columns;
    this.#nulls = columns.map(() => 0);
    this.#sums = totals.map((name) => ({
      name,
      index: columns.findIndex((column) => column.name === name),
      sum: new DecimalSum(),
    }));
  }

  add(batch: Batch): void {
    this.rows += batch.rowCount;
    if (batch.encoded === undefined) this.#countCells(batch.rows());
    else this.#countEncoded(batch.encoded);
  }

  /** Column name to exact sum; nulls are ignored. */
  totals(): Record<string, string> {
    return Object.fromEntries(this.#sums.map(({ name, sum }) => [name, sum.toString()]));
  }

  /** Column name to the number of its nulls. */
  nulls(): Record<string, number> {
    return Object.fromEntries(this.#columns.map(({ name }, index) => [name, this.#nulls[index] ?? 0]));
  }

  #countCells(rows: readonly (readonly Cell[])[]): void {
    const nulls = this.#nulls;
    for (const row of rows) {
      for (const { index, sum } of this.#sums) sum.add(row[index] ?? null);
      for (let column = 0; column < nulls.length; column++) {
        if (row[column] === null) nulls[column] = (nulls[column] as number) + 1;
      }
    }
  }

  #countEncoded({ bytes, ends }: EncodedRows): void {
    const nulls = this.#nulls;
    const width = nulls.length;
    for (const { index, sum } of this.#sums) {
      for (let cell = index; cell < ends.length; cell += width) {
        sum.addEncoded(bytes, cellStart(ends, cell), ends[cell] as number);
      }
    }
    for (let cell = 0, before = -1; cell < ends.length; cell++) {
      const end = ends[cell] as number;
      // Test the length first: few cells have the length of a null.
      if (end - before === NULL_LENGTH && isNullCell(bytes, before + 1, end)) {
        const column = cell % width;
        nulls[column] = (nulls[column] as number) + 1;
      }
      before = end;
    }
  }
}

/**
 * SHA-256 of the rows without the volatile columns, as lines of COPY text: the same for the same rows, whatever form their
 * batches have and however they are cut.
 */
export class ContentHash {
  readonly #hash = createHash('sha256');
  readonly #text: (batch: Batch) => Buffer;

  /** @param volatile names of columns */
  constructor(columns: readonly Column[], volatile: readonly string[]) {
    this.#text = columnsText(columns, ({ name }) => !volatile.includes(name));
  }

  add(batch: Batch): void {
    this.#hash.update(this.#text(batch));
  }

  /** Lower-case hex; call once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Bytes and SHA-256 of one output. */
export class ByteCounter {
  bytes = 0;
  readonly #hash = createHash('sha256');

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** Lower-case hex; call once, at the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** An exact sum of decimal texts as PostgreSQL prints them: `-12.50`, `1e+20`, `NaN`, `Infinity`. */
export class DecimalSum {
  #digits = 0n;
  #scale = 0;
  /** NaN, Infinity or -Infinity, once one of them was added. */
  #special: number | undefined;
  /** Sums that are not yet in `#digits`, by number of decimals; a double holds each exactly. */
  readonly #small: number[] = [];
  /** The most decimals of a value in `#small`, with the zeros at its end. */
  #longest = 0;

  add(text: string | null): void {
    if (text === null) return;
    const match = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    if (!match || (match[2] === '' && (match[3] ?? '') === '')) {
      this.#special = (this.#special ?? 0) + Number(text);
      return;
    }
    const [, sign, whole = '', fraction = '', exponent = '0'] = match;
    const scale = fraction.length - Number(exponent);
    const digits = BigInt(`${sign}${whole}${fraction}`);
    if (scale < 0) this.#add(digits * 10n ** BigInt(-scale), 0);
    else this.#add(digits, scale);
  }

  /** The same of a cell in COPY text, from `start` to `end`. */
  addEncoded(bytes: Buffer, start: number, end: number): void {
    const isNegative = bytes[start] === MINUS;
    let value = 0;
    let decimals = -1;
    // Leave out zeros at the end of the decimals, which numeric often has: the double needs fewer digits.
    let zeros = 0;
    let at = isNegative ? start + 1 : start;
    const first = at;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit === 0 && decimals >= 0) zeros += 1;
      else if (digit >= 0 && digit <= 9) {
        for (; zeros > 0; zeros--, decimals++) value *= 10;
        value = value * 10 + digit;
        if (decimals >= 0) decimals += 1;
        if (value > LARGEST_VALUE) break;
      } else if (digit === DOT - ZERO && decimals === -1) decimals = 0;
      else break;
    }
    if (at < end || first === end) {
      this.add(decodeCell(bytes.toString('latin1', start, end)));
      return;
    }
    if (decimals === -1) decimals = 0;
    if (decimals + zeros > this.#longest) this.#longest = decimals + zeros;
    const sum = (this.#small[decimals] ?? 0) + (isNegative ? -value : value);
    if (Math.abs(sum) > LARGEST_SUM) {
      this.#add(BigInt(sum), decimals);
      this.#small[decimals] = 0;
    } else this.#small[decimals] = sum;
  }

  /** With as many decimals as the value with the most. */
  toString(): string {
    this.#small.splice(0).forEach((sum, scale) => {
      this.#add(BigInt(sum), scale);
    });
    this.#add(0n, this.#longest);
    if (this.#special !== undefined) return String(this.#special);
    const negative = this.#digits < 0n;
    const text = String(negative ? -this.#digits : this.#digits).padStart(this.#scale + 1, '0');
    const whole = text.slice(0, text.length - this.#scale);
    return `${negative ? '-' : ''}${whole}${this.#scale === 0 ? '' : `.${text.slice(-this.#scale)}`}`;
  }

  #add(digits: bigint, scale: number): void {
    if (scale > this.#scale) {
      this.#digits *= 10n ** BigInt(scale - this.#scale);
      this.#scale = scale;
    }
    this.#digits += scale === this.#scale ? digits : digits * 10n ** BigInt(this.#scale - scale);
  }
}
