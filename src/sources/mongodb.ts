// The source for MongoDB: runs one find or aggregation and makes rows from the raw BSON of the replies.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AbstractCursor, AggregateOptions, ClientSession, Document, FindOptions } from 'mongodb';
import { didYouMean, ReportError } from '../core/errors.js';
import type { Estimate, Prepared, Request, Source } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { floatsOf } from './documents/value.js';
import { cautions } from './mongodb/cautions.js';
import { type Connected, connect, disconnect } from './mongodb/connect.js';
import { cannotTell, isRefusal, sourceError } from './mongodb/errors.js';
import { filterPlans, funnel, trace, values } from './mongodb/inspect.js';
import { outline } from './mongodb/outline.js';
import { pathOf } from './mongodb/paths.js';
import { stagesOf } from './mongodb/pipeline.js';
import { ask } from './mongodb/question.js';
import { keepReplies, takeDocuments } from './mongodb/reply.js';
import { RowReader } from './mongodb/rows.js';
import { sample } from './mongodb/sample.js';
import { documentQuery, isoTextAt, type Statement, statementOf, statementText } from './mongodb/statement.js';

export interface OpenMongodb {
  readonly name: string;
  /** `mongodb://…` or `mongodb+srv://…` with its secrets. */
  readonly url: string;
  readonly shown: string;
  /** The PG* variables; not used here. */
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds that the server may take for an answer, unless the URL says; undefined: any. */
  readonly idleTimeoutMs?: number | undefined;
}

const BATCH_ROWS = 1_000;
/** Documents of one reply: enough for a slow link, few enough for memory (a reply has at most 16 MB). */
const DOCUMENTS_PER_REPLY = 4_000;
/** The server ends a session that is not refreshed for 30 minutes, even with noCursorTimeout. */
const REFRESH_MILLISECONDS = 5 * 60_000;
const COUNT_MILLISECONDS = 10_000;
const KILL_MILLISECONDS = 1_000;

/** Imports the driver. */
export async function preload(): Promise<void> {
  await import('./mongodb/driver.js');
}

/** @throws ReportError `definition` for a URL that cannot be read, `source` when the server cannot be reached or refuses the login */
export async function openMongodb(options: OpenMongodb): Promise<Source> {
  const label = `source "${options.name}" (${options.shown})`;
  const { signal } = options;
  const connected = await connect({ url: options.url, label, signal, idleTimeoutMs: options.idleTimeoutMs });
  return {
    label,
    cautions: () => cautions(connected, label),
    prepare: (request) => prepare({ ...connected, label, signal }, request),
    ask: (question) =>
      cancellable(
        { ...connected, label, signal },
        `asking ${label} whether "${question.report}" can be read`,
        () => ask(connected.database, question, label),
      ),
    values: async (request, word, prefix, limit) => {
      const query = documentQuery(request, label);
      const path = request.mapped[word];
      if (path === undefined) return [];
      const { BSON } = await import('./mongodb/driver.js');
      const stages = stagesOf(query, {}, request.report, BSON);
      return cancellable({ ...connected, label, signal }, `looking for values of ${word} in ${label}`, () =>
        values(connected.database, query, path, { prefix, limit, stages }),
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
    offsets: offsetsOf(request, isoTextAt(request, query)),
    floats: floatsOf(request.columns),
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

/** Dates are instants; ISO 8601 text may have an offset or not. */
function offsetsOf({ columns }: Request, isoText: ReadonlySet<string>): NonNullable<Prepared['offsets']> {
  const dates = columns.filter((column) => column.kind === 'timestamp' && !isoText.has(pathOf(column)));
  return Object.fromEntries(dates.map(({ name }) => [name, 'always']));
}

/** MongoDB treats a missing collection as an empty one. @throws ReportError `source` when it is missing */
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

/** Lets the server check the pipeline before the run. @throws what the server refuses */
async function assertPipeline({ database }: Place, statement: Statement): Promise<void> {
  if (statement.via === 'find') return;
  const aggregate = { aggregate: statement.collection, pipeline: statement.pipeline, cursor: {} };
  try {
    await database.command({ explain: aggregate, verbosity: 'queryPlanner' });
  } catch (error) {
    if (!cannotTell(error)) throw error;
  }
}

/** The number of documents in the collection. With filters an upper bound; with a pipeline the rows may be more or fewer. */
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
  // Kill once: a second close() of the driver does not wait for the first.
  let killed: Promise<void> | undefined;
  const killOnce = () => (killed ??= kill(cursor));
  const leave = () => void killOnce().then(() => disconnect(client));
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (let { any: more } = first; more; ) {
      const documents = takeDocuments(cursor);
      const count = documents.starts.length;
      // The server prepares the next reply while this one is read and written.
      const next = cursor.hasNext();
      next.catch(() => undefined);
      for (let at = 0; at < count; at += BATCH_ROWS) {
        signal.throwIfAborted();
        yield reader.batch(documents, at, Math.min(at + BATCH_ROWS, count));
      }
      more = await next;
    }
    signal.throwIfAborted();
    // A cursor that was closed early would otherwise look like one without more rows.
    if (cursor.killed) throw new Error('the cursor was closed before its end');
  } finally {
    signal.removeEventListener('abort', leave);
    await killOnce();
  }
}

/** Closes the cursor on the server. Does not wait long for a server that does not answer. Never throws. */
async function kill(cursor: AbstractCursor<Document>): Promise<void> {
  const closed = cursor.close().catch(() => undefined);
  await Promise.race([closed, sleep(KILL_MILLISECONDS, undefined, { ref: false })]);
}

interface FirstBatch {
  readonly cursor: AbstractCursor<Document>;
  /** Are there any documents? */
  readonly any: boolean;
}

/** Starts the command with majority reads and no cursor timeout; again without them when the server knows neither. */
async function firstBatch(
  { database, hasReadConcern }: Place,
  statement: Statement,
  session: ClientSession,
): Promise<FirstBatch> {
  const collection = database.collection(statement.collection);
  const common = { raw: true, batchSize: DOCUMENTS_PER_REPLY, session };
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

/** Keeps the session alive. Ignores failures: when the cursor is lost, the read itself fails. */
async function refreshed({ client }: Place, session: ClientSession): Promise<void> {
  try {
    await client.db('admin').command({ refreshSessions: [session.id] });
  } catch {
    // Ignored: see above.
  }
}

/** Runs the work. When the signal fires, closes the connections and throws the signal's reason. @throws ReportError `source` */
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
