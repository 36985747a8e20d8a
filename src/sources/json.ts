// The source for JSON documents in files or S3: opens the place and answers a report's questions about it.
import { ReportError } from '../core/errors.js';
import { withIdleTimeout, withinIdleTime } from '../core/idle-watch.js';
import type { DocumentQuery, Prepared, Request, Source } from '../core/source.js';
import type { OpenStore, Store } from '../core/store.js';
import type { Batch, Cell, Column } from '../core/table.js';
import type { SortKey } from '../rows/sort/order.js';
import { sorted } from '../rows/sort.js';
import { pathThrough } from './documents/path.js';
import { floatsOf } from './documents/value.js';
import { estimate } from './json/estimate.js';
import { DOCUMENT_ENDING, type Files, filesOf, type Place, placeOf } from './json/files.js';
import { funnel, trace, values } from './json/inspect.js';
import { outline } from './json/outline.js';
import { ask } from './json/question.js';
import { explained, readDocuments } from './json/read.js';
import { pathOf } from './json/rows.js';
import { sample } from './json/sample.js';

export interface OpenJson {
  readonly name: string;
  /** `file:docs/`, `file:docs.ndjson.gz`, `s3://bucket/prefix/`. */
  readonly url: string;
  readonly shown: string;
  readonly signal: AbortSignal;
  readonly openStore: OpenStore;
  /** Milliseconds without a byte after which a read ends; undefined: never. */
  readonly idleTimeoutMs?: number | undefined;
}

/**
 * @throws ReportError `definition` when the URL names no store, `source` when there is no such file, `usage` for a store in
 * clear text
 */
export async function openJson({
  name,
  url,
  shown,
  signal,
  openStore,
  idleTimeoutMs,
}: OpenJson): Promise<Source> {
  signal.throwIfAborted();
  const label = `source "${name}" (${shown})`;
  const place = await openPlace(url, label, { signal, openStore, idleTimeoutMs });
  return {
    label,
    prepare: (request) => prepare(place, label, request, signal),
    ask: (question) =>
      ask(place, question, label, signal).catch((error: unknown) => {
        throw explained(error, `asking ${label} whether "${question.report}" can be read`, signal);
      }),
    values: async (request, word, prefix, limit) => {
      const query = documentQuery(request, label);
      const doing = `looking for values of ${word} in ${label}`;
      const found = await filesOf(place, query.collection, doing);
      return values({ request, query, found, doing, signal }, word, { prefix, limit });
    },
    outline: (from) => {
      const doing = `describing ${JSON.stringify(from)} in ${label}`;
      return outline(place, from, doing, signal).catch((error: unknown) => {
        throw explained(error, doing, signal);
      });
    },
    close: () => place.close(),
  };
}

/** The same store; what it does ends with SilentConnection when nothing comes for so long. */
function withIdleLimit(store: Store, idleMs: number | undefined): Store {
  return {
    ...store,
    list: (...args) => withIdleTimeout(store.list(...args), idleMs),
    stat: (key) => withinIdleTime(store.stat(key), idleMs),
    download: (key, options) => withIdleTimeout(store.download(key, options), idleMs),
  };
}

async function openPlace(
  url: string,
  label: string,
  { signal, openStore, idleTimeoutMs }: Pick<OpenJson, 'signal' | 'openStore' | 'idleTimeoutMs'>,
): Promise<Place> {
  const doing = `opening ${label}`;
  const opened = await openStore(url, { signal, isFileName: (name) => DOCUMENT_ENDING.test(name) }).catch(
    (error: unknown) => {
      throw explained(error, doing, signal);
    },
  );
  if (opened === undefined) {
    throw new ReportError('definition', `${label} names no folder, file or bucket`, {
      hint: 'Write file:folder/, file:///absolute/folder/ or s3://bucket/prefix/.',
    });
  }
  try {
    return await placeOf({ ...opened, store: withIdleLimit(opened.store, idleTimeoutMs) }, doing);
  } catch (error) {
    await opened.store.close();
    throw explained(error, doing, signal);
  }
}

async function prepare(
  place: Place,
  label: string,
  request: Request,
  signal: AbortSignal,
): Promise<Prepared & { notes(): readonly string[] }> {
  const query = documentQuery(request, label);
  const { keys, columns } = sortKeys(request, query);
  const looking = `looking for the documents of "${request.report}" in ${label}`;
  const found = await filesOf(place, query.collection, looking).catch((error: unknown) => {
    throw explained(error, looking, signal);
  });
  const read = {
    request: { ...request, columns },
    query,
    found,
    doing: `reading "${request.report}" from ${label}`,
    signal,
  };
  let notes: readonly string[] = [];
  return {
    statement: statementOf(request, query, found),
    pushedDown: false,
    floats: floatsOf(request.columns),
    leftOut: found.leftOut,
    estimate: () => estimate(read),
    filterPlans: async () => request.filters.map(() => ({ how: 'scan', name: query.collection })),
    funnel: () => funnel({ ...read, doing: `counting the documents of "${request.report}" in ${label}` }),
    trace: (key, most) => {
      const doing = `looking for the key in "${request.report}" in ${label}`;
      return trace({ ...read, request, doing }, key, most);
    },
    async *read() {
      const isSorted = keys.length > 0;
      const note = (lines: readonly string[]) => {
        notes = lines;
      };
      const batches = readDocuments({ ...read, limit: isSorted ? undefined : request.limit, note });
      if (!isSorted) {
        yield* batches;
        return;
      }
      const exported = request.columns.length;
      for await (const rows of sorted(rowsOf(batches), { keys, limit: request.limit, signal })) {
        yield batchOf(columns.length === exported ? rows : rows.map((row) => row.slice(0, exported)));
      }
    },
    notes: () => notes,
    sample: (count) => sample(read, label, count),
  };
}

async function* rowsOf(batches: AsyncIterable<Batch>): AsyncGenerator<readonly (readonly Cell[])[]> {
  for await (const batch of batches) yield batch.rows();
}

function batchOf(rows: readonly (readonly Cell[])[]): Batch {
  return { rowCount: rows.length, rows: () => rows };
}

/** @throws ReportError `definition` for a query that files cannot answer */
function documentQuery(request: Request, label: string): DocumentQuery {
  const { report, query } = request;
  if (typeof query === 'string') {
    throw new ReportError(
      'definition',
      `report "${report}": its query is SQL, but ${label} holds documents`,
      {
        hint: 'Write the report as YAML with a collection, or name a PostgreSQL source.',
      },
    );
  }
  if (query.pipeline.length > 0) {
    throw new ReportError('definition', `report "${report}": ${label} is files, which run no pipeline`, {
      hint: 'Read the documents from MongoDB, or take the pipeline out and let filters and columns with a path do it.',
    });
  }
  return query;
}

/** The sort keys, and the columns to read: those to export, then those that are only sorted by. */
function sortKeys(
  request: Request,
  { orderBy }: DocumentQuery,
): { readonly keys: SortKey[]; readonly columns: readonly Column[] } {
  const columns = [...request.columns];
  const keys = orderBy.map(({ column, descending }) => {
    let index = columns.findIndex(({ name }) => name === column.name);
    if (index === -1) index = columns.push(column) - 1;
    return { index, kind: column.kind, descending };
  });
  return { keys, columns };
}

function statementOf(request: Request, query: DocumentQuery, found: Files): string {
  const names = found.files.map(({ name }) => name);
  const statement = {
    read: names.length > 3 ? [...names.slice(0, 2), `… ${names.length - 3} more …`, names.at(-1)] : names,
    ...(found.leftOut.length > 0 && { leftOut: found.leftOut }),
    where: Object.fromEntries(request.filters.map(({ filter, column }) => [column, filter.values])),
    take: Object.fromEntries(
      request.columns.map((column) => [column.name, `${column.kind} at ${pathThrough(pathOf(column))}`]),
    ),
    orderBy: request.orderBy,
    onMismatch: query.onMismatch,
    limit: request.limit,
  };
  return JSON.stringify(statement, null, 2);
}
