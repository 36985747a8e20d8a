// Scanned documents to batches of COPY text: those that pass the filters, by their bytes where these are simple.
import type { EncodedRows } from '../../core/table.js';
import { Lines } from '../documents/lines.js';
import { CellWriter } from './cells.js';
import { VERDICT } from './matching.js';
import { filterValues, isMissing } from './paths.js';
import type { DocumentReader } from './reader.js';
import type { RowMaker, Test } from './rows.js';

/** Rows. */
export const BATCH = 1000;
/** Bytes of rows that one batch may have. */
const BATCH_SIZE = 1024 * 1024;

/** Makes the same rows as the RowMaker that it asks for all that is not simple. */
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

  /** Bytes that the rows take so far. */
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

  /** Adds rows that were made elsewhere. */
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
 * Adds rows until the batch is large enough or has the `most` that are wanted; false when more bytes are needed before.
 * @throws ReportError `source` or `contract`
 */
export function isFilled(batches: BatchMaker, reader: DocumentReader, most = BATCH): boolean {
  try {
    while (reader.next()) {
      if (batches.add(reader) && (batches.rows >= Math.min(most, BATCH) || batches.size >= BATCH_SIZE))
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
