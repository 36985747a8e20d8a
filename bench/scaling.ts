// npm run bench:scaling [-- most rows [section]]: time, CPU, memory and requests as rows, columns, parts and jobs grow; bench/SCALING.md.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, ROOT } from '../test/support/cli.js';
import { startPostgres } from '../test/support/postgres.js';
import { startS3Server } from '../test/support/s3-server.js';
import { createLinhas } from './linhas.js';
import { type Measure, measure } from './measure.js';

const MOST = Number(process.argv[2] ?? 20_000_000);
const ROWS = [10_000, 100_000, 1_000_000, 5_000_000, 20_000_000].filter((rows) => rows <= MOST);
const COLUMNS = [1, 10, 50, 200];
/** Cells of each of these tables. */
const CELLS = 10_000_000;
const PARTS = [1, 50, 500, 2000];
const JOBS = [1, 2, 4];
const REPORTS = 4;
/** Rows of each report in the tables of parts and jobs. */
const SOME = Math.min(MOST, 500_000);

/** The columns of the bench's table, as its report file has them. */
const definition = await readFile(join(ROOT, 'bench/linhas.sql'), 'utf8');
const KINDS = /^columns:\n {2}(.*?)\ntotals:/ms.exec(definition)?.[1] ?? '';

const folder = await mkdtemp(join(tmpdir(), 'reportctl-scaling-'));
const postgres = await startPostgres({ settings: ['shared_buffers=256MB'] });
const queries = join(folder, 'queries');
const published = join(folder, 'published');
const env = {
  REPORTCTL_SOURCE_BENCH: postgres.url,
  REPORTCTL_QUERIES: queries,
  REPORTCTL_DESTINATION: published,
};

function reportctl(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Measure> {
  return measure(process.execPath, [BINARY, ...args, '-q'], { ...env, ...more });
}

interface Definition {
  readonly columns: string;
  readonly query: string;
  readonly more?: string;
}

function define(name: string, { columns, query, more = '' }: Definition): Promise<void> {
  const text = `/*---\nsource: bench\ncolumns:\n  ${columns}\n${more}---*/\n${query}`;
  return writeFile(join(queries, `${name}.sql`), text);
}

const perMillion = (seconds: number, rows: number) => ((seconds / rows) * 1e6).toFixed(2);
const count = (value: number) => value.toLocaleString('en-US');
const cells = ({ seconds, cpuSeconds, megabytes }: Measure) =>
  `${seconds.toFixed(2)} | ${cpuSeconds.toFixed(2)} | ${megabytes.toFixed(0)}`;

function heading(title: string, ...columns: string[]): void {
  console.log(`\n### ${title}\n\n| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
}

async function asRowsGrow(): Promise<void> {
  heading('Rows', 'rows', 'format', 's', 'CPU s', 'peak MB', 's a million');
  for (const rows of ROWS) {
    await define(`linhas-${rows}`, {
      columns: KINDS,
      query: `SELECT * FROM linhas LIMIT ${rows}`,
      more: 'totals: [valor]\n',
    });
    for (const format of ['csv', 'xlsx']) {
      const output = join(folder, `linhas.${format}`);
      const measured = await reportctl(['export', `linhas-${rows}`, '-o', output]);
      console.log(
        `| ${count(rows)} | ${format} | ${cells(measured)} | ${perMillion(measured.seconds, rows)} |`,
      );
      await rm(output);
    }
  }
}

/** By the server of the tests, which counts them. */
async function asRequestsGrow(): Promise<void> {
  heading('Requests of a published period (S3, parts of 16 MiB)', 'rows', 'MiB', 'UploadPart', 'others');
  for (const rows of ROWS.filter((some) => some <= 1_000_000)) {
    const server = await startS3Server({ bucket: 'bench' });
    await define(`publicado-${rows}`, {
      columns: KINDS,
      query: `SELECT * FROM linhas LIMIT ${rows}`,
      more: 'outputs: [{ format: csv, key: "relatorio_{YYYYMMDD}.csv" }]\n',
    });
    await reportctl(['run', `publicado-${rows}`], {
      ...server.environment,
      REPORTCTL_DESTINATION: 's3://bench',
    });
    const parts = server.requests.filter(({ operation }) => operation === 'UploadPart').length;
    const size = Math.max(...server.keys().map((key) => server.get(key)?.body.length ?? 0)) / 1024 ** 2;
    console.log(`| ${count(rows)} | ${size.toFixed(1)} | ${parts} | ${server.requests.length - parts} |`);
    await server.close();
  }
}

async function asColumnsGrow(): Promise<void> {
  heading('Columns (ten million cells each)', 'columns', 'rows', 's', 'CPU s', 'peak MB');
  for (const columns of COLUMNS) {
    const names = Array.from({ length: columns }, (_, index) => `c${index}`);
    const rows = CELLS / columns;
    await define(`colunas-${columns}`, {
      columns: names.map((name) => `${name}: text`).join('\n  '),
      query: `SELECT ${names.map((name, index) => `'valor ' || i + ${index} AS ${name}`).join(', ')} FROM generate_series(1, ${rows}) AS i`,
    });
    const measured = await reportctl([
      'export',
      `colunas-${columns}`,
      '-o',
      join(folder, 'colunas.csv'),
      '--overwrite',
    ]);
    console.log(`| ${columns} | ${count(rows)} | ${cells(measured)} |`);
  }
}

async function asPartsGrow(): Promise<void> {
  heading(`Organizations (${count(SOME)} rows in one read)`, 'files', 's', 'CPU s', 'peak MB');
  for (const parts of PARTS) {
    const name = `partes-${parts}`;
    await define(name, {
      columns: KINDS,
      query: `SELECT id, cliente, momento, valor, quantidade, 'Organização ' || id % ${parts} AS organizacao, produto, tipo, codigo, status FROM linhas LIMIT ${SOME}`,
      more: 'filters: { organization: organizacao }\noutputs: [{ format: csv, key: "{organization}/{YYYYMMDD}.csv", split-by: organization }]\n',
    });
    console.log(`| ${count(parts)} | ${cells(await reportctl(['run', name]))} |`);
    await rm(published, { recursive: true });
  }
}

async function asJobsGrow(): Promise<void> {
  heading(
    `Reports at once (${REPORTS} reports, ${count(SOME)} rows each)`,
    '--jobs',
    's',
    'CPU s',
    'peak MB',
  );
  const names = Array.from({ length: REPORTS }, (_, index) => `juntos-${index}`);
  for (const name of names) {
    await define(name, {
      columns: KINDS,
      query: `SELECT * FROM linhas LIMIT ${SOME}`,
      more: `outputs: [{ format: csv, key: "${name}_{YYYYMMDD}.csv" }]\n`,
    });
  }
  for (const jobs of JOBS) {
    console.log(`| ${jobs} | ${cells(await reportctl(['run', ...names, '--jobs', String(jobs)]))} |`);
    await rm(published, { recursive: true });
  }
}

try {
  await mkdir(queries);
  await createLinhas(postgres, MOST);
  const sections = {
    rows: asRowsGrow,
    requests: asRequestsGrow,
    columns: asColumnsGrow,
    organizations: asPartsGrow,
    reports: asJobsGrow,
  };
  for (const [name, act] of Object.entries(sections)) {
    if (process.argv[3] === undefined || process.argv[3] === name) await act();
  }
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true });
}
