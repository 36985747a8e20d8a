// Asks the server, over another connection, whether it still works for a connection from which nothing comes.
import type { Client, QueryConfig } from 'pg';
import { ReportError } from '../../core/errors.js';
import type { Server } from './client-config.js';
import { connect, disconnect } from './connect.js';
import { isSqlState } from './sqlstate.js';

/** For connecting and for the answer, each. */
const ASKING_TIMEOUT_MS = 10_000;

/** What the server works on for a connection. */
export interface Backend {
  readonly pid: number;
  /** When the server was started: behind one address there can be several. Undefined when it does not say. */
  readonly serverStarted: string | undefined;
}

/** To select in any query of the connection. A pooler can change the process with every transaction. */
export const BACKEND_COLUMNS =
  'pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_postmaster_start_time()::text AS started';

const backends = new WeakMap<Client, Backend>();

/** Runs a query with BACKEND_COLUMNS, and keeps what it says about the client's connection. @throws what the server answers */
export async function noteBackend(
  client: Client,
  text: string,
  values: readonly string[] = [],
): Promise<void> {
  const { rows } = await client.query<{ pid: number; started: string }>(text, [...values]);
  const [row] = rows;
  if (row !== undefined) backends.set(client, { pid: row.pid, serverStarted: row.started });
}

/** What noteBackend() kept. */
export function backendOf(client: Client): Backend {
  return backends.get(client) ?? { pid: 0, serverStarted: undefined };
}

/**
 * Whether the server may still work for the connection. It does when its process runs and does not wait for us; also when that
 * cannot be known, because another server answers, or this one refuses. Never throws.
 */
export async function mayBeWorking(server: Server, backend: Backend, signal: AbortSignal): Promise<boolean> {
  const asking = AbortSignal.any([signal, AbortSignal.timeout(ASKING_TIMEOUT_MS)]);
  let client: Client | undefined;
  try {
    client = await connect(server, asking);
    return await isWorking(client, backend);
  } catch (error) {
    return isRefusal(error);
  } finally {
    if (client !== undefined) await disconnect(client).catch(() => undefined);
  }
}

interface Answer {
  readonly started: string;
  readonly state: string | null;
  readonly wait: string | null;
  readonly found: boolean;
}

async function isWorking(client: Client, { pid, serverStarted }: Backend): Promise<boolean> {
  const { rows } = await client.query<Answer>({
    text: `SELECT pg_catalog.pg_postmaster_start_time()::text AS started, a.state, a.wait_event_type AS wait, a.pid IS NOT NULL AS found
      FROM (SELECT $1::int AS pid) AS o LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = o.pid`,
    values: [pid],
    query_timeout: ASKING_TIMEOUT_MS,
  } as QueryConfig);
  const [row] = rows;
  if (row === undefined || serverStarted === undefined || row.started !== serverStarted) return true;
  if (!row.found) return false;
  // Without the right to see it, or with track_activities off, the server does not say.
  if (row.state === null || row.state === 'disabled') return true;
  // It waits for the client: what it sends does not arrive here, or what we sent did not arrive there.
  return row.state === 'active' && row.wait !== 'Client';
}

/** The server answered, with an error that says nothing about the other connection, such as too many connections. */
function isRefusal(error: unknown): boolean {
  const { code = '' } = ((error instanceof ReportError ? error.cause : error) ?? {}) as {
    readonly code?: string;
  };
  return isSqlState(code) && !/^(08|57)/.test(code);
}
