// An upgrade removes the program's files while runs read: each run ends as it would have.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import {
  type Finished,
  filesBelow,
  finished,
  ROOT,
  spawnReportctl,
  temporaryFolder,
} from '../support/cli.js';
import { startListener } from '../support/listener.js';
import { eventually, type TestPostgres } from '../support/postgres.js';
import { startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

const DAY = '2024-10-05';
const LOCK = 15;
const NAMES = ['publica', 'recusa', 'destino', 'sinal', 'perdida', 'espera'] as const;
type Name = (typeof NAMES)[number];

const ends = {} as Record<Name, Finished>;
let server: TestPostgres;
let client: pg.Client;
let folder: string;
let listener: Awaited<ReturnType<typeof startListener>>;
let store: Awaited<ReturnType<typeof startS3Server>>;

/** A report that gets its last row when the lock is given up. Its outputs are split, so writers are made after that. */
const sql = (name: string, more = '') => `/*---
source: base
timezone: UTC
filters: { date: dia }
columns: { n: integer, dia: date, org: text }
order-by: [n]
outputs:
  - { format: csv, key: "{report}_{YYYYMMDD}.csv" }
  - { format: xlsx, key: "{report}/{org}_{YYYYMMDD}.xlsx", split-by: org }
  - { format: pdf, key: "{report}/{org}_{YYYYMMDD}.pdf", split-by: org, attach: [csv] }
${more}
---*/
SELECT n, date '${DAY}' AS dia, 'org' || n AS org FROM (VALUES (1), (2)) AS v (n)
WHERE (SELECT '${name}') <> '' AND (SELECT pg_advisory_xact_lock_shared(${LOCK})) IS NOT NULL`;

/** A container's credentials, which expire so soon that the SDK asks for new ones before every request. */
let credentials: Server;
let credentialRequests = 0;
async function serveCredentials(): Promise<string> {
  credentials = createServer((_, response) => {
    credentialRequests += 1;
    const Expiration = new Date(Date.now() + 60_000).toISOString();
    const body = { AccessKeyId: 'test-access-key', SecretAccessKey: 'x', Token: 'y', Expiration };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => credentials.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(credentials.address() as AddressInfo).port}/credentials`;
}

/** What makes the next success a recovery, of which the webhook is told. */
const ALARM = {
  alarm: 1,
  report: 'publica',
  period: { kind: 'day', from: DAY, lastDay: DAY },
  event: 'failed',
  since: `${DAY}T01:00:00.000Z`,
  told: `${DAY}T01:00:00.000Z`,
  times: 1,
  message: 'x',
  run: 'x',
  host: 'x',
};

const out = (name: Name) => join(folder, `out-${name}`);
const published = (name: Name) =>
  filesBelow(out(name)).then((files) => files.filter((file) => /\.(csv|xlsx|pdf)$/.test(file)));

/** The text of the bundle's AWS SDK. */
let sdkText = '';

/** The program as npm installs it. A coverage run has not built it. */
async function makeProgram(folder: string): Promise<void> {
  const parts = ['bin', 'package.json', ...(existsSync(join(ROOT, 'dist')) ? ['dist'] : [])];
  for (const part of parts) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  if (parts.includes('dist')) return;
  const { bundle } = await import(join(ROOT, 'scripts/build.js'));
  await bundle(join(folder, 'dist'));
}

before(async () => {
  [server, folder, listener, store] = await Promise.all([
    createDatabase(),
    temporaryFolder(),
    startListener(),
    startS3Server({ bucket: 'bucket' }),
  ]);
  client = await server.connect();
  await client.query(`SELECT pg_advisory_lock(${LOCK})`);
  const queries = join(folder, 'queries');
  await mkdir(queries);
  for (const name of NAMES)
    await writeFile(
      join(queries, `${name}.sql`),
      sql(name, name === 'recusa' ? 'gates: { min-rows: 5 }' : ''),
    );
  // The second report of a run reads another kind of source, which is opened when the files are gone.
  await writeFile(
    join(queries, 'depois.yaml'),
    `source: docs\ncollection: docs\ntimezone: UTC\ncolumns: { id: { kind: text, path: _id } }
filters: { date: { path: em, stored: text } }
outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]\n`,
  );
  await writeFile(
    join(queries, 'espera.sql'),
    sql(
      'espera',
      `wait-for: { query: "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK}", every: 1s, for: 10m }`,
    ),
  );
  await writeFile(join(folder, 'docs.ndjson'), `{"_id":"1","em":"${DAY}T10:00:00Z"}\n`);
  await mkdir(join(out('publica'), '_reportctl/publica'), { recursive: true });
  await writeFile(
    join(out('publica'), '_reportctl/publica', `${DAY.replaceAll('-', '')}.alarm.json`),
    JSON.stringify(ALARM),
  );
  store.fail(
    ({ operation, path }) => operation === 'PutObject' && /\/_reportctl\/destino\/\d{8}\.json/.test(path),
    500,
  );

  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...bucket } = store.environment;
  const container = { ...bucket, AWS_CONTAINER_CREDENTIALS_FULL_URI: await serveCredentials() };
  const program = join(folder, 'program');
  await makeProgram(program);
  const [sdk = ''] = (await readdir(join(program, 'dist'))).filter((file) => file.startsWith('sdk-'));
  sdkText = await readFile(join(program, 'dist', sdk), 'utf8');
  let ready = 0;
  const children = NAMES.map((name) => {
    const args = name === 'publica' ? ['publica', 'depois', '--jobs', '1'] : [name];
    const child = spawnReportctl(['run', ...args, '--date', DAY], {
      binary: join(program, 'bin/reportctl.js'),
      env: {
        ...(name === 'destino' ? container : {}),
        REPORTCTL_SOURCE_BASE: server.url,
        REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
        REPORTCTL_QUERIES: queries,
        REPORTCTL_DESTINATION: name === 'destino' ? 's3://bucket' : out(name),
        REPORTCTL_WEBHOOK_URL: `${listener.url}/${name}`,
        REPORTCTL_WEBHOOK_FORMAT: 'json',
        REPORTCTL_HEARTBEAT_URL: `${listener.url}/heartbeat-${name}`,
        REPORTCTL_METRICS_FILE: join(folder, `${name}.prom`),
        REPORTCTL_LOG_LEVEL: 'debug',
        REPORTCTL_LOG_FORMAT: name === 'recusa' ? 'json' : 'text',
        REPORTCTL_RETRY_FOR: name === 'perdida' ? '10m' : '0',
        AWS_MAX_ATTEMPTS: '1',
      },
    });
    child.stdin.end();
    child.stderr.on('data', (text: Buffer) => {
      if (text.includes('all that publishing needs is loaded')) ready += 1;
    });
    const end = finished(child).then((result) => {
      ends[name] = result;
    });
    return { name, child, end };
  });
  const waiting = async () => {
    const { rows } = await client.query<{ pid: number; name: string }>(
      "SELECT pid, application_name AS name FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
    );
    return rows;
  };
  // All but the one that waits for its data.
  const areReading = async () => ready === NAMES.length && (await waiting()).length === NAMES.length - 1;
  const ended = Promise.all(children.map(({ end }) => end));
  await Promise.race([ended, eventually(areReading, 'every run reads or waits')]);
  await rm(program, { recursive: true });
  children.find(({ name }) => name === 'sinal')?.child.kill('SIGTERM');
  const lost = (await waiting()).find(({ name }) => name === 'reportctl/perdida');
  await client.query('SELECT pg_terminate_backend($1)', [lost?.pid]);
  await client.query(`SELECT pg_advisory_unlock(${LOCK})`);
  await ended;
});

after(async () => {
  await client.end();
  await Promise.all([server.stop(), listener.stop(), store.close()]);
  credentials.closeAllConnections();
  credentials.close();
  await rm(folder, { recursive: true });
});

describe('the program is removed while it reads', () => {
  const told = (name: Name) =>
    listener.heard
      .filter(({ path }) => path === `/${name}`)
      .map(({ body }) => JSON.parse(body) as { event: string; code: string | null });

  test('no run shows a stack or names a module', () => {
    for (const name of NAMES)
      assert.doesNotMatch(ends[name].stderr, /\n {4}at |Cannot find|ERR_|node:/, name);
  });

  test('a report is published, and so is the next one of the run; the webhook hears of the recovery', async () => {
    const { code, stderr } = ends.publica;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await published('publica'), [
      'depois_20241005.csv',
      'publica/org1_20241005.pdf',
      'publica/org1_20241005.xlsx',
      'publica/org2_20241005.pdf',
      'publica/org2_20241005.xlsx',
      'publica_20241005.csv',
    ]);
    assert.ok((await filesBelow(out('publica'))).includes('publica.latest.json'));
    assert.deepEqual(
      told('publica').map(({ event }) => event),
      ['recovered'],
    );
    assert.match(await readFile(join(folder, 'publica.prom'), 'utf8'), /reportctl/);
    const beats = listener.heard.filter(({ path }) => path.startsWith('/heartbeat-publica'));
    assert.equal(beats.length, 2, 'start and success');
  });

  test('a gate refuses: 3, and the webhook hears of it', async () => {
    const { code, stderr } = ends.recusa;
    assert.equal(code, 3, stderr);
    assert.deepEqual(await published('recusa'), []);
    assert.deepEqual(
      told('recusa').map(({ event }) => event),
      ['refused'],
    );
  });

  test('the destination fails at the record: 5, and the webhook hears of it', () => {
    const { code, stderr } = ends.destino;
    assert.equal(code, 5, stderr);
    assert.ok(credentialRequests > 2, 'the credentials were renewed');
    assert.deepEqual(
      told('destino').map((notice) => notice.code),
      ['destination'],
    );
  });

  test('SIGTERM: 143, and the webhook hears of it', async () => {
    const { code, stderr } = ends.sinal;
    assert.equal(code, 143, stderr);
    assert.deepEqual(await published('sinal'), []);
    assert.deepEqual(
      told('sinal').map((notice) => notice.code),
      ['interrupted'],
    );
  });

  for (const [name, how] of [
    ['perdida', 'a lost connection is tried again'],
    ['espera', 'a report that waited for its data is read'],
  ] as const) {
    test(`${how}, and published`, async () => {
      assert.equal(ends[name].code, 0, ends[name].stderr);
      assert.equal((await published(name)).length, 5);
    });
  }
});

test('the SDK of the bundle imports nothing late but what only event streams need', () => {
  const late = sdkText.match(/import\("\.\/[^"]*"\)/g) ?? [];
  assert.ok(sdkText.length > 100_000);
  assert.deepEqual(
    late.filter((one) => !/event-streams|bowser/.test(one)),
    [],
  );
});
