// The plain reader of NDJSON that bench/plain.ts compares with src/sources/json/read.ts: JSON.parse for every line that it can
// read exactly, and the exact reader for every other line.
import type { DocumentQuery, Request } from '../../src/core/source.js';
import type { Batch } from '../../src/core/table.js';
import { CopyText, cellEnds, encodeRows } from '../../src/rows/encoded-rows.js';
import { matcher } from '../../src/sources/documents/match.js';
import { type ToCell, toCell, type Value } from '../../src/sources/documents/value.js';
import { readAhead } from '../../src/sources/json/ahead.js';
import { BATCH, BatchMaker, isFilled } from '../../src/sources/json/batches.js';
import { knownValue } from '../../src/sources/json/extended.js';
import { unzipped } from '../../src/sources/json/gunzip.js';
import { type readDocuments as exactReader, explained } from '../../src/sources/json/read.js';
import { DocumentReader } from '../../src/sources/json/reader.js';
import { pathOf, RowMaker, wantedOf } from '../../src/sources/json/rows.js';

export { explained };

type Reading = Parameters<typeof exactReader>[0];
type Fields = Readonly<Record<string, unknown>>;

const FEED = 10;
const NULL: Value = { type: 'null' };
/** A line that only the exact reader can read. */
const NOT_PLAIN = Symbol('not plain');

/** Takes the place of readDocuments(). */
export async function* readDocuments(reading: Reading): AsyncGenerator<Batch> {
  const { request, query, found, doing, signal, note } = reading;
  const maker = new RowMaker(wantedOf(request), query, doing);
  const reader = new DocumentReader(maker.root, doing, request.timezone);
  const exact = new BatchMaker(maker, request.timezone);
  const plain = new PlainRows(request, query);
  let left = reading.limit ?? Number.POSITIVE_INFINITY;
  const takeExact = () => {
    left -= exact.rows;
    return new CopyText(exact.take(), maker.columns.length);
  };
  try {
    signal.throwIfAborted();
    for await (const { file, chunks } of readAhead(found.files, signal)) {
      reader.begin(file.name);
      for await (const chunk of unzipped(file.name, chunks)) {
        signal.throwIfAborted();
        for (const line of linesOf(Buffer.from(chunk))) {
          const isWhole = line.at(-1) === FEED && reader.isAtLine;
          if (
            left === Number.POSITIVE_INFINITY &&
            isWhole &&
            plain.add(line.toString('utf8', 0, line.length - 1))
          ) {
            reader.skip(line.length, 1);
            if (plain.count === BATCH) yield plain.take();
          } else {
            if (plain.count > 0) yield plain.take();
            reader.append(line);
            while (left > 0 && isFilled(exact, reader, left)) yield takeExact();
            if (exact.rows > 0) yield takeExact();
            if (left === 0) return;
          }
        }
      }
      if (plain.count > 0) yield plain.take();
      reader.finish();
      while (isFilled(exact, reader, left)) yield takeExact();
      if (exact.rows > 0) yield takeExact();
    }
  } catch (error) {
    throw explained(error, doing, signal);
  } finally {
    maker.add({ mismatches: maker.columns.map(() => 0), fields: [...plain.fieldCounts] });
    note(maker.notes());
  }
}

/** A line without its end is the last. */
function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(FEED, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    yield bytes.subarray(at, end);
    at = end;
  }
}

class PlainRows {
  count = 0;
  /** In how many documents each field of the top level was. */
  readonly fieldCounts = new Map<string, number>();
  readonly #columns;
  readonly #tests;
  readonly #toJson: ToCell;
  #rows: (string | null)[][] = [];

  constructor(request: Request, query: DocumentQuery) {
    const rules = { timezone: request.timezone, isoText: true };
    this.#toJson = toCell('json', rules);
    this.#columns = request.columns.map((column) => ({
      path: pathOf(column),
      kind: column.kind,
      toCell: toCell(column.kind, rules),
    }));
    this.#tests = request.filters.map(({ filter, column }) => ({
      path: column.split('.'),
      passes: matcher(filter.test, { ...rules, kind: query.fields[filter.dimension]?.kind ?? 'timestamp' }),
    }));
  }

  /** False, and nothing is added, when the line needs the exact reader. */
  add(line: string): boolean {
    const document = parsed(line);
    if (document === undefined) return false;
    for (const { path, passes } of this.#tests) {
      const value = follow(document, path);
      if (value === NOT_PLAIN || Array.isArray(value)) return false;
      if (passes([this.#value(value)])) continue;
      this.#countFields(document);
      return true;
    }
    const cells: (string | null)[] = [];
    for (const { path, kind, toCell } of this.#columns) {
      const value = follow(document, path);
      if (value === NOT_PLAIN) return false;
      if (typeof value === 'string' && kind === 'text') cells.push(value);
      else {
        const cell = toCell(this.#value(value));
        if (cell === undefined) return false;
        cells.push(cell);
      }
    }
    this.#countFields(document);
    this.#rows.push(cells);
    this.count += 1;
    return true;
  }

  take(): Batch {
    const bytes = encodeRows(this.#rows);
    this.#rows = [];
    this.count = 0;
    return new CopyText({ bytes, ends: cellEnds(bytes) }, this.#columns.length);
  }

  #countFields(document: Fields): void {
    for (const name in document) this.fieldCounts.set(name, (this.fieldCounts.get(name) ?? 0) + 1);
  }

  #value(value: unknown): Value {
    if (typeof value === 'string') return { type: 'text', text: value };
    if (typeof value === 'number') return { type: 'number', text: String(value) };
    if (typeof value === 'boolean') return { type: 'boolean', text: value ? 'true' : 'false' };
    if (value === null || value === undefined) return NULL;
    return extended(value) ?? { type: 'json', text: this.#json(value) };
  }

  #json(value: unknown): string {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((element) => this.#json(element)).join(',')}]`;
    const leaf = extended(value);
    if (leaf !== undefined) return this.#toJson(leaf) ?? 'null';
    return `{${Object.entries(value).map(([name, held]) => `${JSON.stringify(name)}:${this.#json(held)}`)}}`;
  }
}

/**
 * The document, when JSON.parse loses nothing of it: JSON.stringify makes the same line again, so that no name stands twice
 * and every number is spelled as JavaScript spells it (`1.10` and 9007199254740993 are not). Escapes may be half a character.
 */
function parsed(line: string): Fields | undefined {
  try {
    const document: unknown = JSON.parse(line);
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
    if (!isObject || line.includes('\\u') || line.includes('\ufffd') || /[:,[]-?\d[\d.]*e/.test(line))
      return undefined;
    return JSON.stringify(document) === line ? (document as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function follow(document: Fields, path: readonly string[]): unknown {
  let at: unknown = document;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) return NOT_PLAIN;
    at = Object.hasOwn(at, name) ? (at as Fields)[name] : undefined;
  }
  return at;
}

function extended(value: object): Value | undefined {
  const [name, ...others] = Object.keys(value);
  const isKnown = name?.startsWith('$') === true && others.length === 0 && !Array.isArray(value);
  return isKnown ? knownValue(name, (value as Fields)[name]) : undefined;
}
