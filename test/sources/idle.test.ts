// A source that is silent while its connection stays open: whoever still works is waited for, everything else is a lost connection.
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ReportError } from '../../src/core/errors.js';
import type { Source } from '../../src/core/source.js';
import { openJson } from '../../src/sources/json.js';
import { documentRequest } from '../support/json.js';
import {
  eventually,
  openUrl,
  readRows,
  requestOf,
  startPostgres,
  type TestPostgres,
} from '../support/postgres.js';
import { startTcpProxy, type TcpProxy, type TcpProxyOptions } from '../support/tcp-proxy.js';

const IDLE_MS = 300;
const PASSWORD = 'senha';

let server: TestPostgres;
let client: pg.Client;
before(async () => {
  server = await startPostgres({ password: PASSWORD });
  client = await server.connect();
});
after(() => server?.stop());

async function through(t: TestContext, options: TcpProxyOptions = {}, parameters = '') {
  const proxy = await startTcpProxy({ socket: `${server.folder}/.s.PGSQL.${server.port}`, ...options });
  t.after(() => proxy.stop());
  const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${proxy.port}/postgres${parameters}`;
  const source = await openUrl(url, { idleTimeoutMs: IDLE_MS });
  t.after(() => source.close().catch(() => undefined));
  return { proxy, source };
}

async function isLost(work: Promise<unknown>, doing: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.match(error.message, doing);
    assert.match(error.message, /nothing came for /);
    assert.match(error.hint ?? '', /REPORTCTL_IDLE_TIMEOUT/);
    assert.deepEqual([error.code, error.retryable], ['source', true]);
    return true;
  });
}

const many = requestOf("SELECT repeat('x', 1000) AS v FROM generate_series(1, 20000)", { v: 'text' });
const computing = (seconds: number) =>
  requestOf(`SELECT pg_sleep(${seconds})::text || 'done' AS v`, { v: 'text' });
/** Of the query of computing(). */
const backend = async (seconds: number) => {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(' || $1 || ')%' AND state = 'active'",
    [String(seconds)],
  );
  return rows[0]?.pid;
};

describe('PostgreSQL', { concurrency: 3 }, () => {
  test('that computes for longer than that is waited for', async (t) => {
    const { source } = await through(t);
    assert.deepEqual(await readRows(source, computing(2)), [['done']]);
  });

  test('whose rows stop in the middle of a COPY is lost', async (t) => {
    const { source } = await through(t, { after: { bytes: 1_000_000, follows: 'stall' } });
    await isLost(readRows(source, many), /^reading "transacoes" from source "vendas"/);
  });

  for (const [how, seconds, silence] of [
    ['answers nobody any more', 600, async (proxy: TcpProxy) => proxy.freeze()],
    [
      'has no process for it any more',
      601,
      async (proxy: TcpProxy, pid: number | undefined) => {
        proxy.stall();
        await client.query('SELECT pg_terminate_backend($1)', [pid]);
      },
    ],
  ] as const) {
    test(`that has not sent its first row, and ${how}, is lost`, async (t) => {
      // The second connection gets no answer either, in the first case: it gives up after this second.
      const { proxy, source } = await through(t, {}, seconds === 600 ? '?connect_timeout=1' : '');
      const reading = isLost(readRows(source, computing(seconds)), /^reading/);
      await eventually(async () => (await backend(seconds)) !== undefined, 'the server computes');
      await silence(proxy, await backend(seconds));
      await reading;
    });
  }

  test('whose answer to a question does not arrive is lost', async (t) => {
    const { proxy, source } = await through(t);
    proxy.stall();
    const about = 'SELECT true';
    const question = { report: 'transacoes', about, params: {}, timezone: 'UTC' };
    await isLost(source.ask(question), /^asking source "vendas"/);
  });

  test('is not idle while whoever reads has enough for now', async (t) => {
    const { source } = await through(t);
    let rows = 0;
    for await (const batch of (await source.prepare(many)).read()) {
      if (rows === 0) await sleep(4 * IDLE_MS);
      rows += batch.rowCount;
    }
    assert.equal(rows, 20_000);
  });
});

describe('documents', () => {
  const open = (download: () => AsyncIterable<Buffer>): Promise<Source> => {
    const stored = { key: 'docs.ndjson', bytes: 100, version: '1', age: 0 };
    const store = {
      label: 's3://bucket',
      async *list(prefix: string) {
        if (stored.key.startsWith(prefix)) yield stored;
      },
      stat: async () => stored,
      read: async () => undefined,
      download,
      close: async () => {},
    };
    return openJson({
      name: 'vendas',
      url: 's3://bucket/',
      shown: 's3://bucket/',
      signal: new AbortController().signal,
      openStore: async () => ({ store, key: undefined }),
      idleTimeoutMs: IDLE_MS,
    });
  };
  const request = documentRequest({ n: 'integer' });
  const forEver = () => new Promise<never>(() => {});

  test('whose bytes stop in the middle of a file are lost', async () => {
    const source = await open(async function* () {
      yield Buffer.from('{"n":1}\n');
      await forEver();
    });
    await isLost(readRows(source, request), /^reading .*docs\.ndjson/);
  });

  test('that come slowly are waited for', async () => {
    const source = await open(async function* () {
      for (const n of [1, 2, 3, 4, 5]) {
        await sleep(IDLE_MS / 3);
        yield Buffer.from(`{"n":${n}}\n`);
      }
    });
    assert.equal((await readRows(source, request)).length, 5);
  });
});
