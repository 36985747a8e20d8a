// What a thread makes of a range of a file: the rows of its documents, and the counts that belong to them.
import type { DocumentQuery } from '../../core/source.js';
import type { EncodedRows } from '../../core/table.js';
import { BatchMaker, isFilled } from './batches.js';
import { type Range, RangeReader } from './ranges.js';
import { DocumentReader } from './reader.js';
import { type Counts, RowMaker, type Wanted } from './rows.js';

/** What documents are read for; it can be sent to a thread. */
export interface Task {
  readonly wanted: Wanted;
  readonly query: DocumentQuery;
}

/** Of a range of whole documents, each on lines of its own. */
export interface Made extends Counts {
  /** Batch by batch. */
  readonly rows: readonly EncodedRows[];
  /** Line feeds. */
  readonly lines: number;
}

/** Knows nothing of what comes before a range: all that is not simply right is for who does. */
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

  /** Undefined for anything but whole documents that are all right. */
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
      // Read again where the place is known, it is told.
    }
    if (batches.rows > 0) batches.take();
    this.#maker.takeCounts();
    return undefined;
  }
}
