// PostgreSQL: describes the query, then reads it once through COPY in text in a read-only transaction.
import type { Client } from 'pg';
import { IdleWatch } from '../core/idle-watch.js';
import type { Estimate, Prepared, Source, SqlRequest } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { BACKEND_COLUMNS, backendOf, mayBeWorking, noteBackend } from './postgres/backend.js';
import { cautions } from './postgres/cautions.js';
import { bytesReadBy, cancelRunning, connect, disconnect } from './postgres/connect.js';
import { readUrl } from './postgres/connection-url.js';
import { copyBatches } from './postgres/copy.js';
import { describe } from './postgres/describe.js';
import { postgresDialect } from './postgres/dialect.js';
import { sourceError } from './postgres/errors.js';
import { filterPlans, funnel, planOf, trace, values } from './postgres/inspect.js';
import { outline } from './postgres/outline.js';
import { ask } from './postgres/question.js';
import { beginReadOnly, cancellable, inReadOnly, type Session } from './postgres/session.js';
import { typeProbe } from './postgres/type-probe.js';
import { floatsOf, matchContract, type Types } from './sql/contract.js';
import { hasMarker } from './sql/query.js';
import { questionRequest, sqlRequest } from './sql/request.js';
import { readStatement } from './sql/statement.js';

export interface OpenPostgres {
  readonly name: string;
  /** `postgres://…` with its secrets; what it leaves out comes from the `PG*` variables. */
  readonly url: string;
  readonly shown: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the server is asked whether it still works; undefined never asks. */
  readonly idleTimeoutMs?: number | undefined;
  /** Called after the connection was closed. */
  readonly release?: () => Promise<void>;
}

/** A connection idles while other sources are read. Servers older than PostgreSQL 14 and 17 lack these settings. */
const NO_TIMEOUTS = `SELECT ${BACKEND_COLUMNS}, count(set_config(name, '0', false)) FROM pg_catalog.pg_settings
  WHERE name IN ('idle_session_timeout', 'transaction_timeout')`;

/** @throws ReportError `source` when the server cannot be reached or refuses the login */
export async function openPostgres(options: OpenPostgres): Promise<Source> {
  const label = `source "${options.name}" (${options.shown})`;
  const client = await connect({ ...options, label }, options.signal);
  const { signal, idleTimeoutMs: idleMs } = options;
  const dialect = postgresDialect(client);
  const idle = new IdleWatch({
    idleMs,
    bytes: () => bytesReadBy(client),
    isWorking: () => mayBeWorking({ ...options, label }, backendOf(client), signal),
    end: () => void cancelRunning(client),
  });
  const session: Session = { client, dialect, label, signal, idle };
  try {
    await cancellable(session, `connecting to ${label}`, () => noteBackend(client, NO_TIMEOUTS));
  } catch (error) {
    await disconnect(client);
    throw error;
  }
  return {
    label,
    prepare: async (request) => prepare(session, sqlRequest(request, label)),
    ask: async (question) => {
      const request = questionRequest(question, label);
      const doing = `asking ${label} whether "${question.report}" can be read`;
      return cancellable(session, doing, () =>
        inReadOnly(client, request, () => ask(session, request, doing)),
      );
    },
    values: async (asked, word, prefix, limit) => {
      const request = sqlRequest(asked, label);
      const doing = `looking for values of ${word} in ${label}`;
      return cancellable(session, doing, () =>
        inReadOnly(client, request, () => values(session, request, { word, prefix, limit })),
      );
    },
    outline: (from) => {
      const doing = `describing ${JSON.stringify(from)} in ${label}`;
      return cancellable(session, doing, () => outline(session, from, doing));
    },
    cautions: () => cautions(session, readUrl(options.url, label).ignored),
    async close() {
      try {
        await disconnect(client);
      } finally {
        await options.release?.();
      }
    },
  };
}

async function prepare(session: Session, request: SqlRequest): Promise<Prepared> {
  const { client, dialect, label } = session;
  const doing = `describing the query of "${request.report}" in ${label}`;
  const { columns, parameters } = await cancellable(session, doing, () =>
    describe(client, typeProbe(request, dialect)),
  );
  const expressions = hasMarker(request, dialect) ? parameters : undefined;
  const types = matchContract(doing, request, { columns, expressions }, dialect);
  const described = { client, request, types, dialect, columns };
  const statement = readStatement(described);
  // What the server refuses where the query meets filters, params and order is found here, not in the middle of a run.
  await cancellable(session, doing, () => describe(client, statement));
  const inspect = <T>(verb: string, work: () => Promise<T>) =>
    cancellable(session, `${verb} the query of "${request.report}" in ${label}`, () =>
      inReadOnly(client, request, work),
    );
  return {
    statement,
    pushedDown: true,
    offsets: offsetsOf(request, types),
    floats: floatsOf(request, types, dialect),
    estimate: () => inspect('planning', () => estimate(client, statement)),
    filterPlans: () => inspect('planning', () => filterPlans(described)),
    funnel: () => inspect('counting the rows of', () => funnel(described)),
    trace: (key, most) => inspect('looking for the key in', () => trace(described, key, most)),
    read: () => read(session, request, statement),
  };
}

/** `timestamp with time zone` is printed with an offset, `timestamp` without one. */
function offsetsOf({ columns }: SqlRequest, types: Types): NonNullable<Prepared['offsets']> {
  const timestamps = columns.filter(({ kind }) => kind === 'timestamp');
  return Object.fromEntries(
    timestamps.map(({ name }) => [name, types.columns[name] === 'timestamptz' ? 'always' : 'never']),
  );
}

async function* read(
  { client, label, signal, idle }: Session,
  request: SqlRequest,
  statement: string,
): AsyncGenerator<Batch> {
  let isComplete = false;
  const cancel = () => void cancelRunning(client);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    await idle.during(beginReadOnly(client, request));
    yield* copyBatches(client, statement, request.columns.length, { signal, idle });
    isComplete = true;
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(`reading "${request.report}" from ${label}`, idle.failure ?? error);
  } finally {
    signal.removeEventListener('abort', cancel);
    // After a COPY that was left early the next query on the connection would hang, so the client is closed.
    if (!isComplete) await cancelRunning(client);
  }
}

async function estimate(client: Client, statement: string): Promise<Estimate> {
  const root = await planOf(client, statement);
  return { rows: root['Plan Rows'], rowBytes: root['Plan Width'] };
}
