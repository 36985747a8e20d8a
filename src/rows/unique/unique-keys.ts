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
  /** The names of the columns that form the key. */
  readonly key: readonly string[];
  /** Whether rows with the same key follow each other; see keysAreNeighbours(). */
  readonly neighbours: boolean;
  readonly signal?: AbortSignal | undefined;
  /** The most bytes in memory for keys in any order; without it, 16 MiB. */
  readonly memory?: number | undefined;
  /** The folder of the temporary file; without it, the system's. */
  readonly folder?: string | undefined;
}

const MEMORY = 16 * 1024 ** 2;

/** Gets every batch once. Keys are equal when their canonical texts are; unlike in SQL, null equals null. */
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

  /** Call once, after the last batch. @throws as `add` does, and the signal's reason */
  async finish(): Promise<Duplicates> {
    await this.#lines.finish();
    const cells = this.#example?.split('\t').map(decodeCell);
    const example =
      cells && Object.fromEntries(this.#names.map((name, index) => [name, cells[index] ?? null]));
    return { rows: this.#rows, example };
  }

  /** Releases everything. May be called at any time, and twice. */
  close(): Promise<void> {
    return this.#lines.close();
  }
}

/** Kinds whose values in PostgreSQL are equal only when their texts are. */
const ONE_TEXT: readonly Kind[] = ['integer', 'boolean', 'date', 'timestamp'];

/**
 * Whether the report's order puts rows with equal keys next to each other. It needs one SQL source, and kinds whose equal
 * values have one text: 1.0 and 1.00, or texts that a collation treats as equal, may be mixed in the order. MongoDB sorts by
 * the stored value, not by its canonical text, so equal texts may be apart there too.
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
