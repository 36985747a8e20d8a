// MongoDB: finds or aggregates once, and reads rows from the raw BSON of what comes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AbstractCursor, AggregateOptions, ClientSession, Document, FindOptions } from 'mongodb';
import { didYouMean, ReportError } from '../core/errors.js';
import type { DocumentQuery, Estimate, Prepared, Request, Source } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { type Connected, connect, disconnect } from './mongodb/connect.js';
import { cannotTell, isRefusal, sourceError } from './mongodb/errors.js';
import { filterPlans, funnel, trace, values } from './mongodb/inspect.js';
import { outline } from './mongodb/outline.js';
import { stagesOf } from './mongodb/pipeline.js';
import { ask } from './mongodb/question.js';
import { keepReplies, takeDocuments } from './mongodb/reply.js';
import { RowReader } from './mongodb/rows.js';
import { sample } from './mongodb/sample.js';
import { documentQuery, type Statement, statementOf, statementText } from './mongodb/statement.js';

export interface OpenMongodb {
  readonly name: string;
  /** `mongodb://…` or `mongodb+srv://…` with its secrets. */
  readonly url: string;
  readonly shown: string;
  /** Of PostgreSQL; not used. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const BATCH_ROWS = 1_000;
/** Documents asked for at once: enough that a slow link is not waited for, few enough for the memory (16 MB at most). */
const FETCHED = 4_000;
/** The server ends a session after 30 minutes, whatever noCursorTimeout says. */
const REFRESH_MILLISECONDS = 5 * 60_000;
const COUNT_MILLISECONDS = 10_000;
const KILL_MILLISECONDS = 1_000;

/** @throws ReportError `definition` for a URL that cannot be read, `source` when the server cannot be reached or refuses the login */
export async function openMongodb(options: OpenMongodb): Promise<Source> {
  const label = `source "${options.name}" (${options.shown})`;
  const { signal } = options;
  const connected = await connect({ url: options.url, label, signal });
  return {
    label,
    prepare: (request) => prepare({ ...connected, label, signal }, request),
    ask: (question) =>
      cancellable(
        { ...connected, label, signal },
        `asking ${label} whether "${question.report}" can be read`,
        () => ask(connected.database, question, label),
      ),
    values: async (request, dimension, prefix, limit) => {
      const query = documentQuery(request, label);
      const path = request.mapped[dimension];
      if (path === undefined) return [];
      const { BSON } = await import('./mongodb/driver.js');
      const stages = stagesOf(query, {}, request.report, BSON);
      return cancellable(
        { ...connected, label, signal },
        `looking for values of ${dimension} in ${label}`,
        () => values(connected.database, query, path, { prefix, limit, stages }),
      );
    },
    outline: (from) => {
      const place = { ...connected, label, signal };
      const doing = `describing ${JSON.stringify(from)} in ${label}`;
      return cancellable(place, doing, async () => {
        await assertCollection(place, from, doing);
        return outline(connected.database, from, doing);
      });
    },
    close: () => disconnect(connected.client),
  };
}

interface Place extends Connected {
  readonly label: string;
  readonly signal: AbortSignal;
}

async function prepare(place: Place, request: Request): Promise<Prepared> {
  const query = documentQuery(request, place.label);
  const { BSON } = await import('./mongodb/driver.js');
  const statement = statementOf(request, query, BSON);
  const doing = `describing the query of "${request.report}" in ${place.label}`;
  await cancellable(place, doing, () => assertCollection(place, statement.collection, doing));
  await cancellable(place, doing, () => assertPipeline(place, statement));
  const reader = new RowReader(request.columns, {
    doing: `reading "${request.report}" from ${place.label}`,
    timezone: request.timezone,
    onMismatch: query.onMismatch,
    isoTextAt: isoTextAt(request, query),
  });
  const { database } = place;
  const question = { database, request, query, statement, isoTextAt: isoTextAt(request, query), bson: BSON };
  const ask = <T>(doing: string, work: () => Promise<T>) =>
    cancellable(place, `${doing} "${request.report}" in ${place.label}`, work);
  return {
    statement: statementText(statement, BSON),
    pushedDown: true,
    estimate: () =>
      cancellable(place, `counting "${statement.collection}" in ${place.label}`, () =>
        count(place, statement, request),
      ),
    filterPlans: () => ask('planning', () => filterPlans(question)),
    funnel: () => ask('counting the documents of', () => funnel(question)),
    trace: (key, most) => ask('looking for the key in', () => trace(question, key, most)),
    read: () => read(place, statement, request, reader),
    notes: () => reader.notes(),
    sample: (documents) =>
      cancellable(place, `sampling "${statement.collection}" in ${place.label}`, () =>
        sample({ ...place, request, query, isoTextAt: isoTextAt(request, query) }, documents),
      ),
  };
}

/** Where a filter says that dates are stored as text, the column of that path takes them too. */
function isoTextAt({ mapped }: Request, { fields }: DocumentQuery): ReadonlySet<string> {
  return new Set(
    Object.entries(mapped)
      .filter(([dimension]) => fields[dimension as keyof typeof fields]?.stored === 'text')
      .map(([, path]) => path),
  );
}

/** MongoDB takes a name that is not there for an empty collection. */
async function assertCollection({ database }: Place, name: string, doing: string): Promise<void> {
  const list = (filter: Document) =>
    database.listCollections(filter, { nameOnly: true, authorizedCollections: true }).toArray();
  try {
    if ((await list({ name })).length > 0) return;
    const names = (await list({})).map((collection) => collection.name).sort();
    throw new ReportError('source', `${doing}: there is no collection "${name}"`, {
      hint: `${didYouMean(name, names)}.`,
    });
  } catch (error) {
    if (!cannotTell(error)) throw error;
  }
}

/** What the server refuses in a pipeline is found here, not in the middle of a run. */
async function assertPipeline({ database }: Place, statement: Statement): Promise<void> {
  if (statement.via === 'find') return;
  const aggregate = { aggregate: statement.collection, pipeline: statement.pipeline, cursor: {} };
  try {
    await database.command({ explain: aggregate, verbosity: 'queryPlanner' });
  } catch (error) {
    if (!cannotTell(error)) throw error;
  }
}

/** All documents of the collection: an upper bound where filters leave some out, and no bound where a pipeline makes more. */
async function count(
  { database }: Place,
  { collection, ...statement }: Statement,
  { columns, filters, limit }: Request,
): Promise<Estimate> {
  const rows = await database
    .collection(collection)
    .estimatedDocumentCount({ maxTimeMS: COUNT_MILLISECONDS });
  const isBound = filters.length > 0 || statement.via === 'aggregate';
  return {
    rows: Math.min(rows, limit ?? rows),
    rowBytes: 16 * columns.length,
    ...(isBound ? { isBound: true as const } : {}),
  };
}

async function* read(
  place: Place,
  statement: Statement,
  { report, limit }: Request,
  reader: RowReader,
): AsyncGenerator<Batch> {
  const { client, signal, label } = place;
  const doing = `reading "${report}" from ${label}`;
  signal.throwIfAborted();
  if (limit === 0) return;
  const session = client.startSession();
  const refresh = setInterval(() => void refreshed(place, session), REFRESH_MILLISECONDS).unref();
  try {
    const first = await cancellable(place, doing, () => firstBatch(place, statement, session));
    yield* batches(place, first, reader);
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  } finally {
    clearInterval(refresh);
    await session.endSession();
  }
}

async function* batches(
  { client, signal }: Place,
  first: FirstBatch,
  reader: RowReader,
): AsyncGenerator<Batch> {
  const { cursor } = first;
  // Once: a second close() of the driver does not wait for the first.
  let killed: Promise<void> | undefined;
  const killOnce = () => (killed ??= kill(cursor));
  const leave = () => void killOnce().then(() => disconnect(client));
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (let { any: more } = first; more; ) {
      const documents = takeDocuments(cursor);
      const count = documents.starts.length;
      // The server works on the next ones while these are read and written.
      const next = cursor.hasNext();
      next.catch(() => undefined);
      for (let at = 0; at < count; at += BATCH_ROWS) {
        signal.throwIfAborted();
        yield reader.batch(documents, at, Math.min(at + BATCH_ROWS, count));
      }
      more = await next;
    }
    signal.throwIfAborted();
    // Without this, a source that was closed too early would look like one that has no more rows.
    if (cursor.killed) throw new Error('the cursor was closed before its end');
  } finally {
    signal.removeEventListener('abort', leave);
    await killOnce();
  }
}

/** Tells the server that nobody reads on, unless all was read; one that does not answer is not waited for. Never throws. */
async function kill(cursor: AbstractCursor<Document>): Promise<void> {
  const closed = cursor.close().catch(() => undefined);
  await Promise.race([closed, sleep(KILL_MILLISECONDS, undefined, { ref: false })]);
}

interface FirstBatch {
  readonly cursor: AbstractCursor<Document>;
  /** Are there any documents? */
  readonly any: boolean;
}

/** Asks for all that is wanted; a server that does not know majority reads or cursors without an end is asked for less. */
async function firstBatch(
  { database, hasReadConcern }: Place,
  statement: Statement,
  session: ClientSession,
): Promise<FirstBatch> {
  const collection = database.collection(statement.collection);
  const common = { raw: true, batchSize: FETCHED, session };
  const majority = { readConcern: { level: 'majority' as const } };
  const open = (options: FindOptions & AggregateOptions, noCursorTimeout: boolean) => {
    if (statement.via === 'aggregate') {
      return collection.aggregate(statement.pipeline, { ...options, allowDiskUse: true });
    }
    const { filter, projection, sort, limit } = statement;
    return collection.find(filter, {
      ...options,
      projection,
      ...(sort === undefined ? {} : { sort, allowDiskUse: true }),
      ...(limit === undefined ? {} : { limit }),
      ...(noCursorTimeout ? { noCursorTimeout } : {}),
    });
  };
  const { AbstractCursor } = await import('./mongodb/driver.js');
  const { getMore } = AbstractCursor.prototype as unknown as Readonly<Record<string, unknown>>;
  const started = async (cursor: AbstractCursor<Document>) => {
    keepReplies(cursor, getMore);
    return { cursor, any: await cursor.hasNext() };
  };
  try {
    return await started(open(hasReadConcern ? common : { ...common, ...majority }, true));
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  return started(open(common, false));
}

/** When it fails the read goes on: it says itself when its cursor is gone. */
async function refreshed({ client }: Place, session: ClientSession): Promise<void> {
  try {
    await client.db('admin').command({ refreshSessions: [session.id] });
  } catch {
    // See above.
  }
}

/** When the signal fires during the work, the connections are closed and the signal's reason is thrown. */
async function cancellable<T>({ client, signal }: Place, doing: string, work: () => Promise<T>): Promise<T> {
  const leave = () => void disconnect(client);
  signal.addEventListener('abort', leave, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
