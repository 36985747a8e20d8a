// init: a folder in which a first report can be read, tested and published, and nothing that was there is replaced.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse as parseEnv } from 'dotenv';
import { parse } from 'yaml';
import { assertRefused, filesBelow, reportctl, temporaryFolder } from '../support/cli.js';
import { createDatabase } from '../support/shared-postgres.js';

const DOCUMENT = {
  _id: 7,
  loja: { nome: 'ACME' },
  data: { $date: '2026-01-02T03:04:05Z' },
  valor: 1.5,
  pago: true,
  tags: ['a'],
};
const ALL = [
  '.env',
  '.gitattributes',
  '.github/workflows/reports.yml',
  '.gitignore',
  'docs.ndjson',
  'fixtures/docs.ndjson',
  'fixtures/golden/vendas/2024-10-05.csv',
  'fixtures/golden/vendas/2024-10-05.yaml',
  'queries/vendas.yaml',
];
const INIT = ['init', 'vendas', '--from', 'docs', '--url', 'file:docs.ndjson'];

let root: string;
let count = 0;
before(async () => {
  root = await temporaryFolder();
});
after(() => rm(root, { recursive: true }));

/** A folder of its own with some documents. */
async function emptyFolder(): Promise<string> {
  const folder = join(root, `${++count}`);
  await mkdir(folder);
  await writeFile(join(folder, 'docs.ndjson'), `${JSON.stringify(DOCUMENT)}\n`);
  return folder;
}

describe('init', { concurrency: 1 }, () => {
  test('makes a folder in which check, test, export and run work at once', async () => {
    const cwd = await emptyFolder();
    const { code, stdout, stderr } = await reportctl(INIT, { cwd });
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(await filesBelow(cwd), ALL);
    assert.match(stdout, /^written {2}queries\/vendas\.yaml$/m);
    assert.match(stdout, /^written {2}the golden of vendas$/m);
    const env = parseEnv(await readFile(join(cwd, '.env')));
    assert.deepEqual(env, { REPORTCTL_SOURCE_DOCS: 'file:docs.ndjson', REPORTCTL_DESTINATION: './out' });
    assert.equal((await stat(join(cwd, '.env'))).mode & 0o077, 0);
    assert.match(await readFile(join(cwd, '.gitignore'), 'utf8'), /^\.env$/m);
    assert.match(await readFile(join(cwd, '.gitattributes'), 'utf8'), /^fixtures\/golden\/\*\* -text$/m);
    const { jobs } = parse(await readFile(join(cwd, '.github/workflows/reports.yml'), 'utf8'));
    assert.match(jobs.test.steps.at(-1).run, /^npx --yes reportctl@\d+\.\d+\.\d+ test$/);
    const golden = await readFile(join(cwd, 'fixtures/golden/vendas/2024-10-05.csv'), 'utf8');
    assert.equal(golden.split('\n').length, 4);
    for (const args of [
      ['check'],
      ['test'],
      ['export', 'vendas', '-o', '-'],
      ['run', 'vendas', '--date', '2026-01-02'],
    ]) {
      const next = await reportctl(args, { cwd });
      assert.equal(next.code, 0, `${args}: ${next.stderr}`);
    }
  });

  test('keeps what is there, and says what that lacks', async () => {
    const cwd = await emptyFolder();
    await mkdir(join(cwd, 'queries'));
    for (const file of ['.env', '.gitignore', '.gitattributes', 'queries/vendas.sql'])
      await writeFile(join(cwd, file), '# mine\n');
    const { code, stdout, stderr } = await reportctl([...INIT, '--json'], { cwd });
    assert.equal(code, 0, stderr);
    for (const file of ['.env', '.gitignore', '.gitattributes', 'queries/vendas.sql'])
      assert.equal(await readFile(join(cwd, file), 'utf8'), '# mine\n');
    const found = JSON.parse(stdout);
    assert.deepEqual([found.report, found.source, found.golden], ['vendas', 'docs', 'kept']);
    assert.deepEqual(
      found.files.map(({ file, outcome }: { file: string; outcome: string }) => `${outcome} ${file}`),
      [
        'kept queries/vendas.yaml',
        'written fixtures/docs.ndjson',
        'kept .env',
        'kept .gitignore',
        'kept .gitattributes',
        'written .github/workflows/reports.yml',
      ],
    );
    assert.match(stderr, /"\.env was there, and is kept: add REPORTCTL_SOURCE_DOCS to it/);
    assert.match(stderr, /"\.gitignore was there, and is kept: add \.env to it/);
    assert.match(
      stderr,
      /"\.gitattributes was there, and is kept: add \\"fixtures\/golden\/\*\* -text\\" to it/,
    );
    const all = await emptyFolder();
    await reportctl(INIT, { cwd: all });
    const again = await reportctl(['init', 'vendas', '--from', 'docs'], { cwd: all });
    assert.deepEqual([again.code, again.stderr, again.stdout.includes('written')], [0, '', false]);
  });

  test('of documents with a dot in a name: the fixture has that name, too', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'docs.ndjson'), '{"id":1,"valor.total":2.5}\n');
    assert.equal((await reportctl(INIT, { cwd })).code, 0);
    const [first = ''] = (await readFile(join(cwd, 'fixtures/docs.ndjson'), 'utf8')).split('\n');
    assert.deepEqual(JSON.parse(first), { id: 1, 'valor.total': 10.5 });
  });

  test('of a table with odd names and types: its fixture can be loaded, and the golden made', async () => {
    const [database, fixtures] = await Promise.all([createDatabase(), createDatabase()]);
    try {
      const client = await database.connect();
      await client.query(`CREATE SCHEMA "Vendas 2024"; CREATE TYPE cor AS ENUM ('azul'); CREATE DOMAIN centavos AS numeric(12,2);
        CREATE TABLE "Vendas 2024"."Pedidos ""x""" ("order" bigint, "D'água, ou" text, cor cor, lista int[], foto bytea, hora time,
          chave uuid, total centavos, taxa real, dados jsonb, criado_em timestamptz, visto timestamp, data_pedido date, ok boolean,
          PRIMARY KEY ("order", data_pedido))`);
      await client.end();
      const cwd = await emptyFolder();
      const env = { REPORTCTL_SOURCE_ERP: database.url, REPORTCTL_TEST_SOURCE_ERP: fixtures.url };
      const made = await reportctl(['init', 'pedidos', '--from', '"Vendas 2024"."Pedidos ""x"""'], {
        cwd,
        env,
      });
      assert.equal(made.code, 0, made.stderr);
      // The database for tests is still empty.
      assert.match(
        made.stdout,
        /^missing {2}the golden of pedidos; later: reportctl test pedidos --update$/m,
      );
      assert.match(made.stderr, / warn the golden of pedidos was not written: /);
      const text = await readFile(join(cwd, '.env'), 'utf8');
      assert.match(text, /^# REPORTCTL_SOURCE_ERP is set in the environment\.$/m);
      assert.ok(!text.includes(database.url));
      const loading = await fixtures.connect();
      await loading.query(await readFile(join(cwd, 'fixtures/erp.sql'), 'utf8'));
      await loading.end();
      const { code, stdout } = await reportctl(['test', '--update'], { cwd, env });
      assert.deepEqual([code, stdout.includes('1 row')], [0, true], stdout);
    } finally {
      await Promise.all([database.stop(), fixtures.stop()]);
    }
  });

  test('refuses what it cannot make, and makes nothing then', async () => {
    const cwd = await emptyFolder();
    const cases: readonly [args: string[], exitCode: number, said: RegExp][] = [
      [['init', 'vendas', '--from', 'docs'], 2, /no source has a URL\. Give --url postgres:/],
      [['init', 'a b', '--from', 'docs'], 2, /"a b" cannot be a report's name/],
      [['init', 'vendas', '--from', 'SELECT 1 AS a', '--url', 'file:docs.ndjson'], 2, /--from is a query/],
      [
        ['init', 'vendas', '--from', 'docs', '--url', 'file:docs.ndjson', '--source', '1'],
        2,
        /"1" cannot be a source's name/,
      ],
      [['init', 'vendas', '--from', 't', '--url', 'postgres://u:segredo@127.0.0.1:1/erp'], 4, /source "erp"/],
    ];
    for (const [args, exitCode, said] of cases) {
      const finished = await reportctl(args, { cwd });
      assertRefused(finished, exitCode, said);
      assert.ok(!finished.stderr.includes('segredo'));
      assert.deepEqual(await filesBelow(cwd), ['docs.ndjson']);
    }
    const env = { REPORTCTL_SOURCE_DOCS: 'file:other.ndjson' };
    assertRefused(await reportctl(INIT, { cwd, env }), 2, /REPORTCTL_SOURCE_DOCS is set already/);
  });
});

test('a folder without reports says what to do, in every verb', async () => {
  const [none, empty] = [await emptyFolder(), await emptyFolder()];
  await mkdir(join(empty, 'queries'));
  const verbs = [
    ['list'],
    ['export', 'vendas'],
    ['explain', 'vendas'],
    ['trace', 'vendas', '--key', 'id=1'],
    ['run', '--all'],
    ['run', 'vendas'],
    ['verify', 'vendas', '--date', '2024-10-05'],
    ['diff', 'vendas', '2024-10-05', '2024-10-06'],
    ['check'],
    ['status'],
    ['schedule'],
    ['test'],
  ];
  for (const [cwd, why] of [
    [
      none,
      /^reportctl: there are no reports in \.\/queries: the folder does not exist\. Begin with reportctl init /,
    ],
    [
      empty,
      /^reportctl: there are no reports in \.\/queries: no file in it ends with \.sql or \.yaml\. Begin with /,
    ],
  ] as const) {
    for (const args of verbs) assertRefused(await reportctl(args, { cwd }), 2, why);
  }
  assertRefused(
    await reportctl(['new', 'x', '--from', 'y'], { cwd: none }),
    2,
    /or begin with reportctl init\.$/m,
  );
});
