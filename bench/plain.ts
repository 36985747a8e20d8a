// npm run bench:plain -- [documents] [runs] [many]: our readers of JSON and BSON beside the plain ones of bench/plain/ (JSON.parse,
// the driver's decoder), and `many` documents with and without the second thread. Whole processes in turn; medians.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Plugin } from 'esbuild';
import { ROOT } from '../test/support/cli.js';
import { inTurn, type Measure, measure, median } from './measure.js';

const [DOCUMENTS = 300_000, RUNS = 5, MANY = 1_000_000] = process.argv.slice(2).map(Number);

/** What a bundle has in the place of our modules: who imports which module, and the file that it gets. */
type Replaced = readonly { readonly importer: string; readonly module: string; readonly file: string }[];

const BUNDLES: Readonly<Record<string, Replaced>> = {
  ours: [],
  plain: [
    { importer: 'src/sources/json.ts', module: './json/read.js', file: 'bench/plain/json.ts' },
    { importer: 'src/sources/mongodb.ts', module: './mongodb/rows.js', file: 'bench/plain/mongodb.ts' },
  ],
  'one thread': [
    { importer: 'src/sources/json/read.ts', module: './threads.js', file: 'bench/plain/one-thread.ts' },
  ],
};

const COLUMNS = `columns:
  id: { kind: text, path: _id }
  registrado_em: timestamp
  organizacao: { kind: text, path: organizacao.nome }
  cnpj: { kind: text, path: organizacao.cnpj }
  projeto: text
  produto: { kind: text, path: produto.nome }
  tipo_produto: { kind: text, path: produto.tipo }
  quantidade: integer
  preco_unitario: decimal
  observacao: text
`;
/** With the json column that the documents of scripts/producao.js have, and MongoDB's of bench/replay-server.ts have not. */
const REPORTS: Readonly<Record<string, string>> = {
  files: `${COLUMNS}  leituras: json\n`,
  mongodb: COLUMNS,
};

function replacing(replaced: Replaced): Plugin {
  return {
    name: 'replace',
    setup(build) {
      for (const { importer, module, file } of replaced) {
        build.onResolve({ filter: /^\.\// }, ({ path, importer: from }) =>
          path === module && from === join(ROOT, importer) ? { path: join(ROOT, file) } : undefined,
        );
      }
    },
  };
}

/** The programs' paths by the names of their bundles. */
async function bundles(): Promise<Readonly<Record<string, string>>> {
  const { bundle } = (await import(join(ROOT, 'scripts/build.js'))) as {
    bundle: (folder: string, plugins: readonly Plugin[]) => Promise<void>;
  };
  const paths: Record<string, string> = {};
  for (const [name, replaced] of Object.entries(BUNDLES)) {
    const folder = join(ROOT, 'build/plain', name.replace(' ', '-'));
    await bundle(folder, [replacing(replaced)]);
    paths[name] = join(folder, 'cli.js');
  }
  return paths;
}

async function writeDocuments(path: string, count: number): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/producao.js'), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const file = createWriteStream(path);
  child.stdout.pipe(file);
  await once(file, 'close');
}

/** Ends with what it returns. */
async function startMongo(): Promise<{ readonly url: string; readonly stop: () => Promise<unknown> }> {
  const args = [join(ROOT, 'build/bench/replay-server.js'), String(DOCUMENTS)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = await once(createInterface(child.stdout), 'line');
  const closed = once(child, 'close');
  const stop = () => {
    child.stdin.end();
    return closed;
  };
  return { url: String(url), stop };
}

function cells(runs: readonly Measure[]): string {
  const cpu = runs.map(({ cpuSeconds }) => cpuSeconds);
  const peak = Math.max(...runs.map(({ megabytes }) => megabytes));
  const range = `${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)}`;
  return `${median(cpu).toFixed(2)} | ${range} | ${median(runs.map(({ seconds }) => seconds)).toFixed(2)} | ${peak.toFixed(0)}`;
}

const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
try {
  const programs = await bundles();
  for (const [name, columns] of Object.entries(REPORTS)) {
    const text = `title: plain\nsource: bench\ncollection: producoes\nfilters: { organization: organizacao.nome }\n`;
    await writeFile(join(folder, `${name}.yaml`), text + columns);
  }
  const compare = async (
    what: string,
    names: readonly string[],
    { url, report, filter }: { readonly url: string; readonly report: string; readonly filter?: string },
  ) => {
    const output = (name: string) => join(folder, `${name}.csv`);
    const work = Object.fromEntries(
      names.map((name) => {
        const args = [
          programs[name] ?? '',
          'export',
          join(folder, `${report}.yaml`),
          '-q',
          '-o',
          output(name),
          '--overwrite',
        ];
        if (filter !== undefined) args.push('--organization', filter);
        const env = { REPORTCTL_SOURCE_BENCH: url, REPORTCTL_LOG_LEVEL: 'error' };
        return [name, () => measure(process.execPath, args, env)];
      }),
    );
    const results = await inTurn(work, RUNS);
    const expected = await readFile(output(names[0] ?? ''));
    for (const name of names) {
      if (!expected.equals(await readFile(output(name))))
        throw new Error(`${what}: "${name}" wrote other bytes`);
    }
    for (const [name, runs] of results) console.log(`| ${what} | ${name} | ${cells(runs)} |`);
  };
  console.log(`${DOCUMENTS} documents (threads: ${MANY}), ${RUNS} runs, Node ${process.versions.node}\n`);
  console.log('| work | reader | median CPU s | min–max | median s | peak MB |\n|---|---|---|---|---|---|');
  const source = join(folder, 'documents.ndjson');
  await writeDocuments(source, DOCUMENTS);
  const files = { url: `file:${source}`, report: 'files' };
  await compare('NDJSON, all rows', ['ours', 'plain'], files);
  await compare('NDJSON, one filter', ['ours', 'plain'], { ...files, filter: 'ACME Ltda' });
  const server = await startMongo();
  try {
    await compare('BSON, all rows', ['ours', 'plain'], { url: server.url, report: 'mongodb' });
  } finally {
    await server.stop();
  }
  await writeDocuments(source, MANY);
  await compare(`NDJSON, ${MANY}, all rows`, ['ours', 'one thread'], files);
  await compare(`NDJSON, ${MANY}, one filter`, ['ours', 'one thread'], { ...files, filter: 'ACME Ltda' });
} finally {
  await rm(folder, { recursive: true });
}
