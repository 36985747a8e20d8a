// npm run bench [-- rows [runs]]: a table of PostgreSQL to CSV, beside every peer that is found here, in turn; medians.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY, ROOT } from '../test/support/cli.js';
import { freePort, startPostgres } from '../test/support/postgres.js';
import { firstByte, SLOW_REPORT } from './first-byte.js';
import { createLinhas } from './linhas.js';
import { inTurn, lines, type Measure, measure, median } from './measure.js';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const RUNS = Number(process.argv[3] ?? 5);
/** Peers that are not called so on the PATH. */
const { MINIO = 'minio', MC = 'mc', SLING = 'sling', BENCH_PYTHON = 'python3' } = process.env;

const ALL = 'SELECT * FROM linhas';
/** Half of the days of one organization in fifty: 1 %. */
const [FROM, TO, AFTER] = ['2024-01-01', '2024-02-11', '2024-02-12'];
const ORGANIZATION = 'Organização 7';
const FEW = `${ALL} WHERE organizacao = '${ORGANIZATION}' AND momento >= '${FROM}' AND momento < '${AFTER}'`;

type Work = Readonly<Record<string, () => Promise<Measure>>>;

const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
// Over TCP too, which is all that sling takes.
const postgres = await startPostgres({ settings: ['listen_addresses=127.0.0.1'] });
const report = join(ROOT, 'bench/linhas.sql');
// The same zone, so that psql writes the same bytes as we.
const env = { REPORTCTL_SOURCE_BENCH: postgres.url, PGTZ: 'America/Sao_Paulo' };
const ours = (where: string, ...more: string[]) =>
  measure(process.execPath, [BINARY, 'export', report, '-q', '-o', where, '--overwrite', ...more], {
    ...env,
    ...s3Env,
  });
const psqlArgs = ['-h', postgres.folder, '-p', String(postgres.port), '-U', 'postgres', '-qXc'];
const copy = (query: string, to: string) => `\\copy (${query}) TO ${to} WITH (FORMAT csv, HEADER)`;
const psql = (query: string, path: string) => measure('psql', [...psqlArgs, copy(query, `'${path}'`)], env);
const file = (name: string) => join(folder, name);
let s3Env: Record<string, string> = {};
let store: { stop(): Promise<void> } | undefined;

const output = ['| work | median s | min–max | × peer | at most | peak MB |', '|---|---|---|---|---|---|'];
/** @param most the ratio that each of ours may have */
async function compare(
  peer: string,
  most: Readonly<Record<string, number>>,
  work: Work,
  runs = RUNS,
): Promise<void> {
  output.push(...lines(await inTurn(work, runs), peer, most));
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
      'reportctl to S3': () => ours('s3://bench/reportctl.csv'),
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

/** Both by `run`, which publishes once: each time to a folder of its own. */
async function split(): Promise<void> {
  const definition = await readFile(report, 'utf8');
  const published = (name: string, output: string) => {
    const written = writeFile(
      file(`queries/${name}.sql`),
      definition
        .replace(/^filters:\n.*\n/m, 'filters:\n')
        .replace(/^totals:/m, `outputs: [${output}]\ntotals:`),
    );
    let run = 0;
    return async () => {
      await written;
      run += 1;
      const destination = file(`published/${name}-${run}`);
      const measured = await measure(process.execPath, [BINARY, 'run', name, '-q'], {
        ...env,
        REPORTCTL_QUERIES: file('queries'),
        REPORTCTL_DESTINATION: destination,
      });
      await rm(destination, { recursive: true });
      return measured;
    };
  };
  await mkdir(file('queries'));
  await compare(
    'reportctl run, one file',
    { 'reportctl run, 50 files': 1.5 },
    {
      'reportctl run, one file': published('um', '{ format: csv, key: "{YYYYMMDD}.csv" }'),
      'reportctl run, 50 files': published(
        'partes',
        '{ format: csv, key: "{organization}/{YYYYMMDD}.csv", split-by: organization }',
      ),
    },
  );
}

/** From the first row on the server's socket to stdout, and to a file. */
async function firstBytes(): Promise<void> {
  const slow = file('devagar.sql');
  await writeFile(slow, SLOW_REPORT);
  const socket = join(postgres.folder, `.s.PGSQL.${postgres.port}`);
  for (const [name, to] of [
    ['stdout', undefined],
    ['a file', file('primeira/devagar.csv')],
  ] as const) {
    if (to !== undefined) await mkdir(dirname(to));
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) times.push(await firstByte(slow, socket, to));
    const [least, most] = [Math.min(...times), Math.max(...times)].map((time) => time.toFixed(0));
    output.push(
      `| first row to ${name} | ${median(times).toFixed(0)} ms | ${least}–${most} ms |  | 50 ms |  |`,
    );
  }
}

/** Those that are found; ours is half as long as the fastest of them, or should be. */
async function others(): Promise<void> {
  const peers: Record<string, () => Promise<Measure>> = {};
  const script = join(ROOT, 'bench/peer_connectorx.py');
  if (found(BENCH_PYTHON, '-c', 'import connectorx, pyarrow; print(connectorx.__version__)') !== undefined) {
    peers.connectorx = () => measure(BENCH_PYTHON, [script, connectorxUrl(), file('connectorx.csv')], env);
  } else console.error('not measured: connectorx (not found with BENCH_PYTHON)');
  if (found(SLING, '--version') !== undefined) {
    const to = [
      'run',
      '--src-conn',
      `postgres://postgres@127.0.0.1:${postgres.port}/postgres?sslmode=disable`,
      '--src-stream',
      ALL,
      '--tgt-object',
    ];
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
    // Of so few milliseconds others take their share.
    5 * RUNS,
  );
}

try {
  await createLinhas(postgres, ROWS);
  const client = await postgres.connect();
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  await client.end();
  const load = () => loadavg()[0]?.toFixed(1);
  const before = load();
  for (const part of [toFiles, toStore, filtered, split, others, starting, firstBytes]) await part();
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
