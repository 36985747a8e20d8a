// Makes rows and counts from a range of a file, in any thread.
import type { DocumentQuery } from '../../core/source.js';
import type { EncodedRows } from '../../core/table.js';
import { BatchMaker, isFilled } from './batches.js';
import { type Range, RangeReader } from './ranges.js';
import { DocumentReader } from './reader.js';
import { type Counts, RowMaker, type Wanted } from './rows.js';

/** What to read from documents, as plain data that can be sent to a thread. */
export interface Task {
  readonly wanted: Wanted;
  readonly query: DocumentQuery;
}

/** What a range has. It holds whole documents only, each on lines of its own. */
export interface Made extends Counts {
  /** One item a batch. */
  readonly rows: readonly EncodedRows[];
  /** Line feeds. */
  readonly lines: number;
}

/** Knows nothing of what comes before a range, so it refuses a range with any error: the reader of the whole file reports it. */
export class RangeMaker {
  readonly #maker: RowMaker;
  readonly #reader: DocumentReader;
  readonly #batches: BatchMaker;
  readonly #bytes = new RangeReader();

  constructor({ wanted, query }: Task) {
    this.#maker = new RowMaker(wanted, query, '');
    this.#reader = new DocumentReader(this.#maker.root, '', wanted.timezone);
    this.#batches = new BatchMaker(this.#maker, wanted.timezone);
  }

  /** Undefined for a range that holds anything but whole, correct documents. */
  make(descriptor: number, range: Range): Made | undefined {
    const reader = this.#reader;
    const batches = this.#batches;
    const rows: EncodedRows[] = [];
    try {
      reader.resume();
      reader.append(this.#bytes.read(descriptor, range));
      while (isFilled(batches, reader)) rows.push(batches.take());
      if (batches.rows > 0) rows.push(batches.take());
      if (reader.isAtLine) return { rows, lines: reader.scanner.lines, ...this.#maker.takeCounts() };
    } catch {
      // The range is read again in its turn, where the line number is known; the error is thrown there.
    }
    if (batches.rows > 0) batches.take();
    this.#maker.takeCounts();
    return undefined;
  }
}
