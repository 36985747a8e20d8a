// Failures while reading from PostgreSQL: each is one line that says whether trying again can help, and nothing hangs.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ReportError } from '../../src/core/errors.js';
import type { Batch } from '../../src/core/table.js';
import { copyBatches } from '../../src/sources/postgres/copy.js';
import { sourceError } from '../../src/sources/postgres/errors.js';
import { NEVER_IDLE } from '../support/never-idle.js';
import {
  freePort,
  openUrl,
  readRows,
  requestOf,
  startPostgres,
  type TestPostgres,
  withSource,
} from '../support/postgres.js';
import { startTcpProxy, type TcpProxyOptions } from '../support/tcp-proxy.js';

const PASSWORD = 'se/cr@t:%ç';
const SECRET = encodeURIComponent(PASSWORD);

let server: TestPostgres;
let client: pg.Client;

before(async () => {
  server = await startPostgres({ password: PASSWORD });
  client = await server.connect();
  await client.query(`
    CREATE TABLE salarios (id integer);
    CREATE ROLE analista LOGIN PASSWORD '${PASSWORD}';
    CREATE ROLE apressado LOGIN PASSWORD '${PASSWORD}'`);
});

after(() => server?.stop());

const url = (more: { user?: string; password?: string; host?: string; port?: number; database?: string }) => {
  const all = {
    user: 'postgres',
    password: SECRET,
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    ...more,
  };
  return `postgres://${all.user}:${all.password}@${all.host}:${all.port}/${all.database}`;
};

interface Expected {
  readonly message: RegExp;
  readonly hint?: RegExp;
  readonly retryable: boolean;
}

async function fails(work: Promise<unknown>, { message, hint, retryable }: Expected): Promise<void> {
  const start = performance.now();
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.equal(error.code, 'source');
    assert.match(error.message, message);
    assert.match(error.message, /^(connecting to|describing|reading) .*source "vendas" \(postgres:\/\/…\): /);
    assert.match(error.hint ?? '', hint ?? /^/);
    const said = `${error.message} ${error.hint}`;
    assert.doesNotMatch(said, /[\r\n]/);
    for (const secret of [PASSWORD, SECRET]) assert.ok(!said.includes(secret), said);
    assert.equal(error.retryable, retryable, said);
    return true;
  });
  assert.ok(performance.now() - start < 60_000, 'it took too long');
}

describe('connecting', { timeout: 600_000 }, () => {
  test('a login that is refused', async () => {
    const hint = /user and the password/;
    const wrong = { message: /password authentication failed .*28P01/, hint, retryable: false };
    await fails(openUrl(url({ password: 'wrong' })), wrong);
    await fails(openUrl(url({ user: 'ninguem' })), wrong);
    await fails(openUrl(url({}).replace(`:${SECRET}`, '')), { message: /password/, hint, retryable: false });
    await fails(openUrl(url({ database: 'nenhum' })), {
      message: /database "nenhum" does not exist .*3D000/,
      hint: /name of the database/,
      retryable: false,
    });
  });

  test('no server listens on the port', async () => {
    const hint = /host and the port/;
    const refused = { message: /ECONNREFUSED/, hint, retryable: true };
    await fails(openUrl(url({ port: await freePort() })), refused);
    await fails(openUrl(`${url({})}?host=${encodeURIComponent('/nowhere')}`), {
      message: /ENOENT/,
      hint,
      retryable: true,
    });
    // When localhost is both ::1 and 127.0.0.1, Node throws an error without a message of its own.
    const both = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')];
    const error = Object.assign(new AggregateError(both), { code: 'ECONNREFUSED' });
    await fails(Promise.reject(sourceError('connecting to source "vendas" (postgres://…)', error)), {
      ...refused,
      message: /ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1$/,
    });
  });

  test('a host that does not exist', async () => {
    const work = openUrl(url({ host: 'nao-existe.invalid' }));
    const code = await work.then(String, (error) => error.cause.code);
    // Without a network the resolver answers EAI_AGAIN.
    await fails(work, { message: /nao-existe/, hint: /name of the host/, retryable: code === 'EAI_AGAIN' });
  });

  test('a server with no connection left', async () => {
    await client.query('ALTER ROLE analista CONNECTION LIMIT 0');
    await fails(openUrl(url({ user: 'analista' })), {
      message: /too many connections .*53300/,
      retryable: true,
    });
    await client.query('ALTER ROLE analista CONNECTION LIMIT -1');
  });
});

// Each test waits for a second or more, so they run concurrently.
describe('waiting', { timeout: 600_000, concurrency: true }, () => {
  test('a server that accepts and never answers', async (t) => {
    const proxy = await startTcpProxy();
    t.after(() => proxy.stop());
    const silent = `${url({ port: proxy.port })}?connect_timeout=1`;
    const never = { message: /no answer in time$/, retryable: true };
    const modes = ['disable', 'prefer', 'verify-full'];
    await Promise.all(modes.map((mode) => fails(openUrl(`${silent}&sslmode=${mode}`), never)));
  });

  test('an idle connection whose network is lost', { timeout: 600_000 }, async (t) => {
    const proxy = await startTcpProxy({ socket: `${server.folder}/.s.PGSQL.${server.port}` });
    t.after(() => proxy.stop());
    const source = await openUrl(url({ port: proxy.port }));
    proxy.freeze();
    const start = performance.now();
    await source.close();
    assert.ok(performance.now() - start < 60_000, 'it took too long');
  });

  test('timeouts set for the role do not end a slow read', async () => {
    for (const name of ['statement', 'lock', 'transaction', 'idle_session', 'idle_in_transaction_session'])
      await client.query(`ALTER ROLE apressado SET ${name}_timeout = '1s'`);
    await withSource(url({ user: 'apressado' }), async (source) => {
      await sleep(1200);
      const query = 'SELECT n AS id, pg_sleep(0.3)::text AS nome FROM generate_series(1, 4) AS n';
      const read = await readRows(source, requestOf(query, { id: 'integer' }));
      assert.equal(read.length, 4);
    });
  });
});

describe('reading', { timeout: 600_000 }, () => {
  const rows = (count: number, id = 'n') =>
    requestOf(`SELECT ${id} AS id, repeat('x', 100) AS nome FROM generate_series(1, ${count}) AS n`, {
      id: 'integer',
      nome: 'text',
    });
  const many = () => rows(200_000);

  /** Reads one batch, runs the action, and reads on. */
  async function interrupted(at: string, interruption: () => Promise<unknown>): Promise<void> {
    await withSource(at, async (source) => {
      let first = true;
      for await (const _ of (await source.prepare(many())).read()) {
        if (first) await interruption();
        first = false;
      }
    });
  }

  async function through(
    t: TestContext,
    options: TcpProxyOptions,
    work: (at: string) => Promise<void>,
  ): Promise<void> {
    const proxy = await startTcpProxy({ socket: `${server.folder}/.s.PGSQL.${server.port}`, ...options });
    t.after(() => proxy.stop());
    await work(url({ port: proxy.port }));
  }

  test('a table that the user may not read', () =>
    withSource(url({ user: 'analista' }), (source) =>
      fails(readRows(source, requestOf('SELECT id FROM salarios', { id: 'integer' })), {
        message: /permission denied for table salarios .*42501/,
        hint: /Grant SELECT/,
        retryable: false,
      }),
    ));

  test('an error in the last of 200,000 rows', () =>
    withSource(url({}), (source) =>
      fails(readRows(source, rows(200_000, 'n + 0 / (n - 200000)')), {
        message: /division by zero .*22012/,
        retryable: false,
      }),
    ));

  test('a session that the administrator terminates', () =>
    fails(
      interrupted(url({}), () =>
        client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reportctl/transacoes'`,
        ),
      ),
      {
        message:
          /terminating connection due to administrator command .*57P01|Connection terminated unexpectedly/,
        retryable: true,
      },
    ));

  test('a connection that breaks or ends during the read', async (t) => {
    for (const [follows, message] of [
      ['reset', /ECONNRESET|terminated unexpectedly/],
      ['end', /Connection terminated unexpectedly/],
    ] as const)
      await through(t, { after: { bytes: 1_000_000, follows } }, (at) =>
        fails(
          withSource(at, (source) => readRows(source, many())),
          { message, retryable: true },
        ),
      );
  });

  test('a server that stops answering does not delay closing', (t) =>
    through(t, { after: { bytes: 1_000_000, follows: 'stall' } }, async (at) => {
      const source = await openUrl(at);
      const reader = (await source.prepare(many())).read()[Symbol.asyncIterator]();
      assert.equal((await reader.next()).done, false);
      const start = performance.now();
      await Promise.all([source.close(), reader.return?.()]);
      assert.ok(performance.now() - start < 60_000, 'it took too long');
    }));

  test('packets of one byte give the same rows', (t) =>
    through(t, { packet: 1 }, (at) =>
      withSource(at, async (source) => {
        const read = await readRows(
          source,
          requestOf(`SELECT n AS v FROM generate_series(1, 3) AS n`, { v: 'integer' }),
        );
        assert.deepEqual(read, [['1'], ['2'], ['3']]);
      }),
    ));

  test('fewer rows than the server counted, or half a row, are an error', async () => {
    const read = async (bytes: string, rowCount: number, columnCount = 1) => {
      const stream = Object.assign(Readable.from([Buffer.from(bytes)]), { rowCount });
      const fake = { query: (query: unknown) => (typeof query === 'string' ? Promise.resolve() : stream) };
      const batches: Batch[] = [];
      for await (const batch of copyBatches(fake as never, 'SELECT 1', columnCount, {
        signal: new AbortController().signal,
        idle: NEVER_IDLE,
      }))
        batches.push(batch);
      return batches.flatMap((batch) => batch.rows());
    };
    assert.deepEqual(await read('a\t\\N\n\\t\\\\N\tb\n', 2, 2), [
      ['a', null],
      ['\t\\N', 'b'],
    ]);
    for (const [bytes, count] of [
      ['a\n', 2],
      ['a\nb', 2],
      ['a\nb', 1],
      ['', 1],
    ] as const)
      await assert.rejects(
        read(bytes, count),
        (error) => error instanceof ReportError && error.code === 'source' && error.retryable === true,
        bytes,
      );
    await assert.rejects(read('a\tb\nc\n', 2, 2), /after row 0 a row has other than 2 columns/);
  });

  test('a server that is shut down during the read', () =>
    fails(
      interrupted(url({}), () => server.stop()),
      { message: /57P0\d|ECONNRESET|terminated/, retryable: true },
    ));
});
