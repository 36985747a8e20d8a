// PostgreSQL: describes the query, then reads it once through COPY in text in a read-only transaction.
import type { Client } from 'pg';
import { ReportError } from '../core/errors.js';
import type { Estimate, Prepared, Request, Source, SqlRequest } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { cancelRunning, connect, disconnect } from './postgres/connect.js';
import { matchContract } from './postgres/contract.js';
import { copyBatches } from './postgres/copy.js';
import { describe } from './postgres/describe.js';
import { sourceError } from './postgres/errors.js';
import { filterPlans, funnel, planOf, trace, values } from './postgres/inspect.js';
import { outline } from './postgres/outline.js';
import { ask, questionRequest } from './postgres/question.js';
import { readStatement, typeProbe } from './postgres/statement.js';

export interface OpenPostgres {
  readonly name: string;
  /** `postgres://…` with its secrets; what it leaves out comes from the `PG*` variables. */
  readonly url: string;
  readonly shown: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called after the connection was closed. */
  readonly release?: () => Promise<void>;
}

/** Of the session, since several sources wait for their turn; older servers have neither (PostgreSQL 14 and 17). */
const NO_TIMEOUTS = `SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings
  WHERE name IN ('idle_session_timeout', 'transaction_timeout')`;

/** @throws ReportError `source` when the server cannot be reached or refuses the login */
export async function openPostgres(options: OpenPostgres): Promise<Source> {
  const label = `source "${options.name}" (${options.shown})`;
  const client = await connect({ ...options, label });
  try {
    await client.query(NO_TIMEOUTS);
  } catch (error) {
    await disconnect(client);
    options.signal.throwIfAborted();
    throw sourceError(`connecting to ${label}`, error);
  }
  return {
    label,
    prepare: async (request) => prepare(client, label, sqlRequest(request, label), options.signal),
    ask: async (question) => {
      const request = questionRequest(question, label);
      const doing = `asking ${label} whether "${question.report}" can be read`;
      return cancellable(client, options.signal, doing, () =>
        inReadOnly(client, request, () => ask(client, request, doing)),
      );
    },
    values: async (asked, dimension, prefix, limit) => {
      const request = sqlRequest(asked, label);
      const doing = `looking for values of ${dimension} in ${label}`;
      return cancellable(client, options.signal, doing, () =>
        inReadOnly(client, request, () => values(client, request, dimension, { prefix, limit })),
      );
    },
    outline: (from) => {
      const doing = `describing ${JSON.stringify(from)} in ${label}`;
      return cancellable(client, options.signal, doing, () => outline(client, from, doing));
    },
    async close() {
      try {
        await disconnect(client);
      } finally {
        await options.release?.();
      }
    },
  };
}

function sqlRequest(request: Request, label: string): SqlRequest {
  const { query } = request;
  if (typeof query === 'string') return { ...request, query };
  throw new ReportError('definition', `report "${request.report}" reads documents, but ${label} speaks SQL`, {
    hint: 'Set its source to mongodb://…, file:… or s3://….',
  });
}

async function prepare(
  client: Client,
  label: string,
  request: SqlRequest,
  signal: AbortSignal,
): Promise<Prepared> {
  const doing = `describing the query of "${request.report}" in ${label}`;
  const described = await cancellable(client, signal, doing, () =>
    describe(client, typeProbe(request, client)),
  );
  const types = matchContract(doing, request, described);
  const statement = readStatement(request, types, client);
  // Where the query meets filters, params and order: what the server refuses is found here, not in the middle of a run.
  await cancellable(client, signal, doing, () => describe(client, statement));
  const question = { client, request, types, columns: described.columns };
  const ask = <T>(verb: string, work: () => Promise<T>) =>
    cancellable(client, signal, `${verb} the query of "${request.report}" in ${label}`, () =>
      inReadOnly(client, request, work),
    );
  return {
    statement,
    pushedDown: true,
    estimate: () => ask('planning', () => estimate(client, statement)),
    filterPlans: () => ask('planning', () => filterPlans(question)),
    funnel: () => ask('counting the rows of', () => funnel(question)),
    trace: (key, most) => ask('looking for the key in', () => trace(question, key, most)),
    read: () => read(client, label, request, statement, signal),
  };
}

async function* read(
  client: Client,
  label: string,
  request: SqlRequest,
  statement: string,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const doing = `reading "${request.report}" from ${label}`;
  let done = false;
  const cancel = () => void cancelRunning(client);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    await begin(client, request);
    yield* copyBatches(client, statement, request.columns.length, signal);
    done = true;
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  } finally {
    signal.removeEventListener('abort', cancel);
    // A COPY that was left early hangs the next query on its connection: this one is not used again.
    if (!done) await cancelRunning(client);
  }
}

async function estimate(client: Client, statement: string): Promise<Estimate> {
  const root = await planOf(client, statement);
  return { rows: root['Plan Rows'], rowBytes: root['Plan Width'] };
}

/** When the signal fires during the work, the server stops it and the signal's reason is thrown. */
async function cancellable<T>(
  client: Client,
  signal: AbortSignal,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = () => void cancelRunning(client);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function inReadOnly<T>(client: Client, request: SqlRequest, work: () => Promise<T>): Promise<T> {
  try {
    await begin(client, request);
    return await work();
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/** One snapshot, nothing can be written, and every setting that changes how a value is spelled is fixed. */
async function begin(client: Client, request: SqlRequest): Promise<void> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const settings = {
    TimeZone: request.timezone,
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '3',
    lc_monetary: 'C',
    client_encoding: 'UTF8',
    synchronize_seqscans: 'off',
    statement_timeout: '0',
    lock_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    application_name: `reportctl/${request.report}`.slice(0, 63),
  };
  const names = Object.keys(settings);
  await client.query(
    `SELECT ${names.map((name, index) => `set_config('${name}', $${index + 1}, true)`).join(', ')}`,
    Object.values(settings),
  );
}
