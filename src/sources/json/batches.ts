// Makes batches of COPY text from scanned documents: tests the filters and writes the cells of the documents that pass.
import type { EncodedRows } from '../../core/table.js';
import { Lines } from '../documents/lines.js';
import { CellWriter } from './cells.js';
import { VERDICT } from './matching.js';
import { filterValues, isMissing } from './paths.js';
import type { DocumentReader } from './reader.js';
import type { RowMaker, Test } from './rows.js';

/** Rows of a batch. */
export const BATCH = 1000;
/** Bytes after which a batch is full. */
const MAX_BATCH_BYTES = 1024 * 1024;

/** Makes the same rows as RowMaker, faster: it copies simple values as bytes and asks RowMaker for all others. */
export class BatchMaker {
  /** Rows added since the last batch. */
  rows = 0;
  readonly #maker: RowMaker;
  readonly #lines = new Lines();
  readonly #cells: CellWriter;

  constructor(maker: RowMaker, timezone: string) {
    this.#maker = maker;
    this.#cells = new CellWriter(this.#lines, timezone);
  }

  /** Bytes of the rows added since the last batch. */
  get size(): number {
    return this.#lines.at;
  }

  /**
   * Adds the current document's row; false when a filter leaves it out.
   * @throws ReportError `contract` when a value does not fit its column, BrokenJson
   */
  add(document: DocumentReader): boolean {
    const { columns, tests } = this.#maker;
    for (const test of tests) if (!passes(document, test)) return false;
    const lines = this.#lines;
    const cells = this.#cells;
    for (let index = 0; index < columns.length; index += 1) {
      const plan = columns[index] as (typeof columns)[number];
      const { field } = plan;
      if (index > 0) lines.endCell();
      if (field.seenIn === document.scan) {
        if (!cells.write(plan.column.kind, document.scanner, field.start, field.end)) {
          lines.cell(this.#maker.cell(document, plan));
        }
      } else if (isMissing(document, field)) cells.null();
      else lines.cell(this.#maker.cell(document, plan));
    }
    lines.endLine();
    this.rows += 1;
    return true;
  }

  /** Adds rows that another BatchMaker made. */
  join({ bytes, ends }: EncodedRows): void {
    this.#lines.join(bytes, ends);
    this.rows += ends.length / this.#maker.columns.length;
  }

  /** The rows added since the last batch, at least one. */
  take(): EncodedRows {
    const rows = this.#lines.take();
    this.#lines.clear();
    this.rows = 0;
    return rows;
  }
}

/**
 * Adds the reader's documents until the batch is full.
 * @param maxRows a batch with so many rows is full, even when it is small
 * @returns false when the reader needs more bytes first
 * @throws ReportError `source` or `contract`
 */
export function isFilled(batches: BatchMaker, reader: DocumentReader, maxRows = BATCH): boolean {
  try {
    while (reader.next()) {
      if (
        batches.add(reader) &&
        (batches.rows >= Math.min(maxRows, BATCH) || batches.size >= MAX_BATCH_BYTES)
      )
        return true;
    }
    return false;
  } catch (error) {
    throw reader.explain(error);
  }
}

function passes(document: DocumentReader, test: Test): boolean {
  const { field } = test;
  if (field.seenIn === document.scan) {
    const verdict = test.quick(document.scanner, field.start, field.end);
    if (verdict !== VERDICT.unknown) return verdict === VERDICT.passes;
  } else if (isMissing(document, field)) return false;
  return test.passes(filterValues(document, field));
}
