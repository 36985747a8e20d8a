// One connection: work on it can be cancelled, and runs in read-only transactions with fixed settings.
import type { Client } from 'pg';
import type { IdleWatch } from '../../core/idle-watch.js';
import type { Dialect } from '../sql/dialect.js';
import { BACKEND_COLUMNS, noteBackend } from './backend.js';
import { cancelRunning } from './connect.js';
import { sourceError } from './errors.js';

export interface Session {
  readonly client: Client;
  readonly dialect: Dialect;
  /** The source's, for messages. */
  readonly label: string;
  readonly signal: AbortSignal;
  /** Of the client's connection. */
  readonly idle: IdleWatch;
}

/** What a transaction needs to know of a request. */
interface Settings {
  readonly report: string;
  /** IANA name. */
  readonly timezone: string;
}

/**
 * Does the work; when the session's signal fires meanwhile, or nothing comes for too long, the server is asked to stop and the
 * client is closed.
 * @param doing for messages: what we are doing
 * @throws ReportError `source`, or the signal's reason
 */
export async function cancellable<T>(
  { client, signal, idle }: Session,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = () => void cancelRunning(client);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    return await idle.during(work());
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, idle.failure ?? error);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Does the work in a read-only transaction of its own, which is rolled back at the end. */
export async function inReadOnly<T>(client: Client, settings: Settings, work: () => Promise<T>): Promise<T> {
  try {
    await beginReadOnly(client, settings);
    return await work();
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

/** Begins a transaction that sees one snapshot and cannot write; every setting that changes how a value is spelled is fixed. */
export async function beginReadOnly(client: Client, { report, timezone }: Settings): Promise<void> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const settings = {
    TimeZone: timezone,
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
    application_name: `reportctl/${report}`.slice(0, 63),
  };
  const names = Object.keys(settings);
  const set = names.map((name, index) => `set_config('${name}', $${index + 1}, true)`).join(', ');
  await noteBackend(client, `SELECT ${BACKEND_COLUMNS}, ${set}`, Object.values(settings));
}
