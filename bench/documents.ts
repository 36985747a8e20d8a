// Documents of a replaying server to a CSV file, beside mongoexport with the same fields, in turn; medians:
// `npm run bench:documents -- [documents] [runs] [mongoexport]`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BINARY, ROOT } from '../test/support/cli.js';
import { inTurn, measure, table } from './measure.js';

const DOCUMENTS = Number(process.argv[2] ?? 500_000);
const RUNS = Number(process.argv[3] ?? 5);
const MONGOEXPORT = process.argv[4] ?? process.env.MONGOEXPORT ?? 'mongoexport';
const PEER = 'mongoexport --type=csv';
const FIELDS = '_id,registrado_em,organizacao.nome,produto.nome,quantidade,preco_unitario';

const REPORT = join(ROOT, 'bench/producoes.yaml');

/** In a process of its own, so that it takes nothing of what is measured but time of the machine. */
async function startServer() {
  const args = [join(ROOT, 'build/bench/replay-server.js'), String(DOCUMENTS)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'close').then(() => Promise.reject(new Error('the server did not start'))),
  ]);
  const closed = once(child, 'close');
  return {
    url: String(url),
    stop: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

/** Line feeds but for the header's; no value of these documents has one. */
async function rowsOf(path: string): Promise<number> {
  let lines = -1;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}

const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
const server = await startServer();
try {
  const theirs = join(folder, 'mongoexport.csv');
  const ours = join(folder, 'reportctl.csv');
  const peer = [
    ...['--uri', server.url, '--collection', 'producoes', '--type=csv', `--fields=${FIELDS}`],
    ...['--out', theirs, '--quiet'],
  ];
  const own = [BINARY, 'export', REPORT, '-q', '-o', ours, '--overwrite'];
  const results = await inTurn(
    {
      [PEER]: () => measure(MONGOEXPORT, peer),
      reportctl: () => measure(process.execPath, own, { REPORTCTL_SOURCE_BENCH: server.url }),
    },
    RUNS,
  );
  for (const path of [theirs, ours]) {
    const rows = await rowsOf(path);
    if (rows !== DOCUMENTS) throw new Error(`${path} has ${rows} rows, not ${DOCUMENTS}`);
  }
  const bytes = (await stat(ours)).size.toLocaleString('en-US');
  console.log(
    `${DOCUMENTS.toLocaleString('en-US')} documents, ${bytes} bytes, ${RUNS} runs, Node ${process.versions.node}\n`,
  );
  console.log(table(results, PEER));
} finally {
  await server.stop();
  await rm(folder, { recursive: true });
}
