// Everything that a failing run leaves anywhere, searched for every secret that it was given.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, reportctl, runReportctl } from '../support/cli.js';
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
} as const;

test('no secret in what a failing run says, sends or leaves', async (t) => {
  const [place, postgres, listener] = await Promise.all([
    startPlace(),
    startPostgres({ password: SECRETS.password }),
    // The bucket refuses, which makes destination errors; all others take what they get.
    startListener(({ path }) => (path.startsWith('/bucket') ? 403 : 200)),
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
  const left = await filesBelow(place.out);
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
