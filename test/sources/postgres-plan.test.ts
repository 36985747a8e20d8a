// Which index each filter uses, by the plans of a real server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Dimension } from '../../src/core/filter.js';
import type { FilterPlan } from '../../src/core/source.js';
import { conjuncts } from '../../src/sources/postgres/plan.js';
import { filtersOf, requestOf, type TestPostgres, withSource } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
before(async () => {
  server = await createDatabase();
  const client = await server.connect();
  await client.query(`
    CREATE TABLE orgs (id int PRIMARY KEY, nome text);
    INSERT INTO orgs SELECT n, 'Org ' || n FROM generate_series(1, 50) n;
    CREATE TABLE vendas (id int PRIMARY KEY, org int REFERENCES orgs, dia timestamptz, produto text, preco numeric);
    INSERT INTO vendas SELECT n, n % 50 + 1, '2024-01-01'::timestamptz + n * interval '1 minute',
      'AND (''' || n % 7, n % 100 FROM generate_series(1, 50000) n;
    CREATE INDEX vendas_dia ON vendas (dia);
    ANALYZE`);
});
after(() => server?.stop());

type By = Parameters<typeof filtersOf>[0];

async function plans(query: string, by: By): Promise<Partial<Record<Dimension, FilterPlan>>> {
  const request = requestOf(query, { id: 'integer' }, filtersOf(by));
  const found = await withSource(server.url, async (source) => (await source.prepare(request)).filterPlans());
  return Object.fromEntries(request.filters.map(({ filter }, index) => [filter.dimension, found[index]]));
}

const JOINED = 'SELECT v.id, v.dia, v.produto, v.preco, o.nome FROM vendas v JOIN orgs o ON o.id = v.org';

describe('the plan of a filter', { timeout: 600_000 }, () => {
  test('names the index, the filters tested on the rows it finds, and a table that is read whole', async () => {
    assert.deepEqual(
      await plans(JOINED, {
        date: ['dia', '2024-01-05'],
        organization: ['nome', 'Org 7'],
        product: ['produto', "AND ('3"],
        price: ['preco', '10..20'],
      }),
      {
        date: { how: 'index', name: 'vendas_dia' },
        organization: { how: 'scan', name: 'orgs' },
        product: { how: 'after-index', name: 'vendas_dia' },
        price: { how: 'after-index', name: 'vendas_dia' },
      },
    );
  });

  test('several days are one use of the index, by bitmaps', async () => {
    const { date } = await plans(JOINED, { date: ['dia', '2024-01-05', '2024-01-09', '2024-01-20'] });
    assert.deepEqual(date, { how: 'index', name: 'vendas_dia' });
  });

  test('without an index, or with one that helps too little, every row is tested', async () => {
    assert.deepEqual(await plans('SELECT * FROM vendas', { price: ['preco', '5'] }), {
      price: { how: 'scan', name: 'vendas' },
    });
    assert.deepEqual(await plans('SELECT * FROM vendas', { date: ['dia', '2024..'] }), {
      date: { how: 'scan', name: 'vendas' },
    });
  });

  test("does not mistake the query's own conditions for the filter's", async () => {
    const query = `SELECT * FROM vendas WHERE dia < '2024-01-03' AND preco >= 0`;
    assert.deepEqual(await plans(query, { price: ['preco', '5'] }), {
      price: { how: 'after-index', name: 'vendas_dia' },
    });
  });

  test('with a marker the filter is tested inside an aggregate, without one outside', async () => {
    const aggregate = (where: string) =>
      `SELECT max(id) AS id, produto, max(preco) AS preco FROM vendas ${where} GROUP BY produto`;
    assert.deepEqual(await plans(aggregate('WHERE true /*{filters}*/'), { date: ['dia', '2024-01-05'] }), {
      date: { how: 'index', name: 'vendas_dia' },
    });
    assert.deepEqual(await plans(aggregate(''), { price: ['preco', '5'] }), { price: { how: 'result' } });
  });

  test('a filter that nothing can pass', async () => {
    assert.deepEqual(await plans('SELECT * FROM vendas', { quantity: ['id', '99999999999'] }), {
      quantity: { how: 'never' },
    });
  });
});

describe('the funnel and the trace inside an aggregate', { timeout: 600_000 }, () => {
  const query = 'SELECT min(id) AS id, produto FROM vendas WHERE id <= 14 /*{filters}*/ GROUP BY produto';
  const request = requestOf(
    query,
    { id: 'integer', produto: 'text' },
    filtersOf({
      product: ['produto', "AND ('3", "AND ('4"],
      quantity: ['id', '1..5'],
      price: ['preco', '3..9'],
    }),
  );

  test('count the rows of the result', async () => {
    const counts = await withSource(server.url, async (source) => (await source.prepare(request)).funnel());
    assert.deepEqual(counts, [7, 2, 2, 2]);
  });

  test('count the rows when one filter is left out', async () => {
    const trace = (value: string) =>
      withSource(server.url, async (source) =>
        (await source.prepare(request)).trace([{ column: { name: 'produto', kind: 'text' }, value }], 5),
      );
    const gone = await trace("AND ('5");
    assert.deepEqual(
      [gone.found, gone.selected, gone.filters.map(({ without }) => without)],
      [1, 0, [1, 0, 0]],
    );
    const there = await trace("AND ('3");
    assert.deepEqual([there.selected, there.rows.map(({ cells }) => cells)], [1, [['3', "AND ('3"]]]);
  });
});

test('AND splits only outside of parentheses, texts and names', () => {
  for (const [text, parts] of [
    ['', []],
    ['(a > 1)', ['(a > 1)']],
    ["((a > 1) AND (b = 'x AND (y'::text))", ['(a > 1)', "(b = 'x AND (y'::text)"]],
    ['(((a > 1) AND (a < 2)) OR (b = 3))', ['(((a > 1) AND (a < 2)) OR (b = 3))']],
    ['(("A AND B" = 1) AND flag)', ['("A AND B" = 1)', 'flag']],
    [
      String.raw`((a = E'\') AND ('::text) AND (b IS NOT NULL))`,
      [String.raw`(a = E'\') AND ('::text)`, '(b IS NOT NULL)'],
    ],
  ] as const)
    assert.deepEqual(conjuncts(text), parts);
});
