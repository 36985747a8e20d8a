// npm run bench [-- rows [runs]]: a table of PostgreSQL to CSV, beside every peer that is found here, in turn; medians.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY } from '../test/support/cli.js';
import { freePort, startPostgres } from '../test/support/postgres.js';
import { inTurn, lines, type Measure, measure } from './measure.js';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const RUNS = Number(process.argv[3] ?? 5);
/** Peers that are not called so on the PATH. */
const { MINIO = 'minio', MC = 'mc', SLING = 'sling', BENCH_PYTHON = 'python3' } = process.env;

const TABLE = `CREATE TABLE linhas AS SELECT i AS id, 'Cliente número ' || i % 5000 AS cliente,
  timestamptz '2024-01-01 00:00:00-03' + i * interval '7.3 seconds' AS momento, (i * 37 % 1000000)::numeric / 100 AS valor,
  i % 97 AS quantidade, 'Organização ' || i % 50 AS organizacao, 'Produto ' || i % 700 AS produto,
  (ARRAY['Bebidas', 'Alimentos', 'Limpeza'])[1 + i % 3] AS tipo, md5(i::text) AS codigo,
  CASE WHEN i % 11 = 0 THEN NULL ELSE 'aprovada' END AS status FROM generate_series(1, ${ROWS}) AS i`;
const ALL = 'SELECT * FROM linhas';
/** Half of the days of one organization in fifty: 1 %. */
const [FROM, TO, AFTER] = ['2024-01-01', '2024-02-11', '2024-02-12'];
const ORGANIZATION = 'Organização 7';
const FEW = `${ALL} WHERE organizacao = '${ORGANIZATION}' AND momento >= '${FROM}' AND momento < '${AFTER}'`;

type Work = Readonly<Record<string, () => Promise<Measure>>>;

const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
const postgres = await startPostgres();
const report = new URL('linhas.sql', import.meta.url).pathname;
// The same zone, so that psql writes the same bytes as we.
const env = { REPORTCTL_SOURCE_BENCH: postgres.url, PGTZ: 'America/Sao_Paulo' };
const ours = (where: string, ...more: string[]) =>
  measure(process.execPath, [BINARY, 'export', report, '-q', '-o', where, ...more], { ...env, ...s3Env });
const psqlArgs = ['-h', postgres.folder, '-p', String(postgres.port), '-U', 'postgres', '-qXc'];
const copy = (query: string, to: string) => `\\copy (${query}) TO ${to} WITH (FORMAT csv, HEADER)`;
const psql = (query: string, path: string) => measure('psql', [...psqlArgs, copy(query, `'${path}'`)], env);
const file = (name: string) => join(folder, name);
let s3Env: Record<string, string> = {};
let store: { stop(): Promise<void> } | undefined;

const output = ['| work | median s | min–max | × peer | at most | peak MB |', '|---|---|---|---|---|---|'];
/** @param most the ratio that each of ours may have */
async function compare(peer: string, most: Readonly<Record<string, number>>, work: Work): Promise<void> {
  output.push(...lines(await inTurn(work, RUNS), peer, most));
}

function found(command: string, ...args: string[]): string | undefined {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.trim().split('\n')[0];
  } catch {
    return undefined;
  }
}

/** Lines but for the header's (no value of this table has a line break), and SHA-256. */
async function contentOf(bytes: Readable): Promise<{ rows: number; sha256: string }> {
  let rows = -1;
  const hash = createHash('sha256');
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    hash.update(chunk);
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows += 1;
  }
  return { rows, sha256: hash.digest('hex') };
}

/** All of them have done the same work, or nothing is printed. */
async function assertSame(theirs: Readable, others: readonly Readable[], compared: 'bytes' | 'rows') {
  const expected = await contentOf(theirs);
  for (const other of others) {
    const { rows, sha256 } = await contentOf(other);
    if (rows !== expected.rows || (compared === 'bytes' && sha256 !== expected.sha256)) {
      throw new Error(`${rows} rows (${sha256}) beside ${expected.rows} (${expected.sha256})`);
    }
  }
}

async function startStore(): Promise<{ url: string; stop(): Promise<void> }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  await mkdir(file('store/bench'), { recursive: true });
  const child = spawn(MINIO, ['server', '--quiet', '--address', new URL(url).host, file('store')], {
    env: {
      ...process.env,
      MINIO_ROOT_USER: 'reportctl',
      MINIO_ROOT_PASSWORD: 'reportctl',
      MINIO_KMS_SECRET_KEY: `bench:${Buffer.alloc(32).toString('base64')}`,
    },
    stdio: 'ignore',
  });
  const closed = once(child, 'close');
  const isReady = () =>
    fetch(`${url}/minio/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  for (let attempt = 0; attempt < 300 && !(await isReady()); attempt++) await sleep(100);
  return {
    url,
    stop: async () => {
      child.kill();
      await closed;
    },
  };
}

async function toFiles(): Promise<void> {
  await compare(
    'psql \\copy',
    { reportctl: 1.15, 'reportctl --locale pt-BR': 1.5 },
    {
      'psql \\copy': () => psql(ALL, file('psql.csv')),
      reportctl: () => ours(file('reportctl.csv')),
      'reportctl --locale pt-BR': () => ours(file('pt.csv'), '--locale', 'pt-BR'),
    },
  );
  await assertSame(createReadStream(file('psql.csv')), [createReadStream(file('reportctl.csv'))], 'bytes');
  await assertSame(createReadStream(file('psql.csv')), [createReadStream(file('pt.csv'))], 'rows');
}

async function toStore(): Promise<void> {
  if (found(MINIO, '--version') === undefined || found(MC, '--version') === undefined) {
    console.error('not measured: S3 (MinIO and its client are not found: set MINIO and MC)');
    return;
  }
  const { url, stop } = await startStore();
  store = { stop };
  s3Env = {
    AWS_ENDPOINT_URL_S3: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'reportctl',
    AWS_SECRET_ACCESS_KEY: 'reportctl',
    REPORTCTL_S3_PATH_STYLE: 'true',
    MC_HOST_bench: url.replace('//', '//reportctl:reportctl@'),
  };
  const pipe = `psql "$@" | '${MC}' -q pipe --enc-s3 bench/bench bench/bench/psql.csv`;
  await compare(
    'psql \\copy to stdout, mc pipe',
    { 'reportctl to S3': 1.15 },
    {
      'psql \\copy to stdout, mc pipe': () =>
        measure('sh', ['-c', pipe, 'sh', ...psqlArgs, copy(ALL, 'STDOUT')], { ...env, ...s3Env }),
      'reportctl to S3': () => ours('s3://bench/reportctl.csv', '--overwrite'),
    },
  );
  const read = (key: string) =>
    spawn(MC, ['cat', `bench/bench/${key}`], { env: { ...process.env, ...s3Env } }).stdout;
  await assertSame(read('psql.csv'), [read('reportctl.csv')], 'bytes');
}

async function filtered(): Promise<void> {
  const filters = ['--date', `${FROM}..${TO}`, '--organization', ORGANIZATION];
  await compare(
    'psql \\copy of 1 %',
    { 'reportctl of 1 %': 1.1 },
    {
      'psql \\copy of 1 %': () => psql(FEW, file('psql-few.csv')),
      'reportctl of 1 %': () => ours(file('few.csv'), ...filters),
    },
  );
  await assertSame(createReadStream(file('psql-few.csv')), [createReadStream(file('few.csv'))], 'bytes');
}

/** Those that are found; ours is half as long as the fastest of them, or should be. */
async function others(): Promise<void> {
  const peers: Record<string, () => Promise<Measure>> = {};
  const script = new URL('peer_connectorx.py', import.meta.url).pathname;
  if (found(BENCH_PYTHON, '-c', 'import connectorx, pyarrow; print(connectorx.__version__)') !== undefined) {
    peers.connectorx = () => measure(BENCH_PYTHON, [script, connectorxUrl(), file('connectorx.csv')], env);
  } else console.error('not measured: connectorx (not found with BENCH_PYTHON)');
  if (found(SLING, '--version') !== undefined) {
    const to = ['run', '--src-conn', postgres.url, '--src-stream', ALL, '--tgt-object'];
    peers.sling = () => measure(SLING, [...to, `file://${file('sling.csv')}`], env);
  } else console.error('not measured: sling (not found)');
  console.error("not measured: DuckDB's postgres extension, which is no file that a package brings");
  for (const [name, act] of Object.entries(peers)) {
    await compare(name, { reportctl: 0.5 }, { [name]: act, reportctl: () => ours(file('reportctl.csv')) });
    await assertSame(
      createReadStream(file('reportctl.csv')),
      [createReadStream(file(`${name}.csv`))],
      'rows',
    );
  }
}

/** The Rust driver takes the folder of a socket as the host. */
function connectorxUrl(): string {
  return `postgresql://postgres@${encodeURIComponent(postgres.folder)}:${postgres.port}/postgres`;
}

async function starting(): Promise<void> {
  await compare(
    'node -e 0',
    { 'reportctl --version': 1.5, 'reportctl --help': 2 },
    {
      'node -e 0': () => measure(process.execPath, ['-e', '0']),
      'reportctl --version': () => measure(process.execPath, [BINARY, '--version']),
      'reportctl --help': () => measure(process.execPath, [BINARY, '--help']),
    },
  );
}

try {
  const client = await postgres.connect();
  await client.query(TABLE);
  await client.query('CREATE INDEX ON linhas (organizacao, momento)');
  await client.query('VACUUM ANALYZE linhas');
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  await client.end();
  const load = () => loadavg()[0]?.toFixed(1);
  const before = load();
  for (const part of [toFiles, toStore, filtered, others, starting]) await part();
  const versions = [
    `Node ${process.versions.node}`,
    `PostgreSQL ${rows[0]?.server_version}`,
    found('psql', '--version'),
    found(MINIO, '--version'),
    found(MC, '--version'),
  ].filter(Boolean);
  console.log(`${ROWS.toLocaleString('en-US')} rows × 10 columns, ${RUNS} runs, load ${before} to ${load()}`);
  console.log(`${versions.join(', ')}\n`);
  console.log(output.join('\n'));
} finally {
  await store?.stop();
  await postgres.stop();
  await rm(folder, { recursive: true });
}
