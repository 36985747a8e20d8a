// A filtered NDJSON file to CSV, beside jq and DuckDB's read_ndjson where they are found, in turn; medians:
// `npm run bench:ndjson -- [documents] [runs]`. DUCKDB_PYTHON names a Python that has duckdb.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY } from '../test/support/cli.js';
import { inTurn, type Measure, measure, table } from './measure.js';

const DOCUMENTS = Number(process.argv[2] ?? 1_000_000);
const RUNS = Number(process.argv[3] ?? 5);
const PYTHON = process.env.DUCKDB_PYTHON ?? 'python3';
/** One document of fifty passes. */
const ORGANIZATION = 'Organização 7';

const REPORT = `title: documentos
source: bench
collection: documentos
filters: { date: momento, organization: organizacao.nome }
columns:
  id: { kind: integer, path: _id }
  cliente: text
  momento: timestamp
  valor: decimal
  quantidade: integer
  organizacao: { kind: text, path: organizacao.nome }
  produto: text
  tipo: text
  codigo: text
  status: text
totals: [valor]
`;

const JQ = `select(.organizacao.nome == $organization)
  | [._id, .cliente, .momento["$date"], .valor, .quantidade, .organizacao.nome, .produto, .tipo, .codigo, .status]
  | @csv`;

const DUCKDB = `import duckdb, sys
source, output, organization = sys.argv[1:]
db = duckdb.connect()
db.execute("SET threads = 2")
db.execute("""COPY (SELECT _id, cliente, momento."$date" AS momento, valor, quantidade, organizacao.nome, produto, tipo,
    codigo, status FROM read_ndjson('%s', columns = {_id: 'BIGINT', cliente: 'VARCHAR', momento: 'STRUCT("$date" TIMESTAMP)',
    valor: 'DECIMAL(18, 2)', quantidade: 'BIGINT', organizacao: 'STRUCT(nome VARCHAR)', produto: 'VARCHAR',
    tipo: 'VARCHAR', codigo: 'VARCHAR', status: 'VARCHAR'})
    WHERE organizacao.nome = '%s') TO '%s' (HEADER)""" % (source, organization, output))
`;

function documentAt(index: number): unknown {
  return {
    _id: index,
    cliente: `Cliente número ${index}`,
    momento: { $date: new Date(Date.UTC(2024, 0, 1) + index * 7300).toISOString() },
    valor: (index * 37) / 100,
    quantidade: index % 100,
    organizacao: { nome: `Organização ${index % 50}`, cnpj: `00.000.000/0001-${index % 50}` },
    produto: `Produto ${index % 300}`,
    tipo: ['Bebidas', 'Alimentos', 'Limpeza'][index % 3],
    codigo: 'abcdef0123456789abcdef',
    status: index % 10 === 0 ? null : 'aprovada',
  };
}

async function writeDocuments(path: string): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < DOCUMENTS; from += 1000) {
    const count = Math.min(1000, DOCUMENTS - from);
    const lines = Array.from({ length: count }, (_, at) => `${JSON.stringify(documentAt(from + at))}\n`);
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

/** How many rows, and a hash of their first cells, which are the same in every spelling of CSV. */
async function rowsOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const line of createInterface(createReadStream(path))) {
    const [, id] = /^(\d+),/.exec(line) ?? [];
    if (id === undefined) continue;
    rows += 1;
    hash.update(`${id}\n`);
  }
  return `${rows} rows, first cells ${hash.digest('hex').slice(0, 12)}`;
}

/** What a command says of its version; undefined when it cannot be run. */
function versionOf(command: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
try {
  const source = join(folder, 'documentos.ndjson');
  const report = join(folder, 'documentos.yaml');
  await writeFile(report, REPORT);
  await writeDocuments(source);
  const output = (name: string) => join(folder, `${name}.csv`);
  const work: Record<string, () => Promise<Measure>> = {};
  const versions = [`Node ${process.versions.node}`];
  const jq = versionOf('jq', '--version');
  if (jq !== undefined) {
    // The shell only opens its output: jq takes its place.
    const script = 'exec jq -r --arg organization "$1" "$2" "$3" > "$4"';
    work.jq = () => measure('sh', ['-c', script, 'sh', ORGANIZATION, JQ, source, output('jq')]);
    versions.push(jq);
  }
  const duckdb = versionOf(PYTHON, '-c', 'import duckdb; print(duckdb.__version__)');
  if (duckdb !== undefined) {
    work.duckdb = () => measure(PYTHON, ['-c', DUCKDB, source, output('duckdb'), ORGANIZATION]);
    versions.push(`DuckDB ${duckdb}`);
  }
  const own = [
    BINARY,
    'export',
    report,
    '--organization',
    ORGANIZATION,
    '-q',
    '-o',
    output('reportctl'),
    '--overwrite',
  ];
  work.reportctl = () => measure(process.execPath, own, { REPORTCTL_SOURCE_BENCH: `file:${source}` });
  const results = await inTurn(work, RUNS);
  const rows = await rowsOf(output('reportctl'));
  for (const name of Object.keys(work)) {
    const found = await rowsOf(output(name));
    if (found !== rows) throw new Error(`${name} wrote ${found}; reportctl ${rows}`);
  }
  const bytes = (await stat(source)).size.toLocaleString('en-US');
  console.log(
    `${DOCUMENTS.toLocaleString('en-US')} documents, ${bytes} bytes, ${rows}, ${RUNS} runs, ${versions.join(', ')}\n`,
  );
  for (const peer of Object.keys(work)) {
    if (peer !== 'reportctl') console.log(`${table(results, peer)}\n`);
  }
  if (Object.keys(work).length === 1) console.log(table(results, 'reportctl'));
} finally {
  await rm(folder, { recursive: true });
}
