// Everything that a failing run leaves anywhere, searched for every secret that it was given.
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertRefused,
  filesBelow,
  finished,
  reportctl,
  runReportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import { DAY, startPlace } from '../support/heard-run.js';
import { startListener } from '../support/listener.js';
import { startPostgres } from '../support/postgres.js';

const SECRETS = {
  password: 'S3nha-do-banco',
  wrongPassword: 'S3nha-errada',
  mongodb: 'S3nha-do-mongo',
  accessKey: 'AKIAS3NHA',
  secretKey: 'S3nha/da+chave',
  sessionToken: 'S3nha-da-sessao',
  webhook: 'S3nha-do-webhook',
  heartbeat: 'S3nha-da-batida',
  collector: 'S3nha-do-coletor',
  keyPassword: 'S3nha-da-chave-privada',
  redirect: 'S3nha-do-desvio',
} as const;

/** What else is done with the same environment. */
const VERBS: readonly (readonly string[])[] = [
  ['list'],
  ['list', '--json'],
  ['check'],
  ['check', '--json', '--log-format', 'json'],
  ...['certo', 'ausente', 'torto', 'mongo', 'quebrado'].flatMap((name) => [
    ['trace', name, '--key', 'n=1'],
    ['export', name, '-o', '-'],
    ['new', `novo-${name}`, '--from', 'pg_class', '--source', name],
  ]),
  ['new', 'novo', '--from', 'SELECT 1 AS n', '--source', 'certo', '-o', 'novo.sql'],
  ['verify', 'certo', '--source'],
  ['diff', 'certo', 'certo'],
  ['consume', 'certo', '--as', 'pandas'],
  ['test'],
  ['__complete', 'export', 'certo', '--organization', ''],
  ...['crontab', 'systemd', 'kubernetes', 'iam', 'bucket'].map((word) => ['schedule', '--as', word]),
];

test('no secret in what a failing run says, sends or leaves', async (t) => {
  const [place, postgres, listener] = await Promise.all([
    startPlace(),
    startPostgres({ password: SECRETS.password }),
    // The bucket refuses, which makes destination errors; all others take what they get.
    startListener(({ path }) => {
      if (path.startsWith('/bucket')) return 403;
      const location = `/desvio?token=${SECRETS.redirect}`;
      return path.startsWith(`/${SECRETS.heartbeat}`) ? { status: 307, headers: { location } } : 200;
    }),
  ]);
  t.after(() => Promise.all([postgres.stop(), listener.stop(), rm(place.folder, { recursive: true })]));
  const queries = join(place.folder, 'queries');
  const columns = 'columns: { n: integer }\noutputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]';
  const sql = (source: string, more: string, query: string) =>
    `/*---\nsource: ${source}\n${columns}\n${more}\n---*/\n${query}\n`;
  await Promise.all([
    writeFile(join(queries, 'certo.sql'), sql('certo', '', 'SELECT 1 AS n')),
    writeFile(join(queries, 'recusado.sql'), sql('certo', 'gates: { min-rows: 5 }', 'SELECT 1 AS n')),
    writeFile(
      join(queries, 'quebrado.sql'),
      sql('certo', '', 'SELECT 1/(n-1) AS n FROM generate_series(1, 2) AS n'),
    ),
    writeFile(join(queries, 'coluna.sql'), sql('certo', '', 'SELECT 1 AS m')),
    writeFile(join(queries, 'ausente.sql'), sql('ausente', '', 'SELECT 1 AS n')),
    writeFile(join(queries, 'torto.sql'), sql('torto', '', 'SELECT 1 AS n')),
    writeFile(
      join(queries, 'mongo.yaml'),
      `source: mongo\ncollection: c\n${columns.replace('integer', 'text')}\n`,
    ),
  ]);
  const keyFile = join(place.folder, 'webhook-url');
  await writeFile(keyFile, `${listener.url}/${SECRETS.webhook}?k=${SECRETS.webhook}\n`);
  const metrics = join(place.folder, 'reportctl.prom');
  const env = {
    ...place.env,
    REPORTCTL_SOURCE_CERTO: postgres.url,
    REPORTCTL_SOURCE_AUSENTE: postgres.url.replace(SECRETS.password, SECRETS.wrongPassword),
    REPORTCTL_SOURCE_TORTO: `postgres://ana:${SECRETS.wrongPassword}/#@localhost/nada`,
    REPORTCTL_SOURCE_MONGO: `mongodb://ana:${SECRETS.mongodb}@127.0.0.1:1/f?serverSelectionTimeoutMS=200`,
    REPORTCTL_WEBHOOK_URL_FILE: keyFile,
    REPORTCTL_HEARTBEAT_URL: `${listener.url}/${SECRETS.heartbeat}`,
    REPORTCTL_METRICS_FILE: metrics,
    OTEL_EXPORTER_OTLP_ENDPOINT: `${listener.url}/otlp`,
    OTEL_EXPORTER_OTLP_HEADERS: `x-key=${SECRETS.collector}`,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: listener.url,
    AWS_ACCESS_KEY_ID: SECRETS.accessKey,
    AWS_SECRET_ACCESS_KEY: SECRETS.secretKey,
    AWS_SESSION_TOKEN: SECRETS.sessionToken,
    REPORTCTL_S3_PATH_STYLE: 'true',
  };
  const said: string[] = [];
  for (const [format, webhookFormat, destination] of [
    ['text', 'slack', place.out],
    ['json', 'json', place.out],
    ['json', 'json', 's3://bucket/relatorios'],
  ] as const) {
    // The OpenTelemetry SDK reads the environment of the process.
    const { code, stdout, stderr } = await runReportctl(
      ['run', '--all', '--json', '--log-format', format, '--quarantine'],
      {
        env: {
          ...env,
          REPORTCTL_WEBHOOK_FORMAT: webhookFormat,
          REPORTCTL_DESTINATION: destination,
          REPORTCTL_LOG_LEVEL: 'debug',
        },
      },
    );
    assert.equal(code, 6, stderr);
    said.push(stdout, stderr);
    if (format === 'json') {
      const runs = stderr
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { run?: string }).run);
      assert.match(runs[0] ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(new Set(runs).size, 1, 'one run id on every line');
      const heard = listener.heard.filter(({ body }) => body.includes(`${runs[0]}`));
      assert.ok(heard.length > 1, 'webhook and trace carry it');
    }
  }
  const status = await reportctl(['status', '--notify', '--since', DAY.slice(0, 7), 'certo'], { env });
  said.push(status.stdout, status.stderr);
  for (const args of VERBS) {
    const { stdout, stderr } = await reportctl(args, {
      env: {
        ...env,
        OTEL_SDK_DISABLED: 'true',
        PGPASSWORD: SECRETS.password,
        PGSSLPASSWORD: SECRETS.keyPassword,
      },
      cwd: place.folder,
    });
    said.push(stdout, stderr);
  }
  const left = [...(await filesBelow(place.out)), '../novo.sql'];
  for (const wanted of [
    /^certo_.*\.csv$/,
    /\.manifest\.json$/,
    /_reportctl\/certo\/\d+\.json$/,
    /\.alarm\.json$/,
  ]) {
    assert.ok(
      left.some((file) => wanted.test(file)),
      `${wanted} among ${left.join(' ')}`,
    );
  }
  const texts = [
    ...said,
    ...(await Promise.all(left.map((file) => readFile(join(place.out, file), 'latin1')))),
    await readFile(metrics, 'utf8'),
    ...listener.heard.map(({ body }) => body),
  ];
  const bodies = (path: string) => listener.heard.filter((heard) => heard.path.startsWith(path)).length;
  assert.ok(bodies(`/${SECRETS.webhook}`) > 5, 'the webhook was told');
  assert.ok(bodies(`/${SECRETS.heartbeat}`) === 6, 'the heartbeat was heard');
  assert.ok(bodies('/otlp/v1/traces') === 3, 'the traces were exported');
  assert.ok(bodies('/bucket') > 0, 'the bucket was asked');
  for (const [name, secret] of Object.entries(SECRETS)) {
    for (const spelling of new Set([
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ])) {
      for (const text of texts) {
        const at = text.indexOf(spelling);
        assert.equal(at, -1, `${name} in: ${text.slice(Math.max(0, at - 200), at + 50)}`);
      }
    }
  }
});

/** `environ` and `cmdline` of every process below this one, as they are now. */
async function descendants(root: number): Promise<{ environ: string; cmdline: string }[]> {
  const processes = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (id) => {
        const read = (file: string) => readFile(`/proc/${id}/${file}`, 'latin1').catch(() => '');
        const [stat, environ, cmdline] = await Promise.all(['stat', 'environ', 'cmdline'].map(read));
        const parent = Number(/^.*\) \S (\d+)/s.exec(stat ?? '')?.[1]);
        return { id: Number(id), parent, environ: environ ?? '', cmdline: cmdline ?? '' };
      }),
  );
  const below = new Set([root]);
  let size = 0;
  while (size < below.size) {
    size = below.size;
    for (const { id, parent } of processes) if (below.has(parent)) below.add(id);
  }
  return processes.filter(({ id }) => id !== root && below.has(id));
}

test('no secret in any process that a run starts', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = await temporaryFolder();
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'dados.sql'), 'CREATE TABLE t (n integer);');
  await writeReport(
    folder,
    'lento',
    'source: embutida\ncolumns: { n: integer }\noutputs: [{ format: csv, key: "n.csv" }]',
    'SELECT 1 AS n FROM (SELECT pg_sleep(60)) AS s',
  );
  const child = spawnReportctl(['run', 'lento'], {
    cwd: folder,
    env: {
      REPORTCTL_QUERIES: folder,
      REPORTCTL_SOURCE_EMBUTIDA: `embedded:${join(folder, 'dados.sql')}`,
      REPORTCTL_SOURCE_OUTRA: `postgres://ana:${SECRETS.password}@db/x`,
      REPORTCTL_WEBHOOK_URL: `http://127.0.0.1:1/${SECRETS.webhook}`,
      AWS_ACCESS_KEY_ID: SECRETS.accessKey,
      AWS_SECRET_ACCESS_KEY: SECRETS.secretKey,
      S3NHA: SECRETS.sessionToken,
    },
  });
  const end = finished(child);
  const seen = new Map<string, { environ: string; cmdline: string }>();
  while (child.exitCode === null && ![...seen.keys()].some((cmdline) => /^postgres: .*COPY/.test(cmdline))) {
    for (const process of await descendants(child.pid ?? 0)) seen.set(process.cmdline, process);
    await sleep(50);
  }
  child.kill('SIGQUIT');
  const { code, stderr } = await end;
  assert.equal(code, 131, stderr);
  assert.ok(seen.size > 3, `the shell and the server's processes are seen: ${[...seen.keys()]}`);
  for (const { environ, cmdline } of seen.values()) {
    assert.doesNotMatch(`${environ} ${cmdline}`, /S3nha|S3NHA|AWS_|REPORTCTL_/, cmdline);
  }
});

describe('an address with a secret in the wrong place is refused without showing it', () => {
  const REFUSALS: readonly [url: string, said: RegExp][] = [
    ['postgres:/ana:S3nha@host/d', /the URL has no \/\/ after "postgres:"/],
    ['postgres:ana:S3nha@host/d', /the URL has no \/\/ after "postgres:"/],
    ['POSTGRESQL:S3nha', /the URL has no \/\/ after "postgresql:"/],
    ['mongodb:/ana:S3nha@host/d', /the URL has no \/\/ after "mongodb:"/],
    ['s3:ana:S3nha@bucket', /the URL has no \/\/ after "s3:"/],
    ['s3://ana:S3nha@bucket/docs/', /the URL holds a user, a password or a token/],
    ['s3://bucket/docs/?X-Amz-Security-Token=S3nha', /the URL holds a user, a password or a token/],
    ['file:docs?password=S3nha', /the URL holds a user, a password or a token/],
    ['file://ana:S3nha@host/docs/', /the URL holds a user, a password or a token/],
    ['postgres://ana:12/S3nha@host/d', /the URL cannot be read/],
    ['postgres://host/d?pasword=S3nha', /unknown parameter "pasword"/],
    ['mongodb://host/d?password=S3nha', /the URL cannot be read/],
    ['ana:S3nha@host/d', /no engine reads "ana:"/],
    [' postgres://ana:S3nha@host/d', /no engine reads a URL without a scheme/],
  ];
  for (const [url, said] of REFUSALS) {
    test(url, async (t) => {
      const folder = await temporaryFolder();
      t.after(() => rm(folder, { recursive: true }));
      const isSql = !/^(mongodb|s3|file)/.test(url);
      const yaml = 'source: x\ncolumns: { n: integer }\n';
      if (isSql) await writeReport(folder, 'r', yaml, 'SELECT 1 AS n');
      else await writeFile(join(folder, 'r.yaml'), `${yaml}collection: c\n`);
      const env = { REPORTCTL_QUERIES: folder, REPORTCTL_SOURCE_X: url };
      const result = await reportctl(['export', 'r', '-o', '-'], { env, cwd: folder });
      assertRefused(result, 2, said);
      assert.doesNotMatch(result.stderr, /S3nha/);
    });
  }

  for (const [variable, value, args] of [
    ['REPORTCTL_DESTINATION', 's3://ana:S3nha@bucket/x', ['status']],
    ['REPORTCTL_DESTINATION', 's3://ana:S3nha@bucket/x', ['schedule']],
    ['AWS_ENDPOINT_URL_S3', 'ana:S3nha@host', ['status']],
    ['REPORTCTL_WEBHOOK_URL', 'ana:S3nha@host', ['status']],
  ] as const) {
    test(`${variable}=${value} ${args[0]}`, async (t) => {
      const place = await startPlace();
      t.after(() => rm(place.folder, { recursive: true }));
      const env = { ...place.env, AWS_REGION: 'x', REPORTCTL_DESTINATION: 's3://bucket', [variable]: value };
      const result = await reportctl(args, { env });
      assertRefused(result, 2, new RegExp(variable));
      assert.doesNotMatch(result.stderr, /S3nha/);
    });
  }
});
