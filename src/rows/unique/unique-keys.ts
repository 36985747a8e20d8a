// How many rows have a key that an earlier row has: exact, in bounded memory, whatever the number and order of rows.
import { tmpdir } from 'node:os';
import type { Batch, Cell, Column, Kind } from '../../core/table.js';
import { decodeCell } from '../encoded-rows.js';
import { columnsText } from './columns-text.js';
import { type DuplicateLines, NeighbouringLines, ScatteredLines } from './duplicate-lines.js';

export interface Duplicates {
  /** Rows beyond the first of each key. */
  readonly rows: number;
  /** A key that more than one row has: column name to cell. */
  readonly example: Readonly<Record<string, Cell>> | undefined;
}

export interface UniqueKeysOptions {
  readonly columns: readonly Column[];
  /** The names of those that are the key together. */
  readonly key: readonly string[];
  /** Do rows with the same key follow each other? See `keysAreNeighbours`. */
  readonly neighbours: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that keys in no order take in memory at most; 16 MiB unless told. */
  readonly memory?: number | undefined;
  /** For the temporary file; the system's folder for them unless told. */
  readonly folder?: string | undefined;
}

const MEMORY = 16 * 1024 ** 2;

/** Sees every batch once. Keys are equal when their canonical texts are; null equals null, which it does not in SQL. */
export class UniqueKeys {
  readonly #names: readonly string[];
  readonly #text: (batch: Batch) => Buffer;
  readonly #lines: DuplicateLines;
  #rows = 0;
  #example: string | undefined;

  constructor(options: UniqueKeysOptions) {
    const { columns, key, neighbours, signal, memory = MEMORY, folder = tmpdir() } = options;
    const isKey = ({ name }: Column) => key.includes(name);
    this.#names = columns.filter(isKey).map(({ name }) => name);
    this.#text = columnsText(columns, isKey);
    const found = (lines: Buffer, start: number, end: number) => {
      this.#rows += 1;
      this.#example ??= lines.toString('utf8', start, end);
    };
    this.#lines = neighbours
      ? new NeighbouringLines(found)
      : new ScatteredLines(found, { memory, folder, signal });
  }

  /** @throws ReportError `source` when neither memory nor the temporary folder holds the keys */
  add(batch: Batch): Promise<void> {
    return this.#lines.take(this.#text(batch));
  }

  /** After the last batch, once. @throws as `add` does, and the signal's reason */
  async finish(): Promise<Duplicates> {
    await this.#lines.finish();
    const cells = this.#example?.split('\t').map(decodeCell);
    const example =
      cells && Object.fromEntries(this.#names.map((name, index) => [name, cells[index] ?? null]));
    return { rows: this.#rows, example };
  }

  /** Releases everything; safe to call at any time, and again. */
  close(): Promise<void> {
    return this.#lines.close();
  }
}

/** Kinds whose values in PostgreSQL are equal only when their texts are. */
const ONE_TEXT: readonly Kind[] = ['integer', 'boolean', 'date', 'timestamp'];

/**
 * Does the report's order put rows with the same key side by side? Only in one source, and only where what it takes for
 * equal has one text: among 1.0 and 1.00, or texts that a collation takes for equal, the same ones may stand apart. So
 * they may in MongoDB, which sorts by what a document has and not by the text that becomes of it.
 */
export function keysAreNeighbours(
  key: readonly string[],
  report: {
    readonly columns: readonly Column[];
    readonly orderBy: readonly string[];
    readonly sources: readonly string[];
    readonly query: unknown;
  },
): boolean {
  const leading = report.orderBy.slice(0, key.length).map((term) => term.replace(/^-/, ''));
  const kinds = report.columns.filter(({ name }) => key.includes(name)).map(({ kind }) => kind);
  return (
    typeof report.query === 'string' &&
    report.sources.length === 1 &&
    key.every((name) => leading.includes(name)) &&
    kinds.every((kind) => ONE_TEXT.includes(kind))
  );
}
