// A real PostgreSQL from npm's binaries, and short ways to ask it and to read from it.
import { chown, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Dimension } from '../../src/core/filter.js';
import type { Request, Source } from '../../src/core/source.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { prepareInstallation } from '../../src/sources/embedded/install.js';
import { createCluster, startServer } from '../../src/sources/embedded/server.js';
import { type OpenSource, openSource } from '../../src/sources/index.js';
import { storeOpener } from './store.js';

export interface TestPostgres {
  /** Over the Unix socket, with the password if there is one. */
  readonly url: string;
  /** The folder of the socket, which psql and the driver accept as a host. */
  readonly folder: string;
  readonly port: number;
  readonly database: string;
  /** A session of the superuser, which `stop` ends. */
  connect(): Promise<pg.Client>;
  /** Ends every session without telling the clients. May be called more than once. */
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** With a password, logins need it (SCRAM) and may come over TCP on 127.0.0.1. */
  readonly password?: string;
  /** More settings, `name=value`; `{folder}` stands for the folder of the server. */
  readonly settings?: readonly string[];
  /** Files to write into the data folder before the start: name to text. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A server of its own, for a test that stops, restarts or configures it; for all others see createDatabase(). */
export async function startPostgres({
  password,
  settings = [],
  files = {},
}: TestPostgresOptions = {}): Promise<TestPostgres> {
  const installed = await prepareInstallation();
  const { folder, identity } = installed;
  try {
    const port = await freePort();
    const tcp = password === undefined ? 'listen_addresses=' : 'listen_addresses=127.0.0.1';
    const secret = `${folder}/password`;
    if (password !== undefined) await writeFile(secret, password);
    await createCluster(
      installed,
      password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', secret],
    );
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/data/${name}`;
      await writeFile(path, text, { mode: 0o600 });
      if (identity.uid !== undefined) await chown(path, identity.uid, identity.gid ?? 0);
    }
    const stop = await startServer(installed, [
      tcp,
      `port=${port}`,
      ...settings.map((setting) => setting.replace('{folder}', folder)),
    ]);
    const host = encodeURIComponent(folder);
    const login = password === undefined ? 'postgres' : `postgres:${encodeURIComponent(password)}`;
    const url = `postgres://${login}@localhost:${port}/postgres?host=${host}`;
    const connect = async () => {
      const client = new pg.Client(url);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    return { url, folder, port, database: 'postgres', connect, stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function openUrl(url: string, options: Partial<OpenSource> = {}): Promise<Source> {
  const { signal } = new AbortController();
  const base = {
    name: 'vendas',
    url,
    shown: 'postgres://…',
    variables: {},
    openStore: storeOpener(),
    signal,
  };
  return openSource({ ...base, ...options });
}

/** Opens the source, does the work, closes it. */
export async function withSource<T>(url: string, work: (source: Source) => Promise<T>): Promise<T> {
  const source = await openUrl(url);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** @param columns name to kind */
export function requestOf(
  query: string,
  columns: Readonly<Record<string, Kind>>,
  more: Partial<Request> = {},
): Request {
  return {
    report: 'transacoes',
    query,
    columns: Object.entries(columns).map(([name, kind]) => ({ name, kind })),
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone: 'America/Sao_Paulo',
    ...more,
  };
}

/** @param by a dimension to its column and, if the request filters by it, the values as typed */
export function filtersOf(
  by: Readonly<Partial<Record<Dimension, readonly [column: string, ...values: string[]]>>>,
): Pick<Request, 'filters' | 'mapped'> {
  const entries = Object.entries(by) as [Dimension, [string, ...string[]]][];
  const context = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };
  return {
    mapped: Object.fromEntries(entries.map(([dimension, [column]]) => [dimension, column])),
    filters: entries
      .filter(([, [, ...values]]) => values.length > 0)
      .map(([dimension, [column, ...values]]) => ({
        column,
        filter: parseFilter(dimension, values, context),
      })),
  };
}

export async function readRows(source: Source, request: Request): Promise<(readonly Cell[])[]> {
  const rows: (readonly Cell[])[] = [];
  for await (const batch of (await source.prepare(request)).read()) rows.push(...batch.rows());
  return rows;
}

/** Asks again until the answer is yes, for at most a minute. */
export async function eventually(question: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) if (await question()) return;
  throw new Error(`never: ${what}`);
}

/** The number of sessions of other clients in the same database whose query is LIKE the pattern. */
export async function sessions(client: pg.Client, like = '%'): Promise<number> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1`,
    [like],
  );
  return rows[0].count;
}
