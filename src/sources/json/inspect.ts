// Answers questions about a request other than its rows: what each filter leaves, what happens to one key, which values occur.
import type { KeyPart, Trace, TracedRow } from '../../core/source.js';
import type { Column } from '../../core/table.js';
import { assertKey, isKey } from '../documents/key.js';
import { readAhead } from './ahead.js';
import { unzipped } from './gunzip.js';
import { explained, type Read, withEnd } from './read.js';
import { DocumentReader } from './reader.js';
import { RowMaker } from './rows.js';

/** How many documents there are, and how many are left after each filter. */
export async function funnel(read: Read): Promise<number[]> {
  const left = [0, ...read.request.filters.map(() => 0)];
  const maker = makerOf(read, []);
  await eachDocument(read, maker, (document) => {
    const failing = maker.verdicts(document).indexOf(false);
    const passed = failing === -1 ? left.length : failing + 1;
    for (let at = 0; at < passed; at += 1) left[at] = (left[at] ?? 0) + 1;
  });
  return left;
}

/** The documents with the key, and which filters each passes. @param most rows that are returned @throws ReportError `usage` for a wrong key */
export async function trace(read: Read, key: readonly KeyPart[], most: number): Promise<Trace> {
  assertKey(key);
  const { filters, columns } = read.request;
  const looked = filters.map(({ column }): Column => ({ name: column, kind: 'text', path: column }));
  const maker = makerOf(read, [...columns, ...looked, ...key.map(({ column }) => column)]);
  const passing = filters.map(() => 0);
  const rows: TracedRow[] = [];
  let found = 0;
  let selected = 0;
  await eachDocument(read, maker, (document) => {
    const cells = maker.cells(document);
    const keyStart = columns.length + filters.length;
    if (!key.every((part, index) => isKey(cells[keyStart + index], part))) return;
    const verdicts = maker.verdicts(document);
    found += 1;
    if (!verdicts.includes(false)) selected += 1;
    verdicts.forEach((passes, index) => {
      if (passes) passing[index] = (passing[index] ?? 0) + 1;
    });
    if (rows.length >= most) return;
    rows.push({
      cells: cells.slice(0, columns.length),
      filters: verdicts.map((passes, index) => ({ value: cells[columns.length + index], passes })),
    });
  });
  return {
    found,
    selected,
    filters: passing.map((count) => ({ passing: count, without: undefined })),
    rows,
  };
}

/** Documents in which values are looked for: files have no index. */
const MAX_LOOKED_AT = 5_000;

/** Different values at the path of a word that start with the prefix, from the first documents. */
export async function values(
  read: Read,
  word: string,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
): Promise<string[]> {
  const path = read.request.mapped[word];
  if (path === undefined) return [];
  const maker = makerOf(read, [{ name: path, kind: 'text', path }]);
  const found = new Set<string>();
  let documents = 0;
  await eachDocument(read, maker, (document) => {
    const [value] = maker.cells(document);
    if (typeof value === 'string' && value.startsWith(prefix)) found.add(value);
    documents += 1;
    return found.size === limit || documents === MAX_LOOKED_AT;
  });
  return [...found];
}

function makerOf({ request, query, doing }: Read, columns: readonly Column[]): RowMaker {
  return new RowMaker({ ...request, columns }, { ...query, onMismatch: 'null' }, doing);
}

/**
 * Reads the documents of all files in order.
 * @param work returns true to stop
 * @throws ReportError `source` for a broken document, or the signal's reason
 */
export async function eachDocument(
  { request, found, doing, signal }: Read,
  maker: RowMaker,
  work: (document: DocumentReader) => unknown,
): Promise<void> {
  const reader = new DocumentReader(maker.root, doing, request.timezone);
  let name = '';
  try {
    // Test before opening: a file opened for a cancelled read would stay open.
    signal.throwIfAborted();
    for await (const { file, chunks } of readAhead(found.files, signal)) {
      name = file.name;
      reader.begin(name);
      for await (const chunk of withEnd(unzipped(name, chunks))) {
        signal.throwIfAborted();
        if (chunk === undefined) reader.finish();
        else reader.append(chunk);
        while (reader.next()) if (work(reader) === true) return;
      }
    }
  } catch (error) {
    throw explained(reader.explain(error), `${doing}: ${name}`, signal);
  }
}
