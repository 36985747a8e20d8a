// Filters with words of a report's own: as options, in help, in messages, in manifests, and wherever else filters are.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, reportctl, temporaryFolder, writeReport } from '../support/cli.js';

const VENDAS = `source: vendas
collection: vendas
period: day
timezone: America/Sao_Paulo
filters:
  status: situacao
  date: dia
  vendedor: pessoa.nome
  paga: paga
  valor: valor
  vence-em: { path: vence, kind: date }
columns:
  id: integer
  dia: date
  situacao: text
  vendedor: { kind: text, path: pessoa.nome }
  paga: boolean
  valor: decimal
order-by: [id]
totals: [valor]
outputs: [{ format: csv, key: "{status}/{YYYYMMDD}.csv", split-by: status }]
tests: [{ name: abertas, status: [aberta, "~canc"], paga: false }]
`;
const ROWS = [
  {
    id: 1,
    dia: '2024-10-05',
    situacao: 'aberta',
    pessoa: { nome: 'Zé' },
    paga: false,
    valor: 10,
    vence: '2024-11-01',
  },
  {
    id: 2,
    dia: '2024-10-05',
    situacao: 'paga',
    pessoa: { nome: 'Ana' },
    paga: true,
    valor: 20,
    vence: '2024-11-02',
  },
  {
    id: 3,
    dia: '2024-10-06',
    situacao: 'CANCELADA',
    pessoa: { nome: 'Zé' },
    paga: null,
    valor: 30,
    vence: null,
  },
  { id: 4, dia: '2024-10-06', situacao: '~x', pessoa: {}, paga: true, valor: 40.5, vence: '2024-11-02' },
];

let folder: string;
let env: Readonly<Record<string, string>>;
before(async () => {
  folder = await temporaryFolder();
  const queries = join(folder, 'queries');
  await writeReport(queries, 'outro', 'source: vendas\ncolumns: { a: text }', 'SELECT 1');
  await writeFile(join(queries, 'vendas.yaml'), VENDAS);
  await writeFile(join(folder, 'vendas.ndjson'), ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
  env = { REPORTCTL_SOURCE_VENDAS: `file:${folder}/`, REPORTCTL_DESTINATION: join(folder, 'out') };
});
after(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]) => reportctl(args, { env, cwd: folder });

/** The ids that an export with these options has. */
async function ids(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run('export', 'vendas', '--columns', 'id', ...args);
  assert.equal(code, 0, stderr);
  return stdout.trim().split('\n').slice(1);
}

describe('filters of a report of its own', () => {
  test('select rows by the kind of their columns, before or after the report, with or without =', async () => {
    assert.deepEqual(await ids('--status', 'aberta', '--status=paga'), ['1', '2']);
    assert.deepEqual(await ids('--status', '!aberta', '--status', '!~PAG'), ['3', '4']);
    assert.deepEqual(await ids('--status', '\\~x'), ['4']);
    assert.deepEqual(await ids('--vendedor', '~ze'), ['1', '3']);
    assert.deepEqual(await ids('--paga', 'true'), ['2', '4']);
    assert.deepEqual(await ids('--valor', '20..40.5', '--paga', 'true'), ['2', '4']);
    assert.deepEqual(await ids('--vence-em', '2024-11-02'), ['2', '4']);
    const first = await run('export', '--vendedor', 'Ana', '--columns=id', 'vendas');
    assert.equal(first.stdout, 'id\n2\n');
  });

  test('are told wherever filters are: explain, its funnel, trace, list, the manifest', async () => {
    const explained = await run('explain', 'vendas', '--paga', 'true', '--status', '~A');
    assert.match(explained.stdout, /^-- --status "~A": tested on every document at situacao$/m);
    const funnel = await run('explain', 'vendas', '--funnel', '--paga', 'true', '--status', '~A');
    assert.match(
      funnel.stdout,
      /4 rows {2}without filters\n *3 rows {2}--status "~A" \(removes 1\)\n *1 row {2}--paga "true" \(removes 2\)/,
    );
    const traced = await run('trace', 'vendas', '--key', 'id=3', '--status', 'aberta', '--valor', '..9');
    assert.match(
      traced.stdout,
      /^not in vendas: --status "aberta" fails: situacao is "CANCELADA"; --valor "\.\.9" fails: valor is 30$/m,
    );
    assert.match((await run('list')).stdout, /date,status,vendedor,paga,valor,vence-em/);
    await run('export', 'vendas', '--status', '!~PAG', '--vence-em', '2024-11', '-o', 'x.csv');
    const manifest = JSON.parse(await readFile(join(folder, 'x.csv.manifest.json'), 'utf8'));
    assert.deepEqual(manifest.filters, { status: ['!~PAG'], 'vence-em': ['2024-11'] });
  });

  test('conditions and an order by any column are in the request and in the manifest, and are read again', async () => {
    assert.deepEqual(await ids('--where', 'vendedor ~ ZE', '--where', 'valor > 10'), ['3']);
    assert.deepEqual(await ids('--order-by', 'vendedor,valor:desc'), ['2', '3', '1', '4']);
    assert.deepEqual(await ids('--paga', 'true', '--where', 'situacao != paga', '--order-by', 'id:desc'), [
      '4',
    ]);
    const made = await run(
      'export',
      'vendas',
      '--where',
      'dia=2024-10-06',
      '--order-by',
      'valor:desc',
      '-o',
      'z.csv',
    );
    assert.equal(made.code, 0, made.stderr);
    const manifest = JSON.parse(await readFile(join(folder, 'z.csv.manifest.json'), 'utf8'));
    assert.deepEqual(
      [manifest.filters, manifest.where, manifest.orderBy],
      [{}, ['dia=2024-10-06'], ['-valor', 'id']],
    );
    assert.equal((await run('verify', 'z.csv', '--source')).code, 0);
    const explained = await run('explain', 'vendas', '--where', 'valor < 20', '--status', 'aberta');
    assert.match(
      explained.stdout,
      /^-- --status .*\n-- --where "valor < 20": tested on every document at valor$/m,
    );
    const traced = await run('trace', 'vendas', '--key', 'id=3', '--where', 'paga = true');
    assert.match(traced.stdout, /^not in vendas: --where "paga = true" fails: paga is null$/m);
  });

  test('verify --source reads with them again', async () => {
    await run('export', 'vendas', '--paga', 'true', '--status', '!paga', '-o', 'y.csv');
    const { code, stdout } = await run('verify', 'y.csv', '--source');
    assert.deepEqual([code, /rows and totals as in a fresh read/.test(stdout)], [0, true]);
  });

  test('without rows, the value that is nearest to a misspelt one is suggested', async () => {
    const cases: readonly (readonly [args: string[], said: RegExp | undefined])[] = [
      [['--vendedor', 'ze'], /warn no rows with --vendedor "ze"; did you mean "Zé"\?/],
      [['--status', 'Cancelda'], /--status "Cancelda"; did you mean "CANCELADA"\?/],
      [['--where', 'situacao = abertas'], /--where "situacao = abertas"; did you mean "aberta"\?/],
      [['--vendedor', 'Beatriz'], undefined],
      [['--vendedor', 'Ana', '--status', 'aberta'], undefined],
      [['--status', 'aberto', '--status', 'paga'], undefined],
    ];
    for (const [args, said] of cases) {
      const { code, stderr } = await run('export', 'vendas', ...args);
      assert.equal(code, 0);
      if (said === undefined) assert.ok(!stderr.includes('did you mean'), stderr);
      else assert.match(stderr, said);
    }
  });

  test('split outputs and are keys of tests', async () => {
    const { code, stderr } = await run('run', 'vendas', '--date', '2024-10-06');
    assert.equal(code, 0, stderr);
    assert.match(await readFile(join(folder, 'out/CANCELADA/20241006.csv'), 'utf8'), /^3,/m);
    const updated = await reportctl(['test', '--update', 'vendas'], {
      env: { ...env, REPORTCTL_QUERIES: join(folder, 'queries') },
      cwd: folder,
    });
    // There is no fixture: the test's filters were read all the same.
    assert.match(updated.stdout, /vendas\/abertas: /);
  });

  test('are in the help of the report, without filters that it does not have', async () => {
    const { code, stdout } = await run('export', 'vendas', '--help');
    assert.equal(code, 0);
    const own = stdout.slice(stdout.indexOf('Filters of vendas:'));
    assert.match(
      own,
      /^Filters of vendas:\n {2}--date <when> +dia: days.*\n(?: {3}.*\n)+ {2}--status <text> +situacao: exact text, ~part/,
    );
    assert.match(own, /--paga <boolean> +paga: true or false\n {2}--valor <range> +valor: number/);
    assert.doesNotMatch(stdout, /^ {2}--organization/m);
    assert.ok(!(await run('export', '--help')).stdout.includes('--status'));
    assert.deepEqual((await run('export', 'nenhum', '--help')).code, 0);
  });

  test('a word that the report does not have is an unknown option, with a suggestion', async () => {
    const cases: readonly (readonly [args: string[], said: RegExp])[] = [
      [['export', 'vendas', '--statsu', 'x'], /unknown option '--statsu'\. Did you mean --status\?/],
      [['export', 'outro', '--status', 'x'], /unknown option '--status'\. See --help/],
      [['export', '--status', 'x', 'venda'], /no report "venda" in .*Did you mean "vendas"/],
      [['export', '--status', 'x'], /unknown option '--status'|missing required argument/],
      [['export', 'vendas', '--status'], /option '--status <text>' argument missing/],
      [['export', 'vendas', '--paga', 'sim'], /cannot filter by paga "sim": it is true or false/],
      [['export', 'vendas', '--valor', 'muito'], /cannot filter by valor "muito": allowed are a number/],
      [['run', 'vendas', '--status', 'x'], /unknown option '--status'/],
      [['verify', 'x.csv', '--status', 'x'], /unknown option '--status'/],
    ];
    for (const [args, said] of cases) assertRefused(await run(...args), 2, said);
  });

  test('are completed with their values', async () => {
    const completed = async (...words: string[]) => {
      const { stdout } = await run('__complete', 'fish', ...words);
      return stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t')[0]);
    };
    assert.deepEqual(await completed('export', 'vendas', '--v'), [
      '--vertical',
      '--vendedor',
      '--valor',
      '--vence-em',
    ]);
    assert.deepEqual(await completed('explain', '--paga', 'true', 'vendas', '--st'), ['--status']);
    assert.deepEqual(await completed('trace', 'vendas', '--paga', ''), ['true', 'false']);
    assert.deepEqual(await completed('trace', 'vendas', '--vence-em=yes'), ['--vence-em=yesterday']);
    assert.deepEqual(await completed('export', 'vendas', '--sta'), ['--status']);
    assert.deepEqual(await completed('export', 'vendas', '--order-by', 'id:desc,v'), [
      'id:desc,vendedor',
      'id:desc,valor',
    ]);
    assert.deepEqual(await completed('export', 'vendas', '--order-by', 'id:desc,i'), []);
    assert.deepEqual(await completed('export', 'vendas', '--where', 's'), ['situacao']);
    assert.deepEqual(await completed('run', 'vendas', '--st'), []);
  });

  test('of documents name a column of the report, or a path', async () => {
    const filters =
      'organization: vendedor\n  nome: vendedor\n  valor: quanto\n  dono: pessoa.nome\n  quanto: { path: quanto }';
    const columns =
      'columns:\n  id: integer\n  quanto: { kind: decimal, path: valor }\n  vendedor: { kind: text, path: pessoa.nome }';
    const head = VENDAS.slice(0, VENDAS.indexOf('period:'));
    await writeFile(
      join(folder, 'queries', 'nomes.yaml'),
      `${head}filters:\n  ${filters}\n${columns}\norder-by: [id]\n`,
    );
    const found = async (...args: string[]) => {
      const { stdout, stderr } = await run('export', 'nomes', '--columns', 'id', ...args);
      return [...stdout.trim().split('\n').slice(1), ...(stderr.match(/did you mean ".*"/) ?? [])];
    };
    assert.deepEqual(await found('--organization', 'Zé'), ['1', '3']);
    assert.deepEqual(await found('--nome', 'ana'), ['did you mean "Ana"']);
    assert.deepEqual(await found('--valor', '20..30'), ['2', '3']);
    assert.deepEqual(await found('--dono', '~ze'), ['1', '3']);
    assert.deepEqual(await found('--quanto', '20'), []);
  });
});
