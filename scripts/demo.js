// npm run demo: the daily report and three exports from an embedded PostgreSQL, one from JSON documents, into ./out.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = {
  ...process.env,
  REPORTCTL_SOURCE_VENDAS: 'embedded:fixtures/vendas.sql',
  REPORTCTL_SOURCE_PRODUCAO: 'file:out/producao.ndjson',
  REPORTCTL_DESTINATION: './out',
};

/** Runs the binary as a user would type it. */
function reportctl(...args) {
  const shown = args.map((arg) => (/[^\w./:-]/.test(arg) ? `"${arg}"` : arg)).join(' ');
  console.log(`$ reportctl ${shown}`);
  const { status, error } = spawnSync(process.execPath, ['bin/reportctl.js', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function head(file, lines) {
  console.log(`$ head -${lines} ${file}`);
  console.log(`${readFileSync(`${root}/${file}`, 'utf8').split('\n').slice(0, lines).join('\n')}\n`);
}

reportctl('run', 'transacoes', '--date', '2024-10-05');
head('out/relatorio_20241005.csv', 4);
const bebidas = [
  '--date',
  '2024-09',
  '--product-type',
  'Bebidas',
  '--price',
  '..9.99',
  '--param',
  'moeda=BRL',
];
reportctl('export', 'pedidos', ...bebidas, '-o', 'out/bebidas.csv', '--overwrite');
reportctl(
  'export',
  'vendas_por_produto',
  '--date',
  '2024-09-H1',
  '--locale',
  'pt-BR',
  '-o',
  'out/quinzena.csv.gz',
  '--overwrite',
);
reportctl('export', 'vendas_por_produto', '--date', '2024-09', '-o', 'out/setembro.pdf', '--overwrite');
console.log('$ node scripts/producao.js > out/producao.ndjson');
writeFileSync(
  `${root}/out/producao.ndjson`,
  spawnSync(process.execPath, ['scripts/producao.js'], { cwd: root, maxBuffer: 1e9 }).stdout,
);
reportctl(
  'export',
  'producao',
  '--date',
  '2024-10-05',
  '--product-type',
  'Bebidas',
  '-o',
  'out/producao.csv',
  '--overwrite',
);
console.log('Everything is in ./out; the embedded PostgreSQL has ended.');
