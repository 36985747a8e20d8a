// npm run bench:xlsx -- [rows] [runs] [many]: rows × 10 columns from PostgreSQL to XLSX, beside libxlsxwriter
// (C, constant memory) and exceljs's streaming writer, which get the same rows as text; then memory at `many` rows and for a slow sink.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY, ROOT } from '../test/support/cli.js';
import { startPostgres } from '../test/support/postgres.js';
import { fillLinhas } from './linhas.js';

const [ROWS = 1_000_000, RUNS = 3, MANY = 10_000_000] = process.argv.slice(2).map(Number);
/** Bytes a second of the slow sink. */
const SLOW = 5_000_000;

interface Measure {
  readonly seconds: number;
  readonly megabytes: number;
}

interface Work {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file for stdin. */
  readonly input?: string;
  /** Bytes a second that are taken from its stdout, where it writes there. */
  readonly rate?: number;
}

/** Runs a command to its end; the peak is its resident memory's high-water mark, polled while it lives (Linux). */
async function measure({ command, args, env = {}, input, rate }: Work): Promise<Measure> {
  const file = input === undefined ? undefined : await open(input);
  const start = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: [file?.fd ?? 'ignore', rate === undefined ? 'ignore' : 'pipe', 'inherit'],
  });
  let peak = 0;
  const timer = setInterval(async () => {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0));
  }, 20);
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  let taken = 0;
  for await (const chunk of child.stdout ?? []) {
    taken += chunk.length;
    const due = (taken / (rate ?? 1)) * 1000 - (performance.now() - start);
    if (due > 0) await sleep(due);
  }
  const code = await ended;
  clearInterval(timer);
  await file?.close();
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return { seconds: (performance.now() - start) / 1000, megabytes: peak / 1024 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const postgres = await startPostgres();
const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
const near = (name: string) => join(ROOT, 'bench/xlsx', name);
try {
  const client = await postgres.connect();
  await fillLinhas(client, ROWS);
  const text = join(folder, 'linhas.txt');
  const psql = ['-h', postgres.folder, '-p', String(postgres.port), '-U', 'postgres', '-qXc'];
  execFileSync('psql', [...psql, `\\copy linhas TO '${text}'`]);
  execFileSync('gcc', ['-O2', '-o', join(folder, 'libxlsxwriter'), near('libxlsxwriter.c'), '-lxlsxwriter']);
  const env = { REPORTCTL_SOURCE_BENCH: postgres.url };
  const ours = (...args: string[]): Work => ({
    command: process.execPath,
    args: [BINARY, 'export', near('linhas.sql'), '-q', '--format', 'xlsx', ...args],
    env,
  });
  const works: Readonly<Record<string, Work>> = {
    libxlsxwriter: {
      command: join(folder, 'libxlsxwriter'),
      args: [join(folder, 'libxlsxwriter.xlsx')],
      input: text,
    },
    'exceljs, streaming': {
      command: process.execPath,
      args: [join(ROOT, 'build/bench/xlsx/exceljs.js'), join(folder, 'exceljs, streaming.xlsx')],
      input: text,
    },
    reportctl: ours('-o', join(folder, 'reportctl.xlsx'), '--overwrite'),
  };
  const results = new Map<string, Measure[]>(Object.keys(works).map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const [name, work] of Object.entries(works)) results.get(name)?.push(await measure(work));
  }
  console.log(
    `${ROWS.toLocaleString('en-US')} rows × 10, ${RUNS} runs in turn, Node ${process.versions.node}\n`,
  );
  console.log('| work | median s | min–max | × reportctl | peak MB | file MB |\n|---|---|---|---|---|---|');
  const base = median((results.get('reportctl') ?? []).map(({ seconds }) => seconds));
  for (const [name, runs] of results) {
    const seconds = runs.map((run) => run.seconds);
    const range = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`;
    const peak = Math.max(...runs.map((run) => run.megabytes)).toFixed(0);
    const size = ((await stat(join(folder, `${name}.xlsx`))).size / 1e6).toFixed(1);
    const factor = (median(seconds) / base).toFixed(2);
    console.log(`| ${name} | ${median(seconds).toFixed(2)} | ${range} | ${factor} | ${peak} | ${size} |`);
  }
  const say = (what: string, { seconds, megabytes }: Measure) =>
    console.log(`${what}: ${seconds.toFixed(1)} s, peak ${megabytes.toFixed(0)} MB`);
  console.log('');
  say(`${ROWS} rows, a sink of ${SLOW / 1e6} MB/s`, await measure({ ...ours('-o', '-'), rate: SLOW }));
  if (MANY > 0) {
    await fillLinhas(client, MANY);
    say(`${MANY} rows`, await measure(ours('-o', join(folder, 'many.xlsx'))));
  }
  await client.end();
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true });
}
