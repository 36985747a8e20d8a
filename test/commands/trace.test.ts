// reportctl trace and explain --funnel against a real database: why a row is in a report, and what each filter leaves.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { assertRefused, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let folder: string;

before(async () => {
  [server, folder] = await Promise.all([createDatabase('vendas'), temporaryFolder()]);
  const client = new pg.Client(server.url);
  await client.connect();
  await client.query(`
    CREATE TABLE pedidos (id int, chave text, dia timestamptz, org text, valor numeric);
    INSERT INTO pedidos VALUES
      (1, 'a', '2024-10-05 23:59:59.999999-03', 'ACME Ltda', 1),
      (2, 'b', '2024-10-06 00:10:03-03', E'Padaria \\x1b[2J', NULL),
      (3, 'b', '2024-10-06 12:00:00-03', NULL, 3)`);
  await client.end();
  const yaml = `source: vendas
filters: { date: dia, organization: org }
columns: { id: integer, chave: text, valor: decimal }
order-by: [id]
gates: { not-null: [valor], unique: [chave] }
outputs: [{ format: csv, key: "p_{YYYYMMDD}.csv" }]`;
  await writeReport(join(folder, 'queries'), 'pedidos', yaml, 'SELECT * FROM pedidos');
  const inside = yaml
    .replace('unique: [chave]', 'max-rows: 9')
    .replace('id: integer, ', '')
    .replace('[id]', '[chave]');
  const grouped = 'SELECT chave, sum(valor) AS valor FROM pedidos WHERE true /*{filters}*/ GROUP BY chave';
  await writeReport(join(folder, 'queries'), 'grupos', inside, grouped);
  const twice =
    'source: vendas\ncolumns: { id: integer, nome: text }\norder-by: [id]\ngates: { unique: [id] }';
  await writeReport(
    join(folder, 'queries'),
    'repetidos',
    twice,
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (1, 'c')) AS t (id, nome)",
  );
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  reportctl(args, { cwd: folder, env: { REPORTCTL_SOURCE_VENDAS: server.url } });

describe('trace', { timeout: 600_000 }, () => {
  test('names the filter that leaves the row out, with the value in the zone of the report', async () => {
    const { code, stdout, stderr } = await run('trace', 'pedidos', '--key', 'id=2', '--date', '2024-10-05');
    assert.equal(code, 3);
    assert.match(
      stdout,
      /^not in pedidos 2024-10-05: --date "2024-10-05" fails: dia is 2024-10-06 00:10:03-03\n/,
    );
    assert.match(stdout, /\n {2}not published\n$/);
    assert.equal(stderr, 'reportctl: trace: no row with id=2 is in pedidos 2024-10-05.\n');
  });

  test('a row that is in it, and what the run record says', async () => {
    assert.equal((await run('run', 'pedidos', '--date', '2024-10-05')).code, 0);
    const { code, stdout } = await run('trace', 'pedidos', '--key', 'id=1', '--date', '2024-10-05');
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^in pedidos 2024-10-05: id=1\n {2}1 row in the query, 1 with all filters\n {2}- id=1 chave=a valor=1\n/,
    );
    assert.match(stdout, /--date "2024-10-05" passes: dia is 2024-10-05 23:59:59\.999999-03\n/);
    assert.match(
      stdout,
      /\n {2}published 20\d\d-\S+Z, revision 1, 1 row; changes to the source after 20\S+Z are not in it\n$/,
    );
  });

  test('the gates that the row breaks: a null, and a key that others have', async () => {
    const { code, stdout } = await run('trace', 'pedidos', '--key', 'id=2', '--date', '2024-10-06');
    assert.equal(code, 0);
    assert.match(stdout, /gate not-null fails: valor is null/);
    assert.match(stdout, /gate unique fails: 2 rows have chave=b/);
    assert.ok(!stdout.includes('\u001b'));
  });

  test('a key that there is nowhere, one of a column that there is not, and of another type', async () => {
    const nowhere = await run('trace', 'pedidos', '--key', 'id=9', '--organization', 'ACME Ltda');
    assert.equal(nowhere.code, 3);
    assert.match(
      nowhere.stdout,
      /^not in pedidos: even without filters the query returns no row with id=9\n/,
    );
    assertRefused(
      await run('trace', 'pedidos', '--key', 'idd=9'),
      2,
      /has no column "idd"\. Did you mean "id"\?/,
    );
    assertRefused(
      await run('trace', 'pedidos', '--key', 'id=x'),
      2,
      /--key id=x: .*The column is of type int4/,
    );
    assertRefused(await run('trace', 'pedidos'), 2, /required option '--key <name=value>' not specified/);
  });

  test('the organization as typed, null among its values, and JSON', async () => {
    const args = [
      'trace',
      'pedidos',
      '--key',
      'id=3',
      '--date',
      '2024-10-06',
      '--organization',
      'ACME Ltda',
      '--json',
    ];
    const { code, stdout } = await run(...args);
    assert.equal(code, 3);
    const told = JSON.parse(stdout);
    assert.deepEqual(
      [told.in, told.period, told.reasons],
      [false, null, ['--organization "ACME Ltda" fails: org is null']],
    );
    assert.deepEqual(told.sources[0].trace.rows[0].filters, [
      { dimension: 'date', value: '2024-10-06 12:00:00-03', passes: true },
      { dimension: 'organization', value: null, passes: false },
    ]);
    const strange = await run('trace', 'pedidos', '--key', 'chave=b', '--organization', 'ACME Ltda');
    assert.match(strange.stdout, /org is "Padaria \\u001b\[2J"/);
  });

  test('inside an aggregate: which filter, left out, brings the row back', async () => {
    const { code, stdout } = await run('trace', 'grupos', '--key', 'chave=b', '--date', '2024-10-05');
    assert.equal(code, 3);
    assert.match(
      stdout,
      /^not in grupos 2024-10-05: without --date "2024-10-05" it would be in the report \(1 row\)\n/,
    );
  });
});

describe('conditions and an order of the user', { timeout: 600_000 }, () => {
  test('are tested on the result also where the query places its filters, and on columns that are not exported', async () => {
    const grouped = await run('export', 'grupos', '--date', '2024-10', '--where', 'valor > 1');
    assert.equal(grouped.stdout, 'chave,valor\nb,3\n');
    const others = await run('export', 'pedidos', '--columns', 'id', '--where', 'valor = 3');
    assert.equal(others.stdout, 'id\n3\n');
    const traced = await run(
      'trace',
      'grupos',
      '--key',
      'chave=a',
      '--date',
      '2024-10',
      '--where',
      'valor > 1',
    );
    assert.match(
      traced.stdout,
      /^not in grupos: without --where "valor > 1" it would be in the report \(1 row\)\n/,
    );
    const explained = await run(
      'explain',
      'grupos',
      '--funnel',
      '--date',
      '2024-10-05',
      '--where',
      'valor > 1',
    );
    assert.match(
      explained.stdout,
      /2 rows {2}without filters\n *1 row {2}--date .*\n0 rows {2}--where "valor > 1" \(removes 1\)\n$/,
    );
  });

  test('a misspelt value without rows is answered with the nearest one', async () => {
    const { code, stderr } = await run('export', 'pedidos', '--organization', 'acme ltda');
    assert.equal(code, 0);
    assert.match(stderr, /no rows with --organization "acme ltda"; did you mean "ACME Ltda"\?/);
  });

  test('another order does not hide duplicates from the gate', async () => {
    for (const order of [[], ['--order-by', 'nome'], ['--order-by', 'nome:desc']]) {
      const { code, stderr } = await run('export', 'repetidos', ...order);
      assert.equal(code, 0);
      assert.match(
        stderr,
        /gate unique "id": expected no duplicates, found 1 duplicate row/,
        order.join(' '),
      );
    }
  });
});

describe('explain', { concurrency: 2, timeout: 600_000 }, () => {
  test('--funnel counts what each filter leaves, in the order of the filters', async () => {
    const args = [
      'explain',
      'pedidos',
      '--funnel',
      '--organization',
      'ACME Ltda',
      '--date',
      '2024-10-05..2024-10-06',
    ];
    const { code, stdout } = await run(...args);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\n3 rows {2}without filters\n3 rows {2}--date "2024-10-05\.\.2024-10-06" \(removes 0\)\n {1}1 row {2}--organization "ACME Ltda" \(removes 2\)\n$/,
    );
    const json = JSON.parse((await run(...args, '--json')).stdout);
    assert.deepEqual(
      json.sources.map(({ rows }: { rows: number[] }) => rows),
      [[3, 3, 1]],
    );
  });

  test('names the index, or the table that is read whole, and pretends no time', async () => {
    const { stdout } = await run('explain', 'grupos', '--date', '2024-10-05');
    assert.match(stdout, /^-- time unknown: no published run to estimate from$/m);
    assert.match(
      stdout,
      /^-- --date "2024-10-05": pushed down to dia: no index, reads every row of pedidos$/m,
    );
  });
});
