// The session in PostgreSQL: its settings, where its login comes from, and how it ends when it is cancelled.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { ReportError } from '../../src/core/errors.js';
import type { Source } from '../../src/core/source.js';
import {
  eventually,
  openUrl,
  readRows,
  requestOf,
  sessions,
  startPostgres,
  type TestPostgres,
  withSource,
} from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const PASSWORD = 'segredo';

let server: TestPostgres;
let client: pg.Client;

before(async () => {
  server = await startPostgres({ password: PASSWORD });
  client = await server.connect();
  await client.query('CREATE DATABASE outra');
  await client.query(`
    CREATE ROLE analista LOGIN PASSWORD '${PASSWORD}';
    CREATE SCHEMA arquivo; CREATE TABLE arquivo.notas (id integer); CREATE TABLE trancada (id integer)`);
});

after(() => server?.stop());

/** The settings of the session while it reads. */
async function settings(source: Source, names: readonly string[], report = 'transacoes') {
  const query = `SELECT ${names.map((name) => `current_setting('${name}') AS "${name}"`).join(', ')}`;
  const columns = Object.fromEntries(names.map((name) => [name, 'text' as const]));
  const [row = []] = await readRows(source, { ...requestOf(query, columns), report });
  return Object.fromEntries(names.map((name, index) => [name, row[index]]));
}

test('channel_binding=require refuses a server that asks for no password', async () => {
  const open = await createDatabase();
  try {
    await assert.rejects(
      openUrl(`${open.url}${open.url.includes('?') ? '&' : '?'}channel_binding=require`),
      (error) => {
        assert.ok(error instanceof ReportError, String(error));
        assert.match(error.message, /channel_binding is "require", and the server does not offer it/);
        assert.match(error.hint ?? '', /leave channel_binding out/);
        return error.retryable === false;
      },
    );
  } finally {
    await open.stop();
  }
});

describe('settings', () => {
  test('one snapshot, nothing can be written, no timeout, and the zone of the report', () =>
    withSource(server.url, async (source) => {
      const expected = {
        transaction_read_only: 'on',
        transaction_isolation: 'repeatable read',
        TimeZone: 'America/Sao_Paulo',
        client_encoding: 'UTF8',
        statement_timeout: '0',
        lock_timeout: '0',
        idle_in_transaction_session_timeout: '0',
        idle_session_timeout: '0',
        transaction_timeout: '0',
      };
      assert.deepEqual(await settings(source, Object.keys(expected)), expected);
    }));

  test('what functions of a query write is rolled back', () =>
    withSource(server.url, async (source) => {
      const watcher = await server.connect();
      const heard: string[] = [];
      watcher.on('notification', ({ payload = '' }) => heard.push(payload));
      await watcher.query('LISTEN canal');
      const query = `SELECT set_config('meu.valor', 'escrito', false) || pg_notify('canal', 'do relatório')::text AS v`;
      await readRows(source, requestOf(query, { v: 'text' }));
      // The next notification is the first that arrives.
      await client.query(`NOTIFY canal, 'depois'`);
      await eventually(async () => heard.length > 0, 'the notification');
      assert.deepEqual(heard, ['depois']);
      const now = `SELECT coalesce(nullif(current_setting('meu.valor', true), ''), 'nada') AS v`;
      assert.deepEqual(await readRows(source, requestOf(now, { v: 'text' })), [['nada']]);
      await watcher.end();
    }));

  test('pg_stat_activity shows which report is being read', async () => {
    const query = `SELECT application_name AS v FROM pg_stat_activity WHERE pid = pg_backend_pid()`;
    await withSource(server.url, async (source) => {
      assert.deepEqual(await readRows(source, requestOf(query, { v: 'text' })), [['reportctl/transacoes']]);
      const long = { ...requestOf(query, { v: 'text' }), report: 'r'.repeat(100) };
      assert.deepEqual(await readRows(source, long), [[`reportctl/${'r'.repeat(53)}`]]);
    });
  });

  test('parameters of the URL', () =>
    withSource(`${server.url}&options=-c%20search_path%3Darquivo`, async (source) => {
      assert.deepEqual(await readRows(source, requestOf('SELECT id FROM notas', { id: 'integer' })), []);
    }));
});

describe('where the login comes from', () => {
  const whoAmI = `SELECT current_user || '@' || current_database() AS v`;
  const TAKEN = ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGSSLMODE', 'PGOPTIONS'];

  /** Opens a URL in an environment with these `PG*` variables only. */
  async function inEnvironment(url: string, variables: Record<string, string>): Promise<string> {
    const former = Object.fromEntries(TAKEN.map((name) => [name, process.env[name]]));
    try {
      for (const name of TAKEN) delete process.env[name];
      Object.assign(process.env, variables);
      const source = await openUrl(url, { variables });
      const [row] = await readRows(source, requestOf(whoAmI, { v: 'text' })).finally(() => source.close());
      return `${row?.[0]}`;
    } finally {
      for (const name of TAKEN) delete process.env[name];
      for (const [name, value] of Object.entries(former)) if (value !== undefined) process.env[name] = value;
    }
  }
  const all = () => ({
    PGHOST: server.folder,
    PGPORT: `${server.port}`,
    PGUSER: 'analista',
    PGPASSWORD: PASSWORD,
    PGDATABASE: 'outra',
  });

  test('the PG* variables fill a bare URL, over a socket and over TCP', async () => {
    assert.equal(await inEnvironment('postgres://', all()), 'analista@outra');
    assert.equal(await inEnvironment('postgresql://', { ...all(), PGHOST: '127.0.0.1' }), 'analista@outra');
  });

  test('the URL wins over the variables', async () => {
    const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${server.port}/postgres`;
    const wrong = { PGHOST: '/nowhere', PGPORT: '1', PGUSER: 'x', PGPASSWORD: 'x', PGDATABASE: 'x' };
    assert.equal(await inEnvironment(url, wrong), 'postgres@postgres');
    assert.equal(await inEnvironment('postgres:///postgres', all()), 'analista@postgres');
  });

  test('of several hosts the first that answers and is what is asked for', async () => {
    const url = (hosts: string, parameters = '') =>
      `postgres://postgres:${PASSWORD}@${hosts}/postgres?connect_timeout=5&${parameters}`;
    const ours = `127.0.0.1:${server.port}`;
    assert.equal(await inEnvironment(url(`127.0.0.1:1,${ours}`), {}), 'postgres@postgres');
    for (const attributes of ['read-write', 'primary', 'prefer-standby'])
      assert.equal(
        await inEnvironment(url(ours, `target_session_attrs=${attributes}`), {}),
        'postgres@postgres',
      );
    await assert.rejects(
      inEnvironment(url(`127.0.0.1:1,${ours}`, 'target_session_attrs=standby'), {}),
      (error) => {
        assert.ok(error instanceof ReportError && error.retryable, String(error));
        assert.match(
          error.message,
          /127\.0\.0\.1:1: .*ECONNREFUSED.*; .*the server is primary and read-write, and .* is standby/,
        );
        return true;
      },
    );
    // A login that is refused is not tried at the next host.
    const wrong = url(`${ours},127.0.0.1:1`).replace(PASSWORD, 'errada');
    await assert.rejects(inEnvironment(wrong, {}), /28P01/);
  });

  test('a URL without a host obeys the sslmode', async () => {
    const { PGHOST: _, ...noHost } = all();
    await assert.rejects(
      inEnvironment('postgres://', { ...noHost, PGSSLMODE: 'require' }),
      /does not support SSL/,
    );
  });

  test('a URL that we do not understand is a wrong definition', async () => {
    for (const [url, said] of [
      ['postgres://host/db?sslmod=require', /unknown parameter "sslmod"/],
      ['postgres://host/db?sslmode=required', /sslmode is "required"/],
      ['postgres://user:100%@host/db', /cannot be read/],
      ['postgres://user:se cret/@host:x/db', /cannot be read/],
      ['postgres://host/db?sslmode=verify-full&sslrootcert=/nowhere/root.crt', /sslrootcert.*ENOENT/],
      ['mysql://host/db', /no engine reads "mysql:"/],
      ['host=localhost', /without a scheme/],
    ] as const)
      await assert.rejects(openUrl(url), (error) => {
        assert.ok(error instanceof ReportError, String(error));
        assert.equal(error.code, 'definition', url);
        assert.match(error.message, said);
        assert.doesNotMatch(`${error.message} ${error.hint}`, /100%@|se cret/);
        return true;
      });
  });
});

describe('cancelling', { timeout: 600_000 }, () => {
  const reason = new Error('enough');

  /** The work throws the signal's reason soon after the signal, and nothing goes on running in the server. */
  async function cancelled(busy: string, work: (source: Source) => Promise<unknown>): Promise<void> {
    const controller = new AbortController();
    const source = await openUrl(server.url, { signal: controller.signal });
    try {
      const working = assert.rejects(work(source), reason);
      await eventually(async () => (await sessions(client, busy)) > 0, 'the server is busy');
      const start = performance.now();
      controller.abort(reason);
      await working;
      assert.ok(performance.now() - start < 60_000, 'it took too long');
    } finally {
      await source.close();
    }
    await eventually(async () => (await sessions(client)) === 0, 'the session is gone');
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  }

  const sleeping = requestOf('SELECT pg_sleep(600)::text AS v', { v: 'text' });
  const sorting = requestOf(
    'SELECT md5(n::text) AS v FROM generate_series(1, 20000000) AS n',
    { v: 'text' },
    { orderBy: ['v'] },
  );

  test('while the server sleeps', () => cancelled('%pg_sleep%', (source) => readRows(source, sleeping)));

  test('while the server sorts', () => cancelled('%md5%', (source) => readRows(source, sorting)));

  test('by leaving the loop, while the server is busy with the rest', async () => {
    const query = `SELECT n AS v, CASE WHEN n > 9999 THEN pg_sleep(600) END FROM generate_series(1, 10000) AS n`;
    await withSource(server.url, async (source) => {
      const prepared = await source.prepare(requestOf(query, { v: 'integer' }));
      for await (const batch of prepared.read()) {
        assert.ok(batch.rowCount > 0);
        break;
      }
    });
    await eventually(async () => (await sessions(client)) === 0, 'the session is gone');
  });

  test('while describing or planning waits for a lock', async () => {
    const request = requestOf('SELECT id FROM trancada', { id: 'integer' });
    const locker = await server.connect();
    const lock = () => locker.query('BEGIN; LOCK TABLE trancada IN ACCESS EXCLUSIVE MODE');
    try {
      await lock();
      await waitsAndIsCancelled((source) => source.prepare(request));
      await locker.query('ROLLBACK');
      await waitsAndIsCancelled(async (source) => {
        const prepared = await source.prepare(request);
        await lock();
        await prepared.estimate();
      });
    } finally {
      await locker.end();
    }
  });

  async function waitsAndIsCancelled(work: (source: Source) => Promise<unknown>): Promise<void> {
    const waiting = async () =>
      (await client.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).rows.length;
    const controller = new AbortController();
    const source = await openUrl(server.url, { signal: controller.signal });
    const working = assert.rejects(work(source), reason);
    await eventually(async () => (await waiting()) === 1, 'it waits for the lock');
    controller.abort(reason);
    await working;
    await source.close();
    await eventually(async () => (await waiting()) === 0, 'nobody waits');
  }

  test('while connecting to a server that does not answer', async (t) => {
    const proxy = await startTcpProxy();
    t.after(() => proxy.stop());
    const controller = new AbortController();
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(openUrl(url, { signal: controller.signal }), reason);
  });

  test('when the network is lost', async (t) => {
    const proxy = await startTcpProxy({ socket: `${server.folder}/.s.PGSQL.${server.port}` });
    t.after(() => proxy.stop());
    const controller = new AbortController();
    const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${proxy.port}/postgres`;
    const source = await openUrl(url, { signal: controller.signal });
    const reading = assert.rejects(readRows(source, sleeping), reason);
    await eventually(async () => (await sessions(client, '%pg_sleep%')) > 0, 'the server sleeps');
    proxy.freeze();
    const start = performance.now();
    controller.abort(reason);
    await reading;
    await source.close();
    assert.ok(performance.now() - start < 60_000, 'it took too long');
  });
});
