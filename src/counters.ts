// What is counted while rows and bytes pass by: rows, exact totals, bytes, SHA-256.
import { createHash } from 'node:crypto';
import type { Batch, Column } from './table.js';

/** Rows and totals of one read. */
export class RowCounter {
  rows = 0;
  readonly #sums: readonly { readonly name: string; readonly index: number; readonly sum: DecimalSum }[];

  /** @param totals names of integer or decimal columns */
  constructor(columns: readonly Column[], totals: readonly string[]) {
    this.#sums = totals.map((name) => ({
      name,
      index: columns.findIndex((column) => column.name === name),
      sum: new DecimalSum(),
    }));
  }

  /** Passes the batches on and counts them. */
  async *count(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      this.rows += batch.rowCount;
      if (this.#sums.length > 0) {
        for (const row of batch.rows()) {
          for (const { index, sum } of this.#sums) sum.add(row[index] ?? null);
        }
      }
      yield batch;
    }
  }

  /** Column name to exact sum; nulls count as nothing. */
  totals(): Record<string, string> {
    return Object.fromEntries(this.#sums.map(({ name, sum }) => [name, sum.toString()]));
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

  add(text: string | null): void {
    if (text === null) return;
    const match = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
    if (!match || (match[2] === '' && match[3] === '')) {
      this.#special = (this.#special ?? 0) + Number(text);
      return;
    }
    const [, sign, whole, fraction = '', exponent = '0'] = match;
    let scale = fraction.length - Number(exponent);
    let digits = BigInt(`${sign}${whole}${fraction}`);
    if (scale < 0) {
      digits *= 10n ** BigInt(-scale);
      scale = 0;
    }
    if (scale > this.#scale) {
      this.#digits *= 10n ** BigInt(scale - this.#scale);
      this.#scale = scale;
    } else if (scale < this.#scale) {
      digits *= 10n ** BigInt(this.#scale - scale);
    }
    this.#digits += digits;
  }

  /** With as many decimals as the longest that was added. */
  toString(): string {
    if (this.#special !== undefined) return String(this.#special);
    const negative = this.#digits < 0n;
    const text = String(negative ? -this.#digits : this.#digits).padStart(this.#scale + 1, '0');
    const whole = text.slice(0, text.length - this.#scale);
    return `${negative ? '-' : ''}${whole}${this.#scale === 0 ? '' : `.${text.slice(-this.#scale)}`}`;
  }
}
