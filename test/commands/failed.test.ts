// What sources and destinations answer when they fail: one line, the right exit code, nothing left, and no secret.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  assertRefused,
  filesBelow,
  inFolder,
  reportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import { freePort, startPostgres, type TestPostgres } from '../support/postgres.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';

/** Recognisable in anything printed. */
const PASSWORD = 'S3nha-Secreta';

let server: TestPostgres;
let s3: S3Server;
let folder: string;
/** With a password, over TCP, as a server elsewhere is reached. */
let url: string;
let closedPort: number;
before(async () => {
  [server, s3, folder, closedPort] = await Promise.all([
    startPostgres({ password: PASSWORD }),
    startS3Server({ bucket: 'relatorios', forbiddenBucket: 'dos-outros', accessKeyId: 'known' }),
    temporaryFolder(),
    freePort(),
  ]);
  url = `postgres://postgres:${PASSWORD}@127.0.0.1:${server.port}/postgres`;
  const queries = join(folder, 'queries');
  const one = "SELECT 1 AS id, 'x' AS nome";
  const promised = 'source: base\ncolumns: { id: integer, nome: text }';
  const report = (name: string, query: string, yaml = promised) => writeReport(queries, name, yaml, query);
  await report('simples', one);
  await report('ultima', "SELECT n / (50000 - n) AS id, 'x' AS nome FROM generate_series(1, 50000) AS n");
  await report('sem_coluna', one, 'source: base\ncolumns: { id: integer, nmoe: text }');
  await report('apaga', `WITH x AS (DELETE FROM pg_description RETURNING 1) ${one}`);
  await report('param', `${one} WHERE 'a' = :'ausente'`);
  await writeFile(join(folder, 'a-file'), 'here first');
});
after(async () => {
  await Promise.all([server.stop(), s3.close()]);
  const files = await filesBelow(folder);
  await rm(folder, { recursive: true });
  assert.deepEqual(
    files.filter((file) => !file.startsWith('queries')),
    ['a-file'],
    'something was left',
  );
});

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const finished = await reportctl(inFolder(folder, args), {
    env: { REPORTCTL_SOURCE_BASE: url, ...env },
    cwd: folder,
  });
  assert.doesNotMatch(finished.stdout + finished.stderr, new RegExp(PASSWORD), 'a secret was printed');
  return finished;
}

describe('the source', { concurrency: 3 }, () => {
  const cases: readonly [what: string, source: () => string, said: RegExp][] = [
    [
      'a wrong password',
      () => url.replace(PASSWORD, `${PASSWORD}-errada`),
      /connecting to source "base" \(postgres:\/\/127\.0\.0\.1:\d+\/postgres\): password authentication failed.*SQLSTATE 28P01.*Check the user and the password.*will not help/,
    ],
    [
      'nobody there',
      () => `postgres://u:${PASSWORD}@127.0.0.1:${closedPort}/x`,
      /ECONNREFUSED.*Check the host and the port.*Trying again can help/,
    ],
    [
      'a host that there is not',
      () => `postgres://u:${PASSWORD}@host.invalid/x`,
      /postgres:\/\/host\.invalid\/x.*Check the name of the host/,
    ],
    [
      'a script that there is not',
      () => 'embedded:nada.sql',
      /reading the script of embedded:nada\.sql: ENOENT/,
    ],
  ];
  for (const [what, source, said] of cases) {
    test(what, async () =>
      assertRefused(
        await run(['export', 'simples', '-o', '@x.csv'], { REPORTCTL_SOURCE_BASE: source() }),
        4,
        said,
      ),
    );
  }

  const queries: readonly [name: string, code: number, said: RegExp][] = [
    ['ultima', 4, /reading "ultima" from source "base" .*: division by zero \(SQLSTATE 22012\)/],
    ['sem_coluna', 3, /the query does not return the column "nmoe"\. .*nome/],
    ['apaga', 4, /read-only|data-modifying/],
    ['param', 2, /uses :'ausente', which is no declared param/],
  ];
  for (const [name, code, said] of queries) {
    test(`the report ${name}`, async () =>
      assertRefused(await run(['export', name, '-o', '@x.csv.gz']), code, said));
  }
});

describe('the output', { concurrency: 3 }, () => {
  const store = () => ({ ...s3.environment, AWS_ACCESS_KEY_ID: 'known', AWS_SECRET_ACCESS_KEY: PASSWORD });
  const cases: readonly [where: string, said: RegExp, code?: number, env?: () => Record<string, string>][] = [
    [
      '@a-file/x.csv',
      /could not write .*a-file\/x\.csv: a part of the path is a file.*Trying again will not help/,
    ],
    ['s3://nenhum-tal/x.csv', /the bucket does not exist/],
    ['s3://dos-outros/x.csv', /access is denied/],
    ['s3://relatorios/x.csv', /does not know the access key/, 5, () => ({ AWS_ACCESS_KEY_ID: 'unknown' })],
    [
      's3://relatorios/y.csv',
      /nothing listens there.*Trying again can help/,
      5,
      () => ({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${closedPort}`, AWS_MAX_ATTEMPTS: '1' }),
    ],
  ];
  for (const [where, said, code = 5, env] of cases) {
    test(`${where.slice(0, 30)} ${code}`, async () => {
      assertRefused(await run(['export', 'simples', '-o', where], { ...store(), ...env?.() }), code, said);
    });
  }

  test('a key that exists needs --overwrite', async () => {
    s3.put('a/b.csv', 'here first');
    const args = ['export', 'simples', '-o', 's3://relatorios/a/b.csv'];
    assertRefused(await run(args, store()), 5, /s3:\/\/relatorios\/a\/b\.csv already exists/);
    assert.equal(String(s3.get('a/b.csv')?.body), 'here first');
    const { code, stdout, stderr } = await run([...args, '--overwrite'], store());
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^s3:\/\/relatorios\/a\/b\.csv: 1 row, 12 B\n$/);
    assert.equal(String(s3.get('a/b.csv')?.body), 'id,nome\n1,x\n');
  });

  test('a query that fails on its last row leaves neither an object nor parts', async () => {
    assertRefused(
      await run(['export', 'ultima', '-o', 's3://relatorios/ultima.csv'], store()),
      4,
      /division by zero/,
    );
    assert.deepEqual([s3.keys().filter((key) => key.startsWith('ultima')), s3.uploads()], [[], []]);
  });
});

describe('a secret in what is printed', { concurrency: 3 }, () => {
  // run() itself looks for it in everything.
  for (const password of [`12?${PASSWORD}`, `12#${PASSWORD}`, `${PASSWORD}%@`]) {
    test(`unescaped: ${password.replace(PASSWORD, '…')}`, async () => {
      const env = {
        REPORTCTL_SOURCE_BASE: `postgres://u:${password}@127.0.0.1:${closedPort}/x`,
        PGCONNECT_TIMEOUT: '1',
      };
      const { code } = await run(['export', 'simples'], env);
      assert.ok(code === 2 || code === 4, `${code}`);
    });
  }

  test('as JSON: every line is, the last one too', async () => {
    const env = { REPORTCTL_SOURCE_BASE: url.replace(PASSWORD, `${PASSWORD}-errada`) };
    const { code, stderr } = await run(['export', 'simples', '--log-format', 'json'], env);
    assert.equal(code, 4);
    const [line, ...more] = stderr
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    const { level, event, code: failed, exitCode, retryable, tool } = line;
    assert.deepEqual(
      [level, event, failed, exitCode, retryable, tool, more],
      ['error', 'error', 'source', 4, false, 'reportctl', []],
    );
  });

  test('on success, at every level of the log, and in the manifest', async () => {
    const env = { REPORTCTL_LOG_LEVEL: 'debug', REPORTCTL_LOG_FORMAT: 'json', PGPASSWORD: PASSWORD };
    const { code, stdout } = await run(['export', 'simples', '-o', '@ok/x.csv', '--json'], env);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).rows, 1);
    await rm(join(folder, 'ok'), { recursive: true });
  });
});
