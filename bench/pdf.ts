// npm run bench:pdf -- [rows] [runs] [many] [wide]: rows × 10 columns from PostgreSQL to PDF, beside pdfkit, ReportLab's canvas and
// libharu (C), which get the same rows as text; then `many` rows × 10 and `wide` rows × 14 once. CPU time, for a machine that others use.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, ROOT } from '../test/support/cli.js';
import { lastPage } from '../test/support/pdf-tools.js';
import { startPostgres } from '../test/support/postgres.js';
import { withoutModule } from '../test/support/python.js';
import { fillLinhas } from './linhas.js';
import { inTurn, type Measure, measure, median } from './measure.js';

const [ROWS = 100_000, RUNS = 3, MANY = 1_000_000, WIDE = 0] = process.argv.slice(2).map(Number);
const PYTHON = process.env.REPORTCTL_TEST_PYTHON ?? 'python3';
const FONTS = ['', '-Bold'].map((weight) =>
  join(ROOT, `node_modules/dejavu-fonts-ttf/ttf/DejaVuSansCondensed${weight}.ttf`),
);
/** Title, the edge that the texts of the column meet, in points, and whether that is their left or their right one. */
const COLUMNS = [
  'id|70|R',
  'cliente|78|L',
  'momento|186|L',
  'valor|350|R',
  'quantidade|400|R',
  'organizacao|408|L',
  'produto|492|L',
  'tipo|556|L',
  'codigo|610|L',
  'status|770|L',
];
const OURS = 'reportctl --tagged false';

const postgres = await startPostgres();
const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
const near = (name: string) => join(ROOT, 'bench', name);
const output = (name: string) => join(folder, `${name.replaceAll(/\W+/g, '-')}.pdf`);
const ours = (name: string, report: string, ...more: string[]) =>
  measure(
    process.execPath,
    [BINARY, 'export', near(report), '-q', '--format', 'pdf', '-o', output(name), '--overwrite', ...more],
    { REPORTCTL_SOURCE_BENCH: postgres.url },
  );

/** The peers that are here, by their names. */
async function peers(rows: string): Promise<Record<string, () => Promise<Measure>>> {
  const works: Record<string, () => Promise<Measure>> = {};
  const pdfkit = join(ROOT, 'build/bench/pdf/pdfkit.js');
  const script = (name: string, fonts: readonly string[]) =>
    measure(process.execPath, [pdfkit, rows, output(name), ...fonts, ...COLUMNS]);
  works.pdfkit = () => script('pdfkit', ['', '']);
  works['pdfkit, embedded font'] = () => script('pdfkit, embedded font', FONTS);
  const missing = await withoutModule('reportlab');
  if (missing) console.log(`Without ReportLab: ${missing}`);
  else {
    const canvas = [near('pdf/reportlab_canvas.py'), rows, output('ReportLab'), ...FONTS, ...COLUMNS];
    works.ReportLab = () => measure(PYTHON, canvas);
  }
  try {
    const program = join(folder, 'libharu');
    execFileSync('gcc', ['-O2', '-o', program, near('pdf/libharu.c'), '-lhpdf', '-lpng', '-lz']);
    works.libharu = () => measure(program, [rows, output('libharu'), ...FONTS, ...COLUMNS]);
  } catch {
    console.log("Without libharu: it needs gcc and Debian's libhpdf-dev");
  }
  return works;
}

const megabytesOf = async (name: string) => ((await stat(output(name))).size / 1e6).toFixed(1);

/** Runs what is done once, and says how long readers take to open the last page. */
async function once(what: string, report: string, ...more: string[]): Promise<void> {
  const { cpuSeconds, seconds, megabytes } = await ours('once', report, ...more);
  const last = await lastPage(output('once'));
  const opened = Object.entries(last.seconds).map(([tool, time]) => `${tool} ${time.toFixed(2)} s`);
  console.log(
    `${what}: ${cpuSeconds.toFixed(1)} s of CPU, ${seconds.toFixed(1)} s, peak ${megabytes.toFixed(0)} MB, ` +
      `${await megabytesOf('once')} MB, ${last.pages} pages; the last is open in ${opened.join(', ')}`,
  );
}

try {
  const client = await postgres.connect();
  await fillLinhas(client, ROWS);
  const text = join(folder, 'linhas.txt');
  const psql = ['-h', postgres.folder, '-p', String(postgres.port), '-U', 'postgres', '-qXc'];
  execFileSync('psql', [...psql, `\\copy linhas TO '${text}'`]);
  const works: Record<string, () => Promise<Measure>> = {
    ...(await peers(text)),
    [OURS]: () => ours(OURS, 'xlsx/linhas.sql', '--tagged', 'false'),
    'reportctl, two levels of groups': () =>
      ours(
        'reportctl, two levels of groups',
        'pdf/groups.sql',
        ...['--tagged', 'false', '--group-by', 'organization,product-type'],
      ),
    'reportctl --tagged true': () => ours('reportctl --tagged true', 'xlsx/linhas.sql', '--tagged', 'true'),
  };
  const results = await inTurn(works, RUNS);
  console.log(
    `\n${ROWS.toLocaleString('en-US')} rows × 10, ${RUNS} runs in turn, Node ${process.versions.node}\n`,
  );
  const cpuOf = (name: string) => median((results.get(name) ?? []).map(({ cpuSeconds }) => cpuSeconds));
  const compared = Object.keys(works).filter((name) => !name.startsWith('reportctl'));
  const ratios = compared.map((name) => `× ${name}`).join(' | ');
  console.log(
    `| work | median CPU s | min–max | ${ratios} | peak MB | file MB |\n|${'---|'.repeat(compared.length + 5)}`,
  );
  for (const [name, runs] of results) {
    const cpu = runs.map(({ cpuSeconds }) => cpuSeconds);
    const range = `${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)}`;
    const factors = compared.map((peer) => (cpuOf(name) / cpuOf(peer)).toFixed(2)).join(' | ');
    const peak = Math.max(...runs.map(({ megabytes }) => megabytes)).toFixed(0);
    console.log(
      `| ${name} | ${cpuOf(name).toFixed(2)} | ${range} | ${factors} | ${peak} | ${await megabytesOf(name)} |`,
    );
  }
  console.log('');
  if (MANY > 0) {
    await fillLinhas(client, MANY);
    await once(`${MANY} rows × 10`, 'xlsx/linhas.sql');
  }
  if (WIDE > 0) {
    await fillLinhas(client, WIDE);
    await once(`${WIDE} rows × 14`, 'pdf/wide.sql');
  }
  await client.end();
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true });
}
