// test with the binary: the repository's own reports, and what it says of reports that changed or cannot be tested.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, filesBelow, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const SCRIPT = `CREATE TABLE vendas (id integer PRIMARY KEY, empresa text, valor numeric, em timestamptz);
INSERT INTO vendas SELECT n, CASE n % 2 WHEN 0 THEN 'ACME' ELSE E'Café \\x1b[31m' END, n * 1.10,
  timestamptz '2024-10-01 12:00-03' + n * interval '1 hour' FROM generate_series(1, 60) AS n;`;
const COLUMNS = 'columns: { lido: timestamp, id: integer, empresa: text, valor: decimal }\nvolatile: [lido]';
const QUERY = 'SELECT now() AS lido, id, empresa, valor, em FROM vendas';
const DEFINITION = `source: vendas
filters: { date: em, organization: empresa }
${COLUMNS}
order-by: [id]
totals: [valor]
gates: { min-rows: 20 }
schedules: { ACME: month }
outputs:
  - { format: csv, key: "r_{YYYYMMDD}.csv", locale: pt-BR }
  - { format: xlsx, key: "{organization}/r_{YYYYMMDD}.xlsx" }
tests:
  - { run: 2024-10-02 }
  - { name: acme, date: 2024-10-03, organization: ACME, columns: [lido, valor], limit: 3 }`;

let template: string;
/** With the tables of the fixture, so that most tests need no server of their own. */
let database: TestPostgres;
const folders: string[] = [];
before(async () => {
  database = await createDatabase();
  const client = await database.connect();
  await client.query(SCRIPT);
  await client.end();
  template = await folderOf({ vendas: DEFINITION });
  const { code, stderr } = await run(template, '--update');
  assert.deepEqual([code, stderr], [0, '']);
});
after(async () => {
  await database.stop();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function folderOf(reports: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  await mkdir(join(folder, 'fixtures'));
  await writeFile(join(folder, 'fixtures', 'vendas.sql'), SCRIPT);
  for (const [name, definition] of Object.entries(reports))
    await writeReport(join(folder, 'queries'), name, definition, QUERY);
  return folder;
}

/** The template's report with its goldens, for one test to change. */
async function copied(): Promise<string> {
  const folder = await temporaryFolder();
  folders.push(folder);
  await cp(template, folder, { recursive: true });
  return folder;
}

async function changed(folder: string, from: string | RegExp, to: string): Promise<void> {
  const path = join(folder, 'queries', 'vendas.sql');
  const text = await readFile(path, 'utf8');
  assert.notEqual(text.replace(from, to), text);
  await writeFile(path, text.replace(from, to));
}

/** Nobody's production: a test that read it would fail. */
const PRODUCTION = {
  REPORTCTL_SOURCE_VENDAS: 'postgres://127.0.0.1:1/producao',
  PGHOST: '127.0.0.1',
  PGPORT: '1',
};

const run = (folder: string, ...args: readonly string[]) =>
  reportctl(['test', ...args], {
    cwd: folder,
    env: { ...PRODUCTION, REPORTCTL_TEST_SOURCE_VENDAS: database.url },
  });

/** On a server that starts for this run and loads fixtures/vendas.sql. */
const runWithFixture = (folder: string, ...args: readonly string[]) =>
  reportctl(['test', ...args], { cwd: folder, env: PRODUCTION });

describe('test', { concurrency: 2, timeout: 600_000 }, () => {
  test("the repository's own reports", async () => {
    const { code, stdout, stderr } = await reportctl(['test']);
    assert.deepEqual([code, stderr], [0, ''], stdout);
    for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^ok {6}[a-z_]+\/[\w-]+: \d+ rows$/);
  });

  test('a golden has the rows without what is volatile, the totals, the gates and the keys', async () => {
    const files = (await filesBelow(join(template, 'fixtures', 'golden'))).filter((file) =>
      /\.csv$/.test(file),
    );
    assert.deepEqual(files, ['vendas/2024-10-02.csv', 'vendas/acme.csv', 'vendas@ACME/2024-10-02.csv']);
    const golden = (name: string) => readFile(join(template, 'fixtures', 'golden', name), 'utf8');
    assert.equal(
      await golden('vendas/acme.csv'),
      'lido,valor\n(volatile),39.60\n(volatile),41.80\n(volatile),44.00\n',
    );
    const counted = await golden('vendas/2024-10-02.yaml');
    assert.match(
      counted,
      /^rows: 24\ntotals:\n {2}valor: "[\d.]+"\ngates:\n {2}- "ok min-rows: expected at least 20, found 24"\noutputs:\n {2}- key: r_20241002\.csv\n$/,
    );
    assert.match(
      await golden('vendas@ACME/2024-10-02.yaml'),
      /^rows: 30\n[\s\S]*key: ACME\/r_20241031\.xlsx\n$/,
    );
  });

  test('the same query is ok, at another time, and nothing of production is read', async () => {
    const { code, stdout, stderr } = await runWithFixture(template);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(stdout.split('\n'), [
      'ok      vendas/2024-10-02: 24 rows',
      'ok      vendas@ACME/2024-10-02: 30 rows',
      'ok      vendas/acme: 3 rows',
      '',
    ]);
  });

  test('a change of the query is shown as a change of the file, and accepted by --update', async () => {
    const folder = await copied();
    await changed(
      folder,
      'empresa, valor, em',
      'empresa, CASE id WHEN 13 THEN 0 ELSE valor END AS valor, em',
    );
    const { code, stdout, stderr } = await run(folder);
    assert.equal(code, 3);
    assert.equal(stderr, 'reportctl: 1 of 3 tests failed.\n');
    assert.match(
      stdout,
      /^FAILED {2}vendas\/2024-10-02: 24 rows, and the golden differs; if the new result is right, --update accepts it$/m,
    );
    assert.match(stdout, /^ +- \d+: \(volatile\),13,Café .*,14\.30\n +\+ \d+: \(volatile\),13,Café .*,0$/m);
    assert.ok(!stdout.includes('\x1b'), 'no escape sequence reaches a terminal');
    const updated = await run(folder, '--update');
    assert.equal(updated.code, 0);
    assert.match(
      updated.stdout,
      /^updated vendas\/2024-10-02: fixtures\/golden\/vendas\/2024-10-02\.csv, 24 rows$/m,
    );
    assert.equal((await run(folder)).code, 0);
  });

  test('a gate that no longer holds, and another key', async () => {
    const folder = await copied();
    await changed(folder, 'min-rows: 20', 'min-rows: 25');
    await changed(folder, 'key: "r_{YYYYMMDD}.csv"', 'key: "s_{YYYYMMDD}.csv"');
    const { code, stdout } = await run(folder);
    assert.equal(code, 3);
    assert.match(stdout, /\+ \d+: {3}- "FAILED min-rows: expected at least 25, found 24"/);
    assert.match(stdout, /\+ \d+: {3}- key: s_20241002\.csv/);
  });

  test('what cannot be tested fails alone, in one line; --json has it too', async () => {
    const folder = await copied();
    const report = (name: string, definition: string, query = QUERY) =>
      writeReport(join(folder, 'queries'), name, definition, query);
    const test = 'tests: [{ name: tudo }]';
    await report('sem_fixture', `source: outra\n${COLUMNS}\n${test}`);
    await report('errada', `source: vendas\n${COLUMNS}\n${test}`, 'SELECT nada FROM vendas');
    await report(
      'no_meio',
      `source: vendas\n${COLUMNS}\n${test}`,
      QUERY.replace('valor,', '1 / (id - 60) AS valor,'),
    );
    await report('quebrada', `source: vendas\ncolums: {}`);
    await report('sem_saida', `source: vendas\n${COLUMNS}\ntests: [{ run: 2024-10-02 }]`);
    await report('sem_teste', `source: vendas\n${COLUMNS}`);
    await report(
      'toda',
      `source: vendas\n${COLUMNS}\n${test}`,
      QUERY.replace('FROM', 'FROM generate_series(1, 200) AS m,'),
    );
    const { code, stdout, stderr } = await run(folder, '--json');
    assert.equal(code, 6, stderr);
    const found = new Map(
      (JSON.parse(stdout) as { test: string; outcome: string; detail: string }[]).map((one) => [
        one.test,
        one,
      ]),
    );
    const details: Readonly<Record<string, RegExp>> = {
      'sem_fixture/tudo':
        /no fixture for source "outra": there is no fixtures\/outra\.sql\. .*REPORTCTL_TEST_SOURCE_OUTRA/,
      'errada/tudo': /column "nada" does not exist|does not return the column/,
      'no_meio/tudo': /division by zero/,
      quebrada: /queries\/quebrada\.sql:3: colums: unknown key/,
      'sem_saida/2024-10-02': /is a run, but queries\/sem_saida\.sql has no outputs/,
      'toda/tudo': /finds more than 10000 rows/,
    };
    for (const [name, said] of Object.entries(details)) {
      assert.equal(found.get(name)?.outcome, 'failed', name);
      assert.match(found.get(name)?.detail ?? '', said);
    }
    assert.equal(found.get('sem_teste')?.outcome, 'untested');
    for (const name of ['vendas/2024-10-02', 'vendas@ACME/2024-10-02', 'vendas/acme'])
      assert.equal(found.get(name)?.outcome, 'ok', 'the others go on');
  });

  test('a golden that is missing, one that no test has, one that cannot be written', async () => {
    const folder = await copied();
    await changed(folder, 'name: acme', 'name: outro');
    const { code, stdout } = await run(folder, 'vendas');
    assert.equal(code, 3);
    assert.match(
      stdout,
      /^FAILED {2}vendas\/outro: there is no golden fixtures\/golden\/vendas\/outro\.csv; --update writes it/m,
    );
    assert.match(stdout, /^unused {2}vendas\/acme\.csv: no test has .*; --update removes it$/m);
    await writeFile(join(folder, 'fixtures', 'golden', 'vendas', 'outro.csv'), '');
    const path = join(folder, 'fixtures', 'golden', 'vendas', 'outro.yaml');
    await mkdir(path);
    const refused = await run(folder, '--update');
    assert.equal(refused.code, 5);
    assert.match(refused.stdout, /^FAILED {2}vendas\/outro: reading the golden .*EISDIR/m);
    assert.match(refused.stdout, /^removed vendas\/acme\.csv: /m);
    await rm(path, { recursive: true });
    assert.match((await run(folder, '--update')).stdout, /^updated vendas\/outro/m);
    const files = await filesBelow(join(folder, 'fixtures', 'golden', 'vendas'));
    assert.deepEqual(files, ['2024-10-02.csv', '2024-10-02.yaml', 'outro.csv', 'outro.yaml']);
  });

  test('rows without an order-by are compared as a set', async () => {
    const folder = await folderOf({ solta: `source: vendas\n${COLUMNS}\ntests: [{ limit: 100 }]` });
    assert.equal((await run(folder, '--update')).code, 0);
    await writeReport(
      join(folder, 'queries'),
      'solta',
      `source: vendas\n${COLUMNS}\ntests: [{ limit: 100 }]`,
      `${QUERY} ORDER BY md5(id::text)`,
    );
    assert.equal((await run(folder)).code, 0);
  });

  test('a source of its own for tests takes nothing from PGHOST', async () => {
    const env = { ...PRODUCTION, REPORTCTL_TEST_SOURCE_VENDAS: 'postgres:///teste' };
    const { code, stdout } = await reportctl(['test'], { cwd: template, env });
    assert.equal(code, 2);
    assert.match(stdout, /REPORTCTL_TEST_SOURCE_VENDAS names no host/);
  });

  const wrong: readonly [tests: string, said: RegExp][] = [
    ['[{ date: yesterday }]', /found "yesterday", another day tomorrow/],
    ['[{ run: 2024-02-31 }]', /tests\.0\.run: /],
    ['[{ run: outubro }]', /a day such as 2024-10-05 is needed/],
    ['[{ run: 2024-10-02, organization: ACME }]', /tests\.0\.organization: run publishes whole periods/],
    ['[{ name: a }, { name: A }]', /"A" is the name of tests\.0 too/],
    ['[{ name: ../x }]', /cannot be a file's name/],
    ['[{ dat: 2024-10 }]', /tests\.0\.dat: unknown key; did you mean "date"\?/],
  ];
  for (const [tests, said] of wrong) {
    test(`a definition is refused: ${tests}`, async () => {
      const folder = await folderOf({});
      const yaml = DEFINITION.replace(/tests:[\s\S]*$/, `tests: ${tests}`);
      const path = await writeReport(folder, 'x', yaml, QUERY);
      assertRefused(await reportctl(['explain', path], { cwd: folder }), 2, said);
    });
  }
});
