// Reads the table batch by batch, and on from any row when a sheet is full.
import type { Batch } from '../../core/table.js';
import { type Lines, linesOf } from '../../rows/lines.js';

export class RowReader {
  readonly #batches: AsyncGenerator<Batch>;
  readonly #width: number;
  readonly #seen: (lines: Lines) => void;
  #lines: Lines | undefined;
  #next = 0;

  /** @param seen called once with each batch */
  constructor(batches: AsyncIterable<Batch>, width: number, seen: (lines: Lines) => void) {
    this.#batches = each(batches);
    this.#width = width;
    this.#seen = seen;
  }

  /** The present batch and its next row, or undefined when every row was read. @throws what the table throws */
  async more(): Promise<{ readonly lines: Lines; readonly next: number } | undefined> {
    while (this.#lines === undefined || this.#next >= this.#lines.rowCount) {
      const batch = (await this.#batches.next()).value;
      if (batch === undefined) return undefined;
      this.#lines = linesOf(batch, this.#width);
      this.#next = 0;
      this.#seen(this.#lines);
    }
    return { lines: this.#lines, next: this.#next };
  }

  /** Marks the rows of the present batch before this one as read. */
  readTo(row: number): void {
    this.#next = row;
  }

  /** Ends reading of the table. */
  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}

async function* each(batches: AsyncIterable<Batch>): AsyncGenerator<Batch, undefined> {
  yield* batches;
  return undefined;
}
