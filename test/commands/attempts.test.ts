// A run over many reports: so many at once, again what can heal, and no hammering of what fails for every report.
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import {
  assertRefused,
  filesBelow,
  finished,
  reportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import { eventually, freePort, startPostgres, type TestPostgres } from '../support/postgres.js';
import { type S3Request, startS3Server } from '../support/s3-server.js';

const PASSWORD = 'S3nha';
const NAMES = ['a', 'b', 'c', 'd'];
const AT_ONCE = 'SELECT at_once() AS n';
/** Held by the test while report `a` must not end. */
const GATE = 7;
/**
 * How many reports are read at this moment. The first ones wait until as many are read as are wanted, so that their number
 * does not depend on how fast each begins; half a second later one too many would be seen.
 */
const FUNCTION = `CREATE TABLE wanted AS SELECT 1 AS n;
CREATE FUNCTION at_once() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  name text := right(current_setting('application_name'), 1);
  wanted bigint := (SELECT n FROM wanted);
  found bigint;
BEGIN
  FOR tries IN 1..2400 LOOP
    found := reports_read();
    EXIT WHEN found >= wanted OR ascii(name) - ascii('a') >= wanted;
    PERFORM pg_sleep(0.05);
  END LOOP;
  PERFORM pg_sleep(0.5);
  found := greatest(found, reports_read());
  IF name = 'a' THEN PERFORM pg_advisory_xact_lock_shared(${GATE}); END IF;
  RETURN found;
END $$;
CREATE FUNCTION reports_read() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT pg_stat_clear_snapshot();
  SELECT count(*) FROM pg_stat_activity
    WHERE application_name LIKE 'reportctl/%' AND query LIKE 'COPY%' AND state = 'active';
$$;`;

let server: TestPostgres;
let client: pg.Client;
let folder: string;
let url: string;
before(async () => {
  [server, folder] = await Promise.all([startPostgres({ password: PASSWORD }), temporaryFolder()]);
  url = `postgres://postgres:${PASSWORD}@127.0.0.1:${server.port}/postgres`;
  client = await server.connect();
  await client.query(FUNCTION);
  const yaml = (more = '') =>
    `source: base\ncolumns: { n: integer }\n${more}\noutputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]`;
  for (const name of NAMES) await writeReport(join(folder, 'all'), name, yaml(), AT_ONCE);
  const dated = `SELECT n, data FROM (SELECT now() AS data, * FROM (${AT_ONCE}) AS one) AS two`;
  await writeReport(join(folder, 'dated'), 'diario', yaml('filters: { date: data }'), dated);
  await writeReport(join(folder, 'one'), 'um', yaml(), 'SELECT 1 AS n');
  await writeReport(join(folder, 'one'), 'gate', yaml('gates: { min-rows: 2 }'), 'SELECT 1 AS n');
  await writeReport(join(folder, 'one'), 'contrato', yaml(), 'SELECT 1 AS m');
  await writeReport(join(folder, 'one'), 'tabela', yaml(), 'SELECT n FROM nenhuma');
});
after(async () => {
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

let count = 0;
function place(queries: string) {
  const out = join(folder, `out-${++count}`);
  const env = {
    REPORTCTL_SOURCE_BASE: url,
    REPORTCTL_QUERIES: join(folder, queries),
    REPORTCTL_DESTINATION: out,
  };
  return { out, env };
}

describe('so many at once', () => {
  for (const [args, variable, most] of [
    [[], undefined, 2],
    [['--jobs', '1'], undefined, 1],
    [[], '3', 3],
  ] as const) {
    test(`--all ${args.join(' ')} ${variable ?? ''}: ${most}`, async () => {
      const { out, env } = place('all');
      const more = variable === undefined ? {} : { REPORTCTL_JOBS: variable };
      await client.query('UPDATE wanted SET n = $1', [most]);
      if (most > 1) await client.query('SELECT pg_advisory_lock($1)', [GATE]);
      let soFar = '';
      const onStdout = (text: string) => {
        soFar += text;
      };
      const end = reportctl(['run', '--all', ...args], { env: { ...env, ...more }, onStdout });
      if (most > 1) {
        await eventually(async () => /^published [bcd] /m.test(soFar), 'another than a is told');
        await client.query('SELECT pg_advisory_unlock($1)', [GATE]);
      }
      const { code, stdout, stderr } = await end;
      assert.deepEqual([code, stderr], [0, '']);
      const files = (await filesBelow(out)).filter((file) => file.endsWith('.csv'));
      const counts = await Promise.all(
        files.map(async (file) => Number((await readFile(join(out, file), 'utf8')).split('\n')[1])),
      );
      assert.equal(counts.length, NAMES.length);
      assert.equal(Math.max(...counts), most);
      // Another was told while a was held: who is done before is told before.
      const told = stdout.split('\n').flatMap((line) => /^published (\w+) /.exec(line)?.[1] ?? []);
      assert.deepEqual(told.toSorted(), NAMES);
    });
  }

  test('the periods of one report are run one after the other', async () => {
    const { out, env } = place('dated');
    const args = ['run', 'diario', '--jobs', '3', '--since', '2024-10-03', '--until', '2024-10-05'];
    const { code, stderr } = await reportctl(args, { env });
    assert.deepEqual([code, stderr], [0, '']);
    const records = await Promise.all(
      ['20241003', '20241004', '20241005'].map(async (day) =>
        JSON.parse(await readFile(join(out, `_reportctl/diario/${day}.json`), 'utf8')),
      ),
    );
    for (const [index, { started }] of records.entries())
      assert.ok(index === 0 || started >= records[index - 1].finished, `${index} began too early`);
  });

  test('two runs of the same: each is published once, and who comes second says so', async () => {
    const { out, env } = place('all');
    const runs = await Promise.all([1, 2].map(() => reportctl(['run', '--all', '--jobs', '4'], { env })));
    for (const name of NAMES) {
      const published = runs.filter(({ stdout }) => stdout.includes(`published ${name} `));
      assert.equal(published.length, 1, `${name} was published ${published.length} times`);
    }
    for (const { code, stderr } of runs)
      if (code !== 0) assert.match(stderr, /is running the same.*runs failed/s);
    assert.equal((await filesBelow(out)).filter((file) => file.endsWith('.lease')).length, 0);
  });

  test('what is no number of reports and no duration is refused', async () => {
    const { env } = place('one');
    for (const [args, said] of [
      [['--jobs', '0'], /--jobs is "0"\. Give a whole number/],
      [['--retry-for', '15'], /--retry-for is "15"\. Give a duration such as 90s/],
      [['--deadline', 'amanhã'], /--deadline "amanhã" is no time/],
      [['--deadline', '2020-01-01T00:00:00Z'], /is over/],
    ] as const)
      assertRefused(await reportctl(['run', 'um', ...args], { env }), 2, said);
  });
});

describe('again', { concurrency: 3 }, () => {
  test('a database that comes back: every failed attempt is a warning, and then it is published', async () => {
    const { env } = place('one');
    const port = await freePort();
    const child = spawnReportctl(['run', 'um'], {
      env: { ...env, REPORTCTL_RETRY_FOR: '10m', REPORTCTL_SOURCE_BASE: url.replace(/:\d+\//, `:${port}/`) },
    });
    const end = finished(child);
    await new Promise((resolve) => child.stderr.once('data', resolve));
    const proxy = createServer((client) => {
      client.pipe(connect(server.port, '127.0.0.1')).pipe(client);
      client.on('error', () => undefined);
    }).listen(port, '127.0.0.1');
    const { code, stdout, stderr } = await end;
    proxy.close();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^published um /);
    const lines = stderr.trimEnd().split('\n');
    for (const line of lines)
      assert.match(line, / warn um \S+: attempt \d+ failed, the next one is at \d{4}-\S+Z: .*ECONNREFUSED/);
  });

  test('a store that is busy for a while', async () => {
    const s3 = await startS3Server({ bucket: 'bucket' });
    const { env } = place('one');
    s3.fail({ operation: 'PutObject' }, 503, 4);
    const { code, stderr } = await reportctl(['run', 'um', '--retry-for', '10m'], {
      env: { ...env, ...s3.environment, REPORTCTL_DESTINATION: 's3://bucket', AWS_MAX_ATTEMPTS: '1' },
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /attempt 1 failed.*SlowDown/);
    assert.deepEqual(s3.uploads(), []);
    await s3.close();
  });

  test('a store that also loses the removal of the lease: the next attempt knows its own process', async () => {
    const s3 = await startS3Server({ bucket: 'bucket' });
    const { env } = place('one');
    s3.fail(({ operation, path }) => operation === 'PutObject' && path.includes('/um_'), 503, 1);
    s3.fail(({ operation, path }) => operation === 'DeleteObject' && path.includes('.lease'), 'reset', 1);
    const { code, stdout, stderr } = await reportctl(['run', 'um', '--retry-for', '10m'], {
      env: { ...env, ...s3.environment, REPORTCTL_DESTINATION: 's3://bucket', AWS_MAX_ATTEMPTS: '1' },
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^published um /);
    assert.doesNotMatch(stderr, /is running the same/);
    assert.deepEqual(
      s3.keys().filter((key) => key.endsWith('.lease')),
      [],
    );
    await s3.close();
  });

  test('the lease of a run about which nothing is known is met again until its life is over', async () => {
    const options = { bucket: 'bucket', clockAhead: 0 };
    const s3 = await startS3Server(options);
    const { env } = place('one');
    const lease = '_reportctl/um/20260101.lease';
    const holder = {
      lease: 1,
      token: 'dead',
      host: 'gone',
      identity: 'other',
      pid: 1,
      began: '',
      renewal: 'r',
    };
    s3.put(lease, JSON.stringify(holder));
    const end = reportctl(['run', 'um', '--retry-for', '5m'], {
      env: { ...env, ...s3.environment, REPORTCTL_DESTINATION: 's3://bucket' },
      now: '2026-01-02T12:00:00Z',
    });
    const isRead = ({ operation, path }: S3Request) => operation === 'GetObject' && path.includes(lease);
    await eventually(async () => s3.requests.some(isRead), 'the lease was met');
    options.clockAhead = 61_000;
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^published um /);
    assert.match(stderr, /attempt 1 failed.*process 1 on gone is running the same/);
    await s3.close();
  });

  for (const [name, code, more] of [
    ['gate', 3, {}],
    ['contrato', 3, {}],
    ['tabela', 4, {}],
    ['um', 4, { PGPASSWORD: 'errada' }],
  ] as const) {
    test(`never: ${name} ${Object.keys(more)}`, async () => {
      const { env } = place('one');
      const source = more.PGPASSWORD === undefined ? url : url.replace(`:${PASSWORD}@`, '@');
      const { code: got, stderr } = await reportctl(['run', name, '--retry-for', '10m'], {
        env: { ...env, REPORTCTL_SOURCE_BASE: source, ...more },
      });
      assert.equal(got, code, stderr);
      assert.match(stderr, /^reportctl: [^\n]*\n$/, 'there was another attempt');
    });
  }

  test('a source that is gone: one report asks again, the others fail when it gives up, and only they', async () => {
    let asked = 0;
    const gone = createServer((client) => {
      asked += 1;
      client.destroy();
    });
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const address = gone.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { env } = place('all');
    const { code, stdout, stderr } = await reportctl(['run', '--all', '--retry-for', '4s'], {
      env: { ...env, REPORTCTL_SOURCE_BASE: `postgres://u@127.0.0.1:${port}/x?sslmode=disable` },
    });
    gone.close();
    assert.deepEqual([code, stdout], [6, '']);
    const attempts = [...stderr.matchAll(/ warn (\w) \S+: attempt (\d+) failed/g)];
    const again = new Set(attempts.filter(([, , number]) => Number(number) > 1).map(([, name]) => name));
    assert.ok(again.size <= 1, `${[...again]} asked again`);
    const refused = stderr.match(/source "base" was not tried again: it failed for \w \S+ at \S+Z \(/g) ?? [];
    assert.ok(refused.length >= 2, stderr);
    assert.ok(asked <= attempts.length + 2, `${asked} connections for ${attempts.length} attempts`);
    assert.match(stderr, /reportctl: 4 of 4 runs failed\. Run the same command again\.\n$/);
  });
});
