// new with the binary: what it drafts passes check at once, whatever the database calls its things.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { assertRefused, ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const ODD = `
CREATE SCHEMA "Vendas 2024";
CREATE TYPE cor AS ENUM ('azul', 'verde');
CREATE DOMAIN centavos AS numeric(12,2);
CREATE TABLE "Vendas 2024"."Pedidos do ""Mês""" (
  "order" bigint, "Número do pedido" text, "aspas "" e */ fim /* e" text, "a:b" integer, "true" boolean, "1º" integer,
  etiquetas text[], foto bytea, cor cor, preço money, total centavos, lido_em time, intervalo interval, dados json,
  criado_em timestamptz, "Data do Pedido" date, "nomeEmpresa" varchar(80),
  PRIMARY KEY ("Número do pedido", "order")
);
COMMENT ON COLUMN "Vendas 2024"."Pedidos do ""Mês"""."Número do pedido" IS 'Nº: o "pedido" */';
COMMENT ON COLUMN "Vendas 2024"."Pedidos do ""Mês""".total IS E'O que se paga */ /* no fim,\\ncom impostos, frete e tudo o que o cliente não vê na tela';
INSERT INTO "Vendas 2024"."Pedidos do ""Mês""" VALUES
  (1, 'A', 'x', 1, true, 1, '{a,b}', '\\x00', 'azul', 1.5, 2.50, '10:00', '1 day', '{}', now(), now(), 'ACME');
CREATE TABLE sem_chave (nome text, nascimento_data date);
CREATE TABLE unica (codigo text NOT NULL, talvez integer UNIQUE, UNIQUE (codigo));
CREATE TABLE "select" ("from" integer PRIMARY KEY);
CREATE VIEW visao AS SELECT o.id, o.nome AS organizacao, count(*) AS quantidade
  FROM organizacoes o JOIN transacoes t ON t.organizacao_id = o.id GROUP BY o.id;
CREATE TABLE nada ();`;

let server: TestPostgres;
let mongodb: MongoServer;
let folder: string;
before(async () => {
  [server, mongodb, folder] = await Promise.all([
    createDatabase('vendas'),
    startMongoServer(),
    temporaryFolder(),
  ]);
  const client = await server.connect();
  await client.query(ODD);
  await client.end();
  const lines = execFileSync(process.execPath, ['scripts/producao.js', '200'], { cwd: ROOT }).toString();
  await writeFile(join(folder, 'producoes.ndjson'), lines);
  const documents = lines.trim().split('\n');
  mongodb.insert(
    'fabrica',
    'producoes',
    documents.map((line) => BSON.EJSON.parse(line, { relaxed: false })),
  );
});
after(async () => {
  await Promise.all([server?.stop(), mongodb?.close(), rm(folder, { recursive: true, force: true })]);
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  reportctl(args, {
    cwd: folder,
    env: { REPORTCTL_SOURCE_VENDAS: server.url, REPORTCTL_DESTINATION: join(folder, 'out'), ...env },
  });

/** What was written, after check has passed. */
async function drafted(
  name: string,
  from: string,
  env: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<string> {
  const made = await run(['new', name, '--from', from, ...more, '--json'], env);
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const { file } = JSON.parse(made.stdout);
  const checked = await run(['check', name], env);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(
    checked.stdout,
    /returns the \d+ columns? of the contract|paths of its \d+ columns are not checked without --sample/,
  );
  return readFile(join(folder, file), 'utf8');
}

describe('new', { concurrency: 3, timeout: 600_000 }, () => {
  test('a table: kinds of its types, its key, guesses that say so', async () => {
    const text = await drafted('transacoes', 'transacoes');
    assert.match(text, /^ {2}date: data_transacao +# guessed$/m);
    assert.match(text, /^ {2}quantity: quantidade +# guessed$/m);
    assert.match(text, /^ {2}price: preco_unitario +# guessed$/m);
    assert.match(text, /^ {2}data_transacao: timestamp +# timestamptz$/m);
    assert.match(text, /^ {2}metadados: json +# jsonb$/m);
    assert.match(text, /^order-by: \[id\]/m);
    assert.match(text, /^totals: \[quantidade, valor\] /m, 'no key, no rate, no price for one');
    assert.match(text, /^gates: \{ min-rows: 1, unique: \[id\] \}/m);
    assert.match(text, /: valor: \{ kind: decimal, title: Valor, currency: BRL \}, or format: "0\.0%"$/m);
    // What the comments say is right.
    await writeFile(
      join(folder, 'queries/transacoes.sql'),
      text
        .replace('  # - { format: xlsx', '  - { format: xlsx')
        .replace(
          /^ {2}valor: decimal.*$/m,
          '  valor: { kind: decimal, title: Valor, currency: BRL, format: "0.0%" }',
        ),
    );
    const checked = await run(['check', 'transacoes']);
    assert.equal(checked.code, 0, checked.stderr);
    assert.match(text, /---\*\/\nSELECT id,\n {7}usuario_id,[\s\S]*\nFROM transacoes\n$/);
  });

  test('blanks, quotes, reserved words, ends of comments, every odd type', async () => {
    const text = await drafted('odd', '"Vendas 2024"."Pedidos do ""Mês"""');
    assert.match(text, /^order-by: \["Número do pedido", order\]/m);
    assert.match(text, /title: "Nº: o \\"pedido\\" \\x2a\/"/);
    for (const line of [
      'etiquetas: text',
      'foto: text',
      'cor: text',
      'preço: text',
      'total: decimal',
      'dados: json',
    ])
      assert.ok(text.includes(`\n  ${line}`), line);
    assert.match(text, /^ {2}date: "Data do Pedido"/m);
    assert.match(text, /^ {2}organization: nomeEmpresa/m);
    assert.doesNotMatch(text, /^ {2}price:/m, 'money is exported as text');
    assert.match(
      text,
      /preço: text +# money; exported as text; for amounts select "preço"::numeric\(12,4\) AS "preço"$/m,
    );
    const header = text.slice(text.indexOf('/*---') + 2, text.indexOf('\n---*/'));
    assert.doesNotMatch(header, /\/\*|\*\//, 'psql would see another comment');
    const exported = await run(['export', 'odd', '-o', '-', '-q']);
    assert.match(exported.stdout, /\n1,A,x,1,true,1,"\{a,b\}",\\x00,azul,\$1\.50,2\.50,/);
    const client = await server.connect();
    assert.equal((await client.query(text)).rowCount, 1, 'it runs in psql as it is');
    await client.end();
  });

  test('a name as it is, without the quotes of SQL', async () => {
    assert.match(
      await drafted('plain', 'Vendas 2024.Pedidos do "Mês"'),
      /FROM "Vendas 2024"\."Pedidos do ""Mês"""\n$/,
    );
    assert.match(await drafted('reserved', 'select'), /^order-by: \[from\]/m);
  });

  test('no key, a unique one, a view', async () => {
    const without = await drafted('sem_chave', 'sem_chave');
    assert.match(without, /^order-by: \[\]/m);
    assert.match(without, /^gates: \{ min-rows: 1 \}/m);
    assert.match(
      without,
      /# no column looks like the date: without a date filter/,
      'a birthday is no date of business',
    );
    assert.match(await drafted('unica', 'public.unica'), /unique: \[codigo\]/);
    const view = await drafted('visao', 'visao');
    assert.match(view, /^ {2}organization: organizacao/m);
    assert.match(view, /^order-by: \[\]/m);
  });

  test('a query with expressions stays as it was written', async () => {
    const query = `-- por dia\nSELECT date_trunc('day', data_transacao)::date AS dia, count(*), sum(valor) AS "Valor total"
      FROM transacoes WHERE moeda = 'BRL;' GROUP BY 1`;
    const text = await drafted('por_dia', `${query} ; -- fim\n`);
    assert.ok(text.endsWith(`---*/\n${query}\n`));
    assert.match(text, /^ {2}count: integer/m);
    assert.match(text, /^totals: \["Valor total"\]/m);
  });

  test('documents in a file and in MongoDB: the same report', async () => {
    const more = ['--source', 'producao'];
    const url = `file:${join(folder, 'producoes.ndjson')}`;
    const file = await drafted('arquivo', 'producoes', { REPORTCTL_SOURCE_PRODUCAO: url }, more);
    const env = { REPORTCTL_SOURCE_PRODUCAO: mongodb.url('fabrica') };
    const server = await drafted('servidor', 'producoes', env, more);
    assert.equal(server.replaceAll('servidor', 'arquivo'), file);
    assert.match(file, /^ {2}organization: organizacao\.nome +# guessed$/m);
    assert.match(file, /^ {2}id: \{ kind: text, path: _id \}$/m);
    assert.match(file, /^ {2}preco_unitario: decimal$/m);
    assert.match(file, /^ {2}registrado_em: timestamp$/m);
  });

  test('documents of many shapes', async () => {
    const lines = [
      {
        id: 1,
        v: 1,
        ouTexto: 1,
        dia: '2024-10-05',
        em: '2024-10-05T10:00:00Z',
        a: { b: 1 },
        'x.y': 1,
        $z: 1,
        2023: 1,
        nada: null,
      },
      {
        id: 2,
        v: 1.5,
        ouTexto: 'x',
        dia: '2024-10-06',
        em: '2024-10-05',
        a: null,
        a_b: 'outro',
        m: [1],
        ok: true,
      },
    ];
    const text = lines
      .map((line) => JSON.stringify(line))
      .join('\n')
      .replace('"v":1,', '"v":1.0,');
    await writeFile(join(folder, 'formas.ndjson'), text);
    const env = { REPORTCTL_SOURCE_FORMAS: `file:${join(folder, 'formas.ndjson')}` };
    const made = await drafted('formas', 'formas', env, ['--source', 'formas']);
    const columns = made.slice(made.indexOf('columns:'), made.indexOf('  # its header'));
    assert.deepEqual(
      columns
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/ +#.*/, '').trim()),
      [
        '"2023": integer',
        'id: integer',
        'v: decimal',
        'ouTexto: text',
        'dia: date',
        'em: timestamp',
        'a_b: { kind: integer, path: a.b }',
        'x_y: { kind: integer, path: "x\\\\.y" }',
        '',
        'nada: text',
        'a_b_2: { kind: text, path: a_b }',
        'm: json',
        'ok: boolean',
      ].filter((line) => line !== ''),
    );
    assert.match(made, /^ {2}# the field "\$z" has a name that no path can have$/m);
    assert.match(made, /^ {2}date: \{ path: dia, kind: date \}/m);
  });

  test('-o - prints, and leaves no file', async () => {
    const { code, stdout } = await run(['new', 'impresso', '--from', 'produtos', '-o', '-']);
    assert.equal(code, 0);
    assert.match(stdout, /^\/\*---\ntitle: impresso\n/);
    assert.equal((await run(['check', 'impresso'])).code, 2);
  });

  test('nothing is overwritten, whatever it ends with', async () => {
    await mkdir(join(folder, 'queries'), { recursive: true });
    const path = join(folder, 'queries', 'minha.yaml');
    await writeFile(path, 'minha');
    const there = /a report "minha" already exists in \.\/queries/;
    assertRefused(await run(['new', 'minha', '--from', 'produtos']), 2, there);
    const file = join(folder, 'outra.sql');
    await writeFile(file, 'outra');
    assertRefused(
      await run(['new', 'minha', '--from', 'produtos', '-o', file]),
      2,
      /the file already exists/,
    );
    assert.equal(await readFile(file, 'utf8'), 'outra');
  });

  const refused: readonly [args: string[], exitCode: number, said: RegExp][] = [
    [['--from', 'trnsacoes'], 4, /there is no such table or view\. Did you mean "transacoes"\?/],
    [['--from', 'transacoes; DROP TABLE transacoes'], 4, /there is no such table or view/],
    [['--from', ''], 4, /there is no such table or view/],
    [['--from', 'nada'], 4, /it has no columns/],
    [['--from', 'SELECT 1 AS a, 2 AS a'], 3, /returns the column "a" twice/],
    [['--from', 'SELECT 1; SELECT 2'], 4, /cannot insert multiple commands/],
    [['--from', 'SELECT nome FROM produto'], 4, /relation "produto" does not exist/],
    [['--from', 'transacoes', '--source', 'outra'], 2, /REPORTCTL_SOURCE_OUTRA is not set/],
    [[], 2, /required option '--from <what>' not specified/],
  ];
  for (const [args, exitCode, said] of refused) {
    test(`refused: ${args.join(' ')}`, async () =>
      assertRefused(await run(['new', 'x', ...args]), exitCode, said));
  }

  test('refused: a name that is none, and a choice of sources', async () => {
    assertRefused(await run(['new', '../x', '--from', 'produtos']), 2, /"\.\.\/x" cannot be a report's name/);
    const env = { REPORTCTL_SOURCE_OUTRA: server.url };
    assertRefused(
      await run(['new', 'x', '--from', 'produtos'], env),
      2,
      /several sources have a URL\. Give --source: outra, vendas\./,
    );
  });
});

describe('new on Northwind', {
  skip:
    !process.env.REPORTCTL_TEST_NORTHWIND && 'REPORTCTL_TEST_NORTHWIND does not name the Northwind script',
}, () => {
  test('its tables pass check', async () => {
    const names = ['order_details', 'employees'];
    const env = { REPORTCTL_SOURCE_VENDAS: `embedded:${process.env.REPORTCTL_TEST_NORTHWIND}` };
    for (const name of names) await drafted(name, name, env);
  });
});
