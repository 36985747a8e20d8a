// A real PostgreSQL for one test file, from npm's binaries, and short ways to ask it and to read from it.
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
import { postgresDialect } from '../../src/sources/postgres/dialect.js';

export interface TestPostgres {
  /** Over the Unix socket, with the password if there is one. */
  readonly url: string;
  /** The folder of the socket, which psql and the driver accept as a host. */
  readonly folder: string;
  readonly port: number;
  /** A session of the superuser, which `stop` ends. */
  connect(): Promise<pg.Client>;
  /** Shuts down immediately, without telling the clients. May be called more than once. */
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
    return { url, folder, port, connect, stop };
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
  const base = { name: 'vendas', url, shown: 'postgres://…', variables: {}, s3PathStyle: false, signal };
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

/** The number of sessions of other clients whose query is LIKE the pattern. */
export async function sessions(client: pg.Client, like = '%'): Promise<number> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query LIKE $1`,
    [like],
  );
  return rows[0].count;
}

/** A server and a session to run the conditions of filters in. */
export interface FilterBench {
  readonly client: pg.Client;
  /** The condition of a filter on column v of that type. */
  condition(dimension: Dimension, values: readonly string[], type: string, timezone?: string): string;
  /** The values of column v, as text, that the condition selects from `relation`. */
  select(relation: string, where: string, parameters?: unknown[]): Promise<string[]>;
  /** PostgreSQL's plan for the condition on an indexed column of that type, with sequential scans off. */
  plan(dimension: Dimension, values: readonly string[], type: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startFilterBench(): Promise<FilterBench> {
  const server = await startPostgres();
  const client = await server.connect();
  // The conditions' literals must not depend on these settings.
  await client.query(
    `SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, DMY'; SET standard_conforming_strings = off; SET escape_string_warning = off`,
  );
  const condition: FilterBench['condition'] = (dimension, values, type, timezone = 'UTC') => {
    const filter = parseFilter(dimension, values, { timezone, today: '2026-03-10' });
    return postgresDialect(client).condition(filter, { expression: 'v', type });
  };
  return {
    client,
    condition,
    async select(relation, where, parameters = []) {
      const { rows } = await client.query(
        `SELECT v::text AS v FROM ${relation} WHERE ${where} ORDER BY v`,
        parameters,
      );
      return rows.map((row: { v: string }) => row.v);
    },
    async plan(dimension, values, type) {
      await client.query(`BEGIN; SET LOCAL enable_seqscan = off;
        CREATE TEMP TABLE indexed (v ${type}) ON COMMIT DROP; CREATE INDEX ON indexed (v)`);
      const { rows } = await client.query(
        `EXPLAIN SELECT * FROM indexed WHERE ${condition(dimension, values, type)}`,
      );
      await client.query('COMMIT');
      return JSON.stringify(rows);
    },
    stop: () => server.stop(),
  };
}
