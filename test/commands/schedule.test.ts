// reportctl schedule: from reports and environment to what is printed, and no secret in it.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import {
  assertRefused,
  BINARY,
  ROOT,
  reportctl,
  runReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';

const SECRET = 'hunter2-n0t-to-be-seen';
const WORDS = ['crontab', 'systemd', 'kubernetes', 'iam', 'bucket'];

let folder: string;

function definition(zone: string, outputs = true): string {
  return `source: vendas
timezone: ${zone}
columns: { id: integer }
${outputs ? 'outputs: [{ format: csv, key: "{report}/{YYYYMMDD}.csv" }]' : ''}`;
}

// The zone of the host is the process's.
process.env.TZ = 'UTC';
const BARE = {
  REPORTCTL_DESTINATION: 's3://bucket-relatorios-aplicacao',
  AWS_REGION: 'sa-east-1',
  TZ: 'UTC',
};

async function schedule(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return reportctl(['schedule', ...args], {
    cwd: folder,
    env: { ...BARE, ...env },
  });
}

before(async () => {
  folder = await temporaryFolder();
  await writeReport(join(folder, 'queries'), 'pedidos', definition('America/Sao_Paulo'), 'SELECT 1 AS id');
  await writeReport(join(folder, 'queries'), 'estoque', definition('America/Sao_Paulo'), 'SELECT 1 AS id');
  await writeReport(join(folder, 'queries'), 'avulso', definition('UTC', false), 'SELECT 1 AS id');
});

describe('schedule', { concurrency: 2 }, () => {
  test('one zone is one line with --all, a report without outputs counts for nothing', async () => {
    // The lines name the program that was started.
    const { code, stdout, stderr } = await runReportctl(['schedule'], { cwd: folder, env: BARE });
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.split('\n').filter((line) => /^\d/.test(line));
    const log = '>> /var/log/reportctl/reportctl.log 2>&1';
    assert.deepEqual(lines, [
      `0 4 * * * ${BINARY} run --all --catch-up 3 --deadline 6h --log-format json ${log}`,
      // Nobody is there to be notified.
      `0 6 * * * ${BINARY} status --deadline 1h --log-format json ${log}`,
    ]);
    assert.match(stdout, new RegExp(`^REPORTCTL_QUERIES=${folder}/queries$`, 'm'));
    assert.match(stdout, /^REPORTCTL_SOURCE_VENDAS_FILE=/m);
  });

  test('several zones are a line each, with names', async () => {
    const queries = join(folder, 'two-zones');
    await writeReport(queries, 'pedidos', definition('America/Sao_Paulo'), 'SELECT 1 AS id');
    await writeReport(queries, 'estoque', definition('UTC'), 'SELECT 1 AS id');
    const { stdout } = await schedule([], { REPORTCTL_QUERIES: queries });
    assert.match(stdout, /^0 4 \* \* \* \S+ run pedidos --catch-up/m);
    assert.match(stdout, /^0 1 \* \* \* \S+ run estoque --catch-up/m);
    const units = await schedule(['--as', 'systemd', '--at', '02:15'], { REPORTCTL_QUERIES: queries });
    assert.match(units.stdout, /^# \/etc\/systemd\/system\/reportctl-america-sao-paulo\.timer$/m);
    assert.match(units.stdout, /^OnCalendar=\*-\*-\* 02:15:00 UTC$/m);
    const one = await schedule(['--zone', 'Asia/Tokyo'], { REPORTCTL_QUERIES: queries });
    assert.match(one.stdout, /^0 16 \* \* \* \S+ run --all/m);
  });

  test('a report of another folder is named by its path, absolute as cron needs it', async () => {
    await mkdir(join(folder, 'other'), { recursive: true });
    await writeReport(join(folder, 'other'), 'longe', definition('UTC'), 'SELECT 1 AS id');
    const { stdout } = await schedule(['other/longe.sql']);
    assert.match(stdout, new RegExp(`run ${join(folder, 'other', 'longe.sql')} --catch-up`));
  });

  test('nothing that is printed has a secret, however it was given', async () => {
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, SECRET);
    const env = {
      REPORTCTL_SOURCE_VENDAS: `postgres://u:${SECRET}@db/x`,
      PGPASSWORD_FILE: secretFile,
      PGHOST: 'db',
      AWS_ACCESS_KEY_ID: `AKIA${SECRET}`,
      AWS_SECRET_ACCESS_KEY: SECRET,
    };
    for (const word of WORDS) {
      const { code, stdout, stderr } = await schedule(['--as', word], env);
      assert.equal(code, 0, stderr);
      assert.ok(!`${stdout}${stderr}`.includes(SECRET), word);
    }
    const { stdout } = await schedule([], env);
    assert.match(stdout, new RegExp(`^PGPASSWORD_FILE=${secretFile}$`, 'm'));
    assert.match(stdout, /^AWS_SECRET_ACCESS_KEY_FILE=\/etc\/reportctl\/secrets\/AWS_SECRET_ACCESS_KEY$/m);
    assert.match(stdout, /^PGHOST=db$/m);
    // Keys of a session are worthless tomorrow.
    const today = await schedule([], { ...env, AWS_SESSION_TOKEN: SECRET });
    assert.doesNotMatch(today.stdout, /AWS_(ACCESS|SECRET|SESSION)/);
  });

  test('a value is printed only of a setting that is known to be none of a secret', async () => {
    const env = {
      REPORTCTL_SOURCE_VENDAS: 'postgres://',
      PGSSLPASSWORD: SECRET,
      PGPASSFILE: SECRET,
      PGANYTHING: SECRET,
      PGOPTIONS: `-c app.x=${SECRET}`,
      PGDATABASE: `postgres://u:${SECRET}@db/x`,
      PGUSER: 'ana',
      AWS_ENDPOINT_URL_S3: `https://u:${SECRET}@minio.example`,
      // Not the path of a file: PGPASSWORD wins, so that nobody has read it.
      PGPASSWORD: 'x',
      PGPASSWORD_FILE: `postgres://u:${SECRET}@db/x`,
    };
    for (const word of WORDS) {
      const { code, stdout, stderr } = await schedule(['--as', word], env);
      assert.equal(code, 0, stderr);
      assert.ok(!`${stdout}${stderr}`.includes(SECRET), word);
      assert.match(stderr, /PGDATABASE is left out, because its value looks like a secret/);
    }
    const { stdout } = await schedule([], env);
    for (const name of ['PGOPTIONS', 'AWS_ENDPOINT_URL_S3', 'PGPASSWORD'])
      assert.match(stdout, new RegExp(`^${name}_FILE=/etc/reportctl/secrets/${name}$`, 'm'));
    assert.match(stdout, /^PGUSER=ana$/m);
    assert.doesNotMatch(stdout, /PGSSLPASSWORD|PGPASSFILE|PGANYTHING/);
    assert.match((await schedule([], env)).stderr, /PGPASSFILE is left out/);
    // The id of a key is no secret, though it looks like one.
    const kms = await schedule([], { ...env, REPORTCTL_KMS_KEY_ID: 'mrk-1234abcd12ab34cd56ef1234567890ab' });
    assert.match(kms.stdout, /^REPORTCTL_KMS_KEY_ID=mrk-/m);
  });

  test('it prints where the files of the secrets are not, and notifies whom they name', async () => {
    const env = {
      REPORTCTL_SOURCE_VENDAS_FILE: '/etc/segredos/vendas',
      REPORTCTL_WEBHOOK_URL_FILE: 'segredos/webhook',
    };
    const { code, stdout, stderr } = await schedule([], env);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^REPORTCTL_SOURCE_VENDAS_FILE=\/etc\/segredos\/vendas$/m);
    assert.match(stdout, new RegExp(`^REPORTCTL_WEBHOOK_URL_FILE=${folder}/segredos/webhook$`, 'm'));
    assert.match(stdout, / status --notify --deadline 1h /);
  });

  test('every variable that changes what a job does is carried or named', async () => {
    const carried = {
      AWS_ENDPOINT_URL: 'https://minio.example',
      AWS_CA_BUNDLE: '/etc/ssl/empresa.pem',
      AWS_CONFIG_FILE: '/etc/aws/config',
      NODE_EXTRA_CA_CERTS: '/etc/ssl/empresa.pem',
      HTTPS_PROXY: 'http://proxy.example:3128',
      no_proxy: 'localhost',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_SERVICE_NAME: 'relatorios',
      PGSERVICE: 'vendas',
      REPORTCTL_MAX_TEMPLATE_SIZE: '256MiB',
    };
    const env = {
      ...carried,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}`,
      HTTP_PROXY: `http://ana:${SECRET}@proxy.example`,
      PGSSLROOTCERT: 'certs/raiz.pem',
    };
    for (const word of ['crontab', 'systemd', 'kubernetes']) {
      const { code, stdout, stderr } = await schedule(['--as', word], env);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /HTTP_PROXY is left out/);
      assert.ok(!`${stdout}${stderr}`.includes(SECRET), word);
      for (const [name, value] of Object.entries({ ...carried, PGSSLROOTCERT: `${folder}/certs/raiz.pem` }))
        assert.ok(stdout.includes(name) && stdout.includes(value), `${word}: ${name}`);
      assert.match(stdout, /OTEL_EXPORTER_OTLP_HEADERS_FILE/);
    }
  });

  test('a unit may write its metrics file', async () => {
    const env = { REPORTCTL_METRICS_FILE: '/var/lib/node_exporter/textfile/reportctl.prom' };
    const { stdout } = await schedule(['--as', 'systemd'], env);
    assert.match(stdout, /^ReadWritePaths=-\/var\/lib\/node_exporter\/textfile$/m);
    assert.match(stdout, /status --notify/);
  });

  test('--json has the same text', async () => {
    const { stdout } = await schedule(['--as', 'iam', '--json', '-q'], {
      REPORTCTL_SOURCE_VENDAS: 'postgres://',
    });
    const { as, text } = JSON.parse(stdout);
    assert.equal(as, 'iam');
    const [files] = JSON.parse(text).Statement;
    assert.ok(files.Resource.includes('arn:aws:s3:::bucket-relatorios-aplicacao/pedidos/*'));
  });

  test('a source that is not set here is told, since its rights would be missing', async () => {
    const { code, stderr } = await schedule(['--as', 'iam']);
    assert.equal(code, 0);
    assert.match(stderr, /warn source "vendas": REPORTCTL_SOURCE_VENDAS is not set/);
  });

  const refusals: readonly [args: string[], said: RegExp, env?: Record<string, string>][] = [
    [['--at', '25:00'], /'--at <time>' argument '25:00' is invalid\. Write HH:MM/],
    [['--at', '1:00'], /argument '1:00' is invalid/],
    [['--zone', 'Brasil'], /unknown time zone "Brasil"/],
    [['--host-zone', '+03:00'], /unknown time zone "\+03:00"/],
    [['--as', 'launchd'], /Allowed: crontab, systemd, kubernetes, iam, bucket/],
    [['--cron', 'fcron'], /(Did you mean|Allowed).*debian, cronie/],
    [['pedido'], /no report "pedido".*did you mean "pedidos"/i],
    [['avulso'], /report "avulso" has no outputs/],
    [
      ['--as', 'iam'],
      /--as iam needs a bucket, the destination is \/srv\/out/,
      { REPORTCTL_DESTINATION: '/srv/out' },
    ],
    [['--as', 'bucket'], /--as bucket needs a bucket/, { REPORTCTL_DESTINATION: './out' }],
    [[], /REPORTCTL_DESTINATION is no folder and no bucket/, { REPORTCTL_DESTINATION: 'gs://bucket' }],
  ];
  for (const [args, said, env = {}] of refusals) {
    test(`refused: ${args.join(' ')}`, async () => {
      assertRefused(await schedule(args, { REPORTCTL_SOURCE_VENDAS: 'postgres://', ...env }), 2, said);
    });
  }

  test('the reports of this repository have one for every word', async () => {
    for (const word of WORDS) {
      const { code, stderr } = await schedule(['--as', word, '-q'], {
        REPORTCTL_QUERIES: join(ROOT, 'queries'),
      });
      assert.equal(code, 0, stderr);
    }
  });
});
