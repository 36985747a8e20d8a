// The statement made from a report's SQL: parameters, markers, filters and order, run by a real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { ReportError } from '../../src/core/errors.js';
import type { Request, Source } from '../../src/core/source.js';
import type { Kind } from '../../src/core/table.js';
import { tokens } from '../../src/sources/postgres/dialect.js';
import { tokenizer, withoutEnd } from '../../src/sources/sql/tokens.js';
import {
  filtersOf,
  openUrl,
  readRows,
  requestOf,
  type TestPostgres,
  withSource,
} from '../support/postgres.js';
import { runs } from '../support/runs.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let client: pg.Client;
let source: Source;

before(async () => {
  server = await createDatabase();
  client = await server.connect();
  await client.query(`
    CREATE TABLE vendas (id integer, produto text, preco numeric(10,2), quando timestamptz, pago boolean, dados json);
    INSERT INTO vendas VALUES
      (1, 'Café', 9.99, '2024-10-05 12:00-03', true, '{}'), (2, 'Chá', 5, '2024-10-05 23:30-03', false, '{}'),
      (3, 'Pão', 0.50, '2024-10-06 00:00-03', NULL, '{}'), (4, NULL, NULL, NULL, true, '{}');
    CREATE TABLE antigas (id bigint, nome varchar(20), valor float4, dia date);
    INSERT INTO antigas VALUES (11, 'Café', 9.8, '2024-10-05'), (12, 'Chá', 5, '2024-10-06')`);
  source = await openUrl(server.url);
});

after(async () => {
  await source?.close();
  await server?.stop();
});

async function ids(query: string, more: Partial<Request> = {}): Promise<string> {
  const request = requestOf(query, { id: 'integer' }, more);
  return (await readRows(source, request)).map(([id]) => id).join(' ');
}

/** The one cell v of the one row. */
async function value(
  query: string,
  params: Record<string, readonly [Kind, string]> = {},
  kind: Kind = 'text',
) {
  const typed = Object.entries(params).map(([name, [of, text]]) => [name, { kind: of, value: text }]);
  const rows = await readRows(source, requestOf(query, { v: kind }, { params: Object.fromEntries(typed) }));
  assert.equal(rows.length, 1);
  return rows[0]?.[0];
}

async function refused(
  query: string,
  code: ReportError['code'],
  message: RegExp,
  more: Partial<Request> = {},
) {
  await assert.rejects(ids(query, more), (error) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /[\r\n]/);
    return true;
  });
}

describe('parameters', () => {
  test('a value of each kind is a literal of its type', async () => {
    const cases: readonly (readonly [Kind, string, string, string])[] = [
      ['text', "d'Água \\ \n :x", 'unknown', "d'Água \\ \n :x"],
      ['integer', '-9223372036854775808', 'bigint', '-9223372036854775808'],
      ['decimal', '1.10', 'numeric', '1.10'],
      ['boolean', 'true', 'boolean', 'true'],
      ['date', '2024-02-29', 'date', '2024-02-29'],
      ['timestamp', '2024-10-05 12:00', 'timestamp with time zone', '2024-10-05 12:00:00-03'],
      ['json', '{"a":1}', 'jsonb', '{"a": 1}'],
    ];
    for (const [kind, text, type, spelled] of cases) {
      assert.equal(await value('SELECT pg_typeof(:x) AS v', { x: [kind, text] }), type);
      assert.equal(await value('SELECT :x AS v', { x: [kind, text] }), spelled, kind);
      assert.equal(await value(`SELECT :'x' AS v`, { x: [kind, text] }), spelled, kind);
    }
  });

  test('a text fits every type that it is compared with', async () => {
    assert.equal(
      await ids('SELECT id FROM vendas WHERE quando = :x', { params: { x: at('2024-10-06') } }),
      '3',
    );
    assert.equal(await ids(`SELECT id FROM vendas WHERE id=:x`, { params: { x: at('2') } }), '2');
  });
  const at = (text: string) => ({ kind: 'text', value: text }) as const;

  test('nothing is replaced in what only looks like a parameter', async () => {
    const x = { x: ['text', 'WRONG'] } as const;
    for (const [expression, text] of [
      [`'a :x ''b'' :x'`, "a :x 'b' :x"],
      [`E'it\\'s :x'`, "it's :x"],
      [`e'\\\\' || ' :x'`, '\\ :x'],
      ['$$ :x $$', ' :x '],
      [`$a$ $b$ :x $$ ' $a$`, " $b$ :x $$ ' "],
      [`$é1$ :x $é1$`, ' :x '],
      [`U&'\\0061 :x'`, 'a :x'],
      [`'a' /* :x /* ' :x */ :x */ || 'b'`, 'ab'],
      [`'a' -- :x ' \n || 'b'`, 'ab'],
      [`'1'::text`, '1'],
      [`(ARRAY[1,2,3])[2:3]::text`, '{2,3}'],
      [`(SELECT (ARRAY[7,8,9])[1:x] FROM (SELECT 2 AS x) AS s)::text`, '{7,8}'],
      [`(SELECT (ARRAY[7,8,9])[a[1]:x] FROM (SELECT 2 AS x, ARRAY[1] AS a) AS s)::text`, '{7,8}'],
      [`(SELECT "a:x" FROM (SELECT 'q' AS "a:x") AS s)`, 'q'],
      [`(SELECT "a"":x" FROM (SELECT 'q' AS "a"":x") AS s)`, 'q'],
    ] as const)
      assert.equal(await value(`SELECT ${expression} AS v`, x), text, expression);
  });

  test('a parameter is found whatever stands beside it', async () => {
    const x = { x: ['integer', '2'], n: ['text', 'b'] } as const;
    for (const [expression, text] of [
      ['1+:x', '3'],
      ['-:x', '-2'],
      ['(:x)', '2'],
      [':x::text', '2'],
      ['(ARRAY[1,2])[:x]', '2'],
      [`'a'||:n||'c'`, 'abc'],
      [`'a'||:'n'||E'\\n'`, 'ab\n'],
      ['$$:x$$||:x', ':x2'],
      ['/* :x */:x', '2'],
      ['CASE WHEN 1<:x THEN :n END', 'b'],
      [`(SELECT a$c$ || :n FROM (SELECT 'q' AS a$c$) AS s)`, 'qb'],
      [`(SELECT é$c$ || :n FROM (SELECT 'r' AS é$c$) AS s)`, 'rb'],
    ] as const)
      assert.equal(await value(`SELECT ${expression} AS v`, x), text, expression);
  });

  test('an undeclared quoted parameter is refused, with the declared one as a hint', () =>
    refused(`SELECT id FROM vendas WHERE produto = :'prduto'`, 'definition', /:'prduto'/, {
      params: { produto: at('Café') },
    }));

  test('a value cannot leave its quotes', async () => {
    const nasty = fc
      .array(fc.constantFrom("'", '\\', '"', '$$', ';', '--', '/*', '*/', ':x', '\n', ')', 'E'))
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(nasty, async (text) => {
        assert.equal(await value(`SELECT :x||'|'||:'x' AS v`, { x: ['text', text] }), `${text}|${text}`);
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('the text', () => {
  test('may end in semicolons, blanks and comments', async () => {
    for (const end of [
      ';',
      ' ; ; \n',
      ' -- the end',
      ' -- ;',
      ';-- end\n',
      ' /* a /* b */ */ ;',
      '\r\n;\r\n',
      '',
    ])
      assert.equal(await ids(`SELECT id FROM vendas WHERE id = 1${end}`), '1', JSON.stringify(end));
  });

  test('may have its own WITH, ORDER BY and LIMIT', async () => {
    const query = 'WITH ultimas AS (SELECT * FROM vendas) SELECT id FROM ultimas ORDER BY id DESC LIMIT 2;';
    assert.equal(await ids(query), '4 3');
    assert.equal(await ids(query, { orderBy: ['id'] }), '3 4');
  });

  test('every character stays in exactly one token, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        "''",
        'E',
        '"',
        '$$',
        '$a$',
        '--',
        '/*',
        '*/',
        '/*{filters}*/',
        ':',
        '::',
        ':x',
        ":'x'",
        '[',
        ']',
      ],
      ...['\n', '\r', '\\', ' ', ';', 'a', '1', 'é', '😀', '$'],
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        const found = tokens(text);
        assert.equal(found.map((token) => token.text).join(''), text);
        const kept = withoutEnd(found)
          .map((token) => token.text)
          .join('');
        assert.ok(text.startsWith(kept));
        assert.doesNotMatch(kept, /;$/);
      }),
    );
  });

  test('of an engine whose comments do not nest: the first end of a comment ends it', () => {
    const split = tokenizer({ lineComment: /#[^\n]*/, nestsComments: false, quoted: [/`[^`]*`/] });
    assert.deepEqual(
      split('/* a /* b */`:x`:y#:z').map(({ kind, text }) => [kind, text]),
      [
        ['comment', '/* a /* b */'],
        ['quoted', '`:x`'],
        ['parameter', ':y'],
        ['comment', '#:z'],
      ],
    );
  });

  test('that is not one SELECT is refused, and changes no data', async () => {
    const gone = /INSERT|DELETE|UPDATE|syntax error|data-modifying|returns no rows|multiple commands/;
    for (const [query, code] of [
      ['SELECT id FROM vendas; SELECT id FROM vendas', 'source'],
      ['SELECT id FROM vendas; DELETE FROM vendas;', 'source'],
      ['DELETE FROM vendas', 'definition'],
      ['DELETE FROM vendas RETURNING id', 'source'],
      ['INSERT INTO vendas (id) VALUES (9) RETURNING id', 'source'],
      ['WITH x AS (DELETE FROM vendas RETURNING id) SELECT id FROM x', 'source'],
      ['SELECT id FROM vendas) TO STDOUT; DELETE FROM vendas; COPY (SELECT 1 AS id', 'source'],
      ['TRUNCATE vendas', 'definition'],
      ['', 'definition'],
      ['-- nothing\n;', 'definition'],
    ] as const)
      await refused(query, code, gone);
    await client.query(
      `CREATE FUNCTION apaga() RETURNS integer LANGUAGE sql AS 'DELETE FROM vendas; SELECT 1'`,
    );
    await withSource(server.url, (other) =>
      assert.rejects(
        readRows(other, requestOf('SELECT apaga() AS id', { id: 'integer' })),
        /read-only transaction/,
      ),
    );
    assert.equal((await client.query('SELECT count(*)::int AS n FROM vendas')).rows[0].n, 4);
  });

  test('that returns no column, or has an error, is refused in one line', async () => {
    await refused('SELECT FROM vendas', 'contract', /"id"/);
    await refused(
      'SELECT id FROM vendas WHERE\n\nnao_existe = 1',
      'source',
      /"nao_existe" does not exist.*42703/,
    );
    await refused('SELECT id FORM vendas x y', 'source', /syntax error/);
  });
});

describe('filters, order and limit', () => {
  test('a filter on a column of the query, which need not be exported', async () => {
    const query = 'SELECT id, produto AS "Nome do produto", quando FROM vendas ORDER BY id';
    const by = (...values: string[]) => filtersOf({ product: ['Nome do produto', ...values] });
    assert.equal(await ids(query, by('Café', 'Pão')), '1 3');
    assert.equal(await ids(query, by()), '1 2 3 4');
    assert.equal(
      await ids(query, filtersOf({ date: ['quando', '2024-10-05'], product: ['Nome do produto', 'Chá'] })),
      '2',
    );
  });

  test('a marker puts the conditions inside the query, where a filter is on an expression', async () => {
    const query = 'SELECT id FROM vendas v WHERE true /*{filters}*/ ORDER BY id';
    assert.equal(
      await ids(query, filtersOf({ date: ['v.quando', '2024-10-05'], price: ['preco', '..6'] })),
      '2',
    );
    assert.equal(await ids(query, filtersOf({ product: ["coalesce(v.produto, '?') || '!'", '?!'] })), '4');
    assert.equal(await ids(query, filtersOf({ price: ['preco * 2', '19.98'] })), '1');
    assert.equal(await ids(query, filtersOf({ price: ['preco'] })), '1 2 3 4');
    assert.equal(
      await ids(query.replace('{filters}', ' {filters} '), filtersOf({ price: ['preco', '5'] })),
      '2',
    );
  });

  test('a marker in a string, a name or a comment is ignored', async () => {
    const by = filtersOf({ price: ['preco', '5'] });
    for (const [column, text] of [
      [`'/*{filters}*/'`, '/*{filters}*/'],
      ['$$/*{filters}*/$$', '/*{filters}*/'],
    ] as const) {
      const request = requestOf(`SELECT ${column} AS v, preco FROM vendas`, { v: 'text' }, by);
      assert.deepEqual(await readRows(source, request), [[text]]);
    }
    assert.equal(await ids('SELECT id, preco FROM vendas -- /*{filters}*/', by), '2');
    assert.equal(await ids('SELECT id, preco /* /*{filters}*/ */ FROM vendas', by), '2');
  });

  test('a query may have two markers, each with types of its own', async () => {
    const query = `
      SELECT id FROM (SELECT id, produto, preco, quando FROM vendas) AS t WHERE true /*{filters}*/
      UNION ALL
      SELECT id FROM (SELECT id, nome AS produto, valor AS preco, dia AS quando FROM antigas) AS t WHERE true /*{filters}*/`;
    const order = { orderBy: ['id'] };
    assert.equal(await ids(query, { ...order, ...filtersOf({ product: ['produto', 'Café'] }) }), '1 11');
    assert.equal(await ids(query, { ...order, ...filtersOf({ date: ['quando', '2024-10-05'] }) }), '1 2 11');
    // 9.8 as a float4 is not 9.8 as a numeric: each literal must have the type of its own half of the UNION.
    assert.equal(await ids(query, { ...order, ...filtersOf({ price: ['preco', '9.8'] }) }), '11');
    assert.equal(
      await ids(query, {
        ...order,
        ...filtersOf({ date: ['quando', '2024-10'], price: ['preco', '..5'], product: ['produto'] }),
      }),
      '2 3 12',
    );
  });

  test('rows are ordered as asked, also by columns that are not exported', async () => {
    const query = 'SELECT id, produto AS "Produto", pago, preco FROM vendas';
    for (const [order, expected] of [
      ['-id', '4 3 2 1'],
      ['Produto,id', '1 2 3 4'],
      // A boolean sorts as a boolean, although it is selected as text; null comes last, or first when descending.
      ['pago,id', '2 1 4 3'],
      ['-pago,-id', '3 4 1 2'],
      ['preco', '3 2 1 4'],
    ] as const)
      assert.equal(await ids(query, { orderBy: order.split(',') }), expected, order);
    const exported = requestOf(
      query,
      { pago: 'boolean', id: 'integer' },
      { orderBy: ['pago', 'id'], limit: 3 },
    );
    assert.deepEqual(await readRows(source, exported), [
      ['false', '2'],
      ['true', '1'],
      ['true', '4'],
    ]);
  });

  test('a limit applies after filters and order', async () => {
    const query = 'SELECT id, preco FROM vendas';
    const more = { ...filtersOf({ price: ['preco', '1..'] }), orderBy: ['-id'] };
    assert.equal(await ids(query, { ...more, limit: 1 }), '2');
    assert.equal(await ids(query, { ...more, limit: 0 }), '');
  });
});

describe('the contract', () => {
  const query = 'SELECT id, produto, preco, quando, pago, dados, id AS twin, id AS twin FROM vendas';

  test('a missing column is named, with the nearest existing one', async () => {
    for (const more of [
      { columns: [{ name: 'prduto', kind: 'text' }] },
      { orderBy: ['-prduto'] },
      filtersOf({ product: ['prduto'] }),
      filtersOf({ product: ['prduto', 'Café'] }),
    ] as const)
      await assert.rejects(
        ids(query, more),
        (error) =>
          error instanceof ReportError &&
          error.code === 'contract' &&
          error.message.includes('"prduto"') &&
          /did you mean "produto"/.test(error.hint ?? ''),
      );
  });

  test('a column name that is returned twice is refused if the report uses it', async () => {
    await refused(query, 'contract', /"twin" 2 times/, { columns: [{ name: 'twin', kind: 'integer' }] });
    await refused(query, 'contract', /"twin" 2 times/, { orderBy: ['twin'] });
    assert.equal(await ids(query, { orderBy: ['id'] }), '1 2 3 4');
  });

  test('a column of another kind is refused; text accepts every type', async () => {
    const wrong: readonly (readonly [string, Kind, string])[] = [
      ['produto', 'integer', 'text'],
      ['preco', 'integer', 'numeric'],
      ['id', 'boolean', 'int4'],
      ['quando', 'date', 'timestamptz'],
      ['pago', 'timestamp', 'bool'],
      ['produto', 'json', 'text'],
      ['dados', 'decimal', 'json'],
    ];
    for (const [name, kind, type] of wrong)
      await refused(query, 'contract', new RegExp(`"${name}" is promised as ${kind} .* ${type}$`), {
        columns: [{ name, kind }],
      });
    const columns = ['id', 'preco', 'quando', 'pago', 'dados'].map((name) => ({
      name,
      kind: 'text' as const,
    }));
    const rows = await readRows(source, requestOf(query, {}, { columns, orderBy: ['id'], limit: 1 }));
    assert.deepEqual(rows, [['1', '9.99', '2024-10-05 12:00:00-03', 'true', '{}']]);
  });

  test('a filter on a column of a wrong type is refused', async () => {
    await refused(query, 'contract', /date.*int4/, filtersOf({ date: ['id', '2024-10-05'] }));
    await refused(query, 'contract', /price.*text/, filtersOf({ price: ['produto', '1..'] }));
    const inside = 'SELECT id FROM vendas WHERE true /*{filters}*/';
    await refused(inside, 'contract', /date.*int4/, filtersOf({ date: ['id', '2024-10-05'] }));
    await refused(inside, 'source', /prduto/, filtersOf({ product: ['prduto', 'Café'] }));
  });
});
