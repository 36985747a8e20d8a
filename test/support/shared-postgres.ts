// One PostgreSQL for all test files of a run, in which each file makes databases of its own.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { ROOT } from './cli.js';
import { startPostgres, type TestPostgres } from './postgres.js';

/** Set by scripts/test.js: answers with a ServerAddress. */
const { REPORTCTL_TEST_POSTGRES } = process.env;

interface ServerAddress {
  readonly folder: string;
  readonly port: number;
}

/** Serves the address of one server, which starts at the first request. */
export async function serveSharedPostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let started: Promise<TestPostgres> | undefined;
  const server = createServer((_, response) => {
    started ??= startPostgres({ settings: ['max_connections=200', 'autovacuum=off'] });
    started.then(
      ({ folder, port }) => response.end(JSON.stringify({ folder, port })),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await started?.then(
        (postgres) => postgres.stop(),
        () => undefined,
      );
    },
  };
}

let count = 0;
/** Of a test file that runs without scripts/test.js: its own server while it has databases. */
let own: Promise<TestPostgres> | undefined;
let users = 0;

/**
 * An empty database, or one with the tables of fixtures/vendas.sql. Its `stop` ends the sessions in it and drops it; a
 * test that must stop or configure the server starts its own with startPostgres().
 */
export async function createDatabase(template?: 'vendas'): Promise<TestPostgres> {
  users += 1;
  const { folder, port } = await address();
  const urlOf = (database: string) =>
    `postgres://postgres@localhost:${port}/${database}?host=${encodeURIComponent(folder)}`;
  const database = `file_${process.pid}_${++count}`;
  await withClient(urlOf('postgres'), async (client) => {
    if (template !== undefined) await ensureTemplate(client, urlOf);
    await client.query(`CREATE DATABASE ${database} TEMPLATE ${template ?? 'template0'}`);
  });
  const url = urlOf(database);
  let isStopped = false;
  return {
    url,
    folder,
    port,
    database,
    connect: async () => {
      const client = new pg.Client(url);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      await withClient(urlOf('postgres'), (client) => client.query(`DROP DATABASE ${database} WITH (FORCE)`));
      users -= 1;
      if (users === 0) await (await own)?.stop();
      if (users === 0) own = undefined;
    },
  };
}

async function address(): Promise<ServerAddress> {
  if (REPORTCTL_TEST_POSTGRES !== undefined) {
    const response = await fetch(REPORTCTL_TEST_POSTGRES, { headers: { connection: 'close' } });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text) as ServerAddress;
  }
  own ??= startPostgres();
  return own;
}

/** Makes the database `vendas` once; the lock keeps other test files waiting. */
async function ensureTemplate(admin: pg.Client, urlOf: (database: string) => string): Promise<void> {
  await admin.query('SELECT pg_advisory_lock(1)');
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = 'vendas'");
  if (rowCount === 0) {
    await admin.query('CREATE DATABASE vendas TEMPLATE template0');
    const script = await readFile(`${ROOT}/fixtures/vendas.sql`, 'utf8');
    await withClient(urlOf('vendas'), (client) => client.query(script));
  }
  await admin.query('SELECT pg_advisory_unlock(1)');
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
