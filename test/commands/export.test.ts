// reportctl list, explain, check and export against a real database: the rows that filters choose, and where they go.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { assertRefused, filesBelow, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase('vendas'), temporaryFolder()]);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return reportctl(args, {
    env: { REPORTCTL_SOURCE_VENDAS: server.url, REPORTCTL_DESTINATION: join(folder, 'out'), ...env },
  });
}

/** Exports to stdout and reads what came. */
async function rowsOf(...args: string[]): Promise<Record<string, string>[]> {
  const { code, stdout, stderr } = await run(['export', ...args]);
  assert.equal(code, 0, stderr);
  return parse(stdout, { columns: true });
}

const ALL_FILTERS = [
  '--date',
  '2024-09',
  '--organization',
  'ACME Ltda',
  '--organization',
  'Café & Cia',
  '--product',
  'Guaraná 2 L',
  '--product-type',
  'Bebidas',
  '--quantity',
  '1..100',
  '--price',
  '..9.99',
];

describe('list', { concurrency: 3 }, () => {
  test('names every report, its source, filters, outputs and next period', async () => {
    const { code, stdout, stderr } = await run(['list']);
    assert.deepEqual([code, stderr], [0, '']);
    const lines = stdout.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^REPORT +TITLE +SOURCE +FILTERS +OUTPUTS +NEXT$/);
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(' ')[0]),
      ['pedidos', 'producao', 'transacoes', 'vendas_por_produto'],
    );
    assert.match(stdout, /relatorio_\{YYYYMMDD\}\.csv +day to \d{4}-\d\d-\d\d$/m);
  });

  test('--json', async () => {
    const { stdout } = await run(['list', '--json']);
    const [, , transacoes] = JSON.parse(stdout);
    assert.deepEqual(transacoes.sources, ['vendas']);
    assert.deepEqual(transacoes.filters, [
      'date',
      'organization',
      'product',
      'product-type',
      'quantity',
      'price',
    ]);
    assert.equal(transacoes.next.kind, 'day');
  });
});

describe('explain', { concurrency: 3 }, () => {
  for (const [report, columns] of [
    [
      'transacoes',
      [
        'report."data_transacao"',
        'report."organizacao"',
        'report."produto"',
        'report."tipo_produto"',
        'report."quantidade"',
        'report."preco_unitario"',
      ],
    ],
    [
      'vendas_por_produto',
      ['t.data_transacao', 'o.nome', 'p.nome', 'tp.nome', 't.quantidade', 't.preco_unitario'],
    ],
  ] as const) {
    test(`${report}: all six filters stand in the SQL, which reads nothing`, async () => {
      const { code, stdout, stderr } = await run(['explain', report, ...ALL_FILTERS]);
      assert.deepEqual([code, stderr], [0, '']);
      const sql = stdout.replace(/^--.*\n/gm, '');
      const [date, organization, product, type, quantity, price] = columns;
      for (const condition of [
        `${date} >= '2024-09-01 00:00:00-03:00'::timestamptz AND ${date} < '2024-10-01 00:00:00-03:00'::timestamptz`,
        `${organization} IN ('ACME Ltda'::text, 'Café & Cia'::text)`,
        `${product} IN ('Guaraná 2 L'::text)`,
        `${type} IN ('Bebidas'::text)`,
        `${quantity} >= '1'::int4 AND ${quantity} <= '100'::int4`,
        `${price} <= '9.99'::numeric`,
      ])
        assert.ok(sql.includes(condition), `${condition}\nis not in\n${sql}`);
      assert.match(stdout, /^-- source "vendas" \(.*\): about \d+ rows?, .* \(an estimate\)$/m);
      assert.match(stdout, /^-- --product-type "Bebidas": pushed down to /m);
    });
  }

  test('--json', async () => {
    const { stdout } = await run([
      'explain',
      'transacoes',
      '--quantity',
      '100',
      '--quantity',
      '..2',
      '--limit',
      '7',
      '--json',
    ]);
    const { report, filters, sources } = JSON.parse(stdout);
    assert.equal(report, 'transacoes');
    assert.deepEqual(filters, [{ dimension: 'quantity', values: ['100', '..2'], column: 'quantidade' }]);
    assert.match(sources[0].statement, /LIMIT 7$/);
    assert.equal(sources[0].rows, 7);
  });
});

describe('check', { concurrency: 3 }, () => {
  test('good reports, and a folder that can be written, of which nothing is left', async () => {
    const documents = join(folder, 'producao.ndjson');
    await writeFile(documents, '{"_id":1}\n');
    const { code, stdout, stderr } = await run(['check', '--param', 'moeda=BRL'], {
      REPORTCTL_SOURCE_PRODUCAO: `file:${documents}`,
      REPORTCTL_DESTINATION: join(folder, 'probed'),
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.doesNotMatch(stdout, /FAILED/);
    for (const name of ['pedidos', 'producao', 'transacoes', 'vendas_por_produto'])
      assert.match(
        stdout,
        new RegExp(
          `^(?:ok +report ${name}: .* of the contract|WARN +report ${name}: .* without --sample)`,
          'm',
        ),
      );
    assert.deepEqual(await filesBelow(join(folder, 'probed')), []);
  });

  test('a param that is missing is said, not failed', async () => {
    const { code, stdout } = await run(['check', 'pedidos', '--json']);
    assert.equal(code, 0);
    assert.match(JSON.parse(stdout)[0].detail, /for want of --param moeda=…/);
  });

  test('every finding is told, and the exit code is that of what failed', async () => {
    const queries = join(folder, 'bad');
    const yaml = 'source: vendas\ncolumns: { id: integer }';
    await writeReport(queries, 'coluna', yaml.replace('id', 'idd'), 'SELECT id FROM transacoes');
    await writeReport(queries, 'definicao', yaml.replace('integer', 'inteiro'), 'SELECT 1');
    await writeReport(queries, 'boa', yaml, 'SELECT id FROM transacoes');
    await writeReport(queries, 'ordem', `${yaml}\norder-by: [nada]`, 'SELECT id FROM transacoes');
    const env = { REPORTCTL_QUERIES: queries };
    const all = await run(['check'], env);
    assert.equal(all.code, 6);
    assert.equal(all.stderr, 'reportctl: 3 of 9 checks failed.\n');
    assert.match(
      all.stdout,
      /^FAILED report coluna: .*does not return the column "idd"\. Did you mean "id"/m,
    );
    assert.match(all.stdout, /^FAILED report definicao: .*definicao\.sql:3: columns\.id: found "inteiro"/m);
    assert.match(all.stdout, /^FAILED report ordem: .*order-by column "nada"/m);
    assert.match(all.stdout, /^ok +report boa: .*no order-by: the same rows may come in another order/m);
    const [contract, definition] = await Promise.all([
      run(['check', 'coluna', 'ordem'], env),
      run(['check', 'definicao'], env),
    ]);
    assert.deepEqual([contract.code, definition.code], [3, 2]);
  });

  test('what the database or the destination refuses', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const [source, destination] = await Promise.all([
      run(['check', 'transacoes'], { REPORTCTL_SOURCE_VENDAS: 'postgres://u@127.0.0.1:1/x' }),
      run(['check', 'transacoes', '--json'], { REPORTCTL_DESTINATION: join(file, 'out') }),
    ]);
    assert.deepEqual([source.code, destination.code], [4, 5]);
    assert.deepEqual(
      JSON.parse(destination.stdout).map(({ ok, warning }: { ok: boolean; warning?: true }) => [ok, warning]),
      // The user of the tests is a superuser.
      [
        [true, undefined],
        [true, true],
        [false, undefined],
        [true, undefined],
      ],
    );
  });
});

describe('the rows that filters choose', { concurrency: 3 }, () => {
  const counts: readonly [args: string[], rows: number][] = [
    [['transacoes', '--date', '2024-10-04', '--date', '2024-10-06'], 386 + 334],
    [['transacoes', '--organization', "ACME Ltda' OR true --"], 0],
  ];
  for (const [args, rows] of counts) {
    test(`${args.join(' ')}: ${rows}`, async () => assert.equal((await rowsOf(...args)).length, rows));
  }

  test('each of the six filters alone holds for every row, and the rows that it leaves out are all others', async () => {
    const day = ['pedidos', '--date', '2024-10-04..2024-10-06', '--param', 'moeda=BRL'];
    const all = await rowsOf(...day);
    const cases: readonly [filter: string[], holds: (row: Record<string, string>) => boolean][] = [
      [
        ['--organization', 'Café & Cia', '--organization', "D'Ávila Comércio de Alimentos"],
        ({ organizacao = '' }) => ['Café & Cia', "D'Ávila Comércio de Alimentos"].includes(organizacao),
      ],
      [['--product', 'Guaraná 2 L'], ({ produto }) => produto === 'Guaraná 2 L'],
      [['--product-type', 'Bebidas'], ({ tipo_produto }) => tipo_produto === 'Bebidas'],
      [
        ['--quantity', '10..100', '--quantity', '1'],
        ({ quantidade }) => Number(quantidade) >= 10 || quantidade === '1',
      ],
      [['--price', '..9.99'], ({ preco_unitario }) => Number(preco_unitario) <= 9.99],
    ];
    assert.ok(all.length > 500);
    await Promise.all(
      cases.map(async ([filter, holds]) => {
        const expected = all.filter(holds);
        assert.ok(expected.length > 0 && expected.length < all.length, filter.join(' '));
        assert.deepEqual(await rowsOf(...day, ...filter), expected, filter.join(' '));
      }),
    );
  });
});

describe('where it goes', { concurrency: 3 }, () => {
  test('a file, replaced, with a manifest that tells the truth about it', async () => {
    const path = join(folder, 'file', 'dia.csv');
    const args = ['export', 'transacoes', '--date', '2024-10-05', '--price', '10..', '-o', path];
    const first = await run([...args, '--limit', '3']);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /dia\.csv: 3 rows, \d+ B(, 1 text cell starts like a formula .*)?\n$/);
    assert.equal(JSON.parse(await readFile(`${path}.manifest.json`, 'utf8')).limit, 3);
    const former = await readFile(path);
    assertRefused(
      await run(args),
      5,
      /file\/dia\.csv already exists\. Nothing was overwritten\. .*--overwrite/,
    );
    assert.deepEqual(await readFile(path), former);
    const other = ['--columns', 'id_transacao,valor_transacao', '--json'];
    const second = await run([...args, ...other, '--overwrite']);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(await filesBelow(join(folder, 'file')), ['dia.csv', 'dia.csv.manifest.json']);
    const bytes = await readFile(path);
    const rows: string[][] = parse(bytes);
    const manifest = JSON.parse(await readFile(`${path}.manifest.json`, 'utf8'));
    assert.deepEqual(rows[0], ['id_transacao', 'valor_transacao']);
    assert.equal(manifest.rows, rows.length - 1);
    assert.equal(manifest.bytes, bytes.length);
    assert.equal(manifest.sha256, createHash('sha256').update(bytes).digest('hex'));
    const cents = rows.slice(1).reduce((sum, row) => sum + BigInt((row[1] ?? '').replace('.', '')), 0n);
    assert.equal(manifest.totals.valor_transacao.replace('.', ''), String(cents));
    assert.deepEqual(manifest.filters, { date: ['2024-10-05'], price: ['10..'] });
    assert.deepEqual(
      [manifest.key, manifest.period, manifest.limit, manifest.report],
      ['dia.csv', null, undefined, 'transacoes'],
    );
    assert.deepEqual(manifest.columns, [
      { name: 'id_transacao', kind: 'integer' },
      { name: 'valor_transacao', kind: 'decimal' },
    ]);
    assert.deepEqual(JSON.parse(second.stdout), { location: path, ...manifest });
    assert.ok(
      !JSON.stringify(manifest).includes(server.folder) && !JSON.stringify(manifest).includes('postgres:'),
    );
  });

  test('everything: 22,672 rows and their exact total', async () => {
    const path = join(folder, 'tudo.csv.gz');
    const { code, stdout } = await run(['export', 'transacoes', '-o', path]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /tudo\.csv\.gz: 22,672 rows, .*, \d+ text cells start like a formula and got a leading apostrophe; --formulas keep turns this off$/m,
    );
    const manifest = JSON.parse(await readFile(`${path}.manifest.json`, 'utf8'));
    assert.deepEqual(
      [manifest.rows, manifest.totals, manifest.contentType],
      [22_672, { valor_transacao: '36385097.07' }, 'application/gzip'],
    );
    assert.ok(manifest.neutralised > 0);
    const packed = await readFile(path);
    assert.equal(manifest.sha256, createHash('sha256').update(packed).digest('hex'));
    assert.equal(gunzipSync(packed).toString().split('\n').length, 22_672 + 2);
  });

  test('stdout gets the rows and nothing else, with -o - and when piped, the same bytes each time; stderr the summary, -q not even that', async () => {
    const args = [
      'export',
      'pedidos',
      '--param',
      'moeda=USD',
      '--date',
      '2024-10-05',
      '--columns',
      'observacao,id_transacao',
    ];
    const [piped, quiet] = await Promise.all([run(args), run([...args, '-o', '-', '-q'])]);
    assert.deepEqual([piped.code, quiet.code], [0, 0]);
    assert.equal(parse(piped.stdout).length, 27);
    assert.equal(quiet.stdout, piped.stdout);
    assert.match(
      piped.stderr,
      /^\S+ info stdout: 26 rows, [\d.]+ K?i?B(, \d text cells? starts? like a formula .*)?\n$/,
    );
    assert.equal(quiet.stderr, '');
  });

  test('--log-format json', async () => {
    const { stderr } = await run(['export', 'transacoes', '--limit', '1', '--log-format', 'json']);
    const { level, message, tool } = JSON.parse(stderr);
    assert.deepEqual([level, tool], ['info', 'reportctl']);
    assert.match(message, /^stdout: 1 row,/);
  });

  test('--locale pt-BR, as Excel opens it in Brazil', async () => {
    const { stdout } = await run([
      'export',
      'vendas_por_produto',
      '--date',
      '2024-09',
      '--limit',
      '1',
      '--locale',
      'pt-BR',
    ]);
    assert.match(
      stdout,
      /^\ufeffOrganização;Tipo de produto;Produto;Transações;Quantidade;Valor total;Preço médio\r\nACME Ltda;[^;]+;[^;]+;\d+;\d+;\d+,\d\d;\d+,\d\d\r\n$/,
    );
  });

  test('a gate that does not hold only warns', async () => {
    const { code, stdout, stderr } = await run(['export', 'transacoes', '--date', '1999']);
    assert.equal(code, 0);
    assert.equal(stdout.split('\n').length, 2);
    assert.match(stderr, /warn "transacoes": gate min-rows: expected at least 1, found 0/);
  });

  test('a report by its path, wherever it is, from an embedded database', async () => {
    const script = join(folder, 'one.sql');
    await writeFile(script, "CREATE TABLE t AS SELECT 9007199254740993 AS id, 'é' AS nome;");
    const path = await writeReport(
      folder,
      'avulso',
      'source: outra-base\ncolumns: { id: integer, nome: text }',
      'SELECT * FROM t;',
    );
    const { code, stdout, stderr } = await run(['export', path, '-q'], {
      REPORTCTL_SOURCE_OUTRA_BASE: `embedded:${script}`,
    });
    assert.deepEqual([code, stdout, stderr], [0, 'id,nome\n9007199254740993,é\n', '']);
  });
});
