// The funnel and the trace over MongoDB's pipelines, whose filters may stand before a $group; and keys by their kinds.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import type { Trace } from '../../src/core/source.js';
import type { Kind } from '../../src/core/table.js';
import { nearMisses } from '../../src/export/near-misses.js';
import { documentRequest } from '../support/json.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import { filtersOf, readRows, withSource } from '../support/postgres.js';

let server: MongoServer;
before(async () => {
  server = await startMongoServer();
  const document = (id: number, org: string, produto: string, preco: string) => ({
    _id: BSON.ObjectId.createFromHexString(`${id}`.padStart(24, '0')),
    org,
    produto,
    preco: BSON.Decimal128.fromString(preco),
    dia: new Date(`2024-10-0${id}T02:59:59.999Z`),
    itens: [{ n: id }, { n: 9 }],
  });
  server.insert('vendas', 'docs', [
    document(1, 'a', 'x', '1.50'),
    document(2, 'a', 'y', '3'),
    document(3, 'b', 'x', '5'),
    document(4, 'b', 'x', '9'),
  ]);
});
after(() => server?.close());

const filters = filtersOf({ organization: ['org', 'a'], price: ['preco', '2..9'] });
const grouped = documentRequest(
  { produto: ['text', '_id'], n: 'integer' },
  {
    ...filters,
    pipeline: [{ $match: '{filters}' }, { $group: { _id: '$produto', n: { $sum: 1 } } }] as never,
  },
);

test('a misspelt value is answered with the nearest one', async () => {
  const request = documentRequest(
    { org: 'text' },
    filtersOf({ organization: ['org', 'A'], product: ['produto', 'yy'] }),
  );
  const lines = await withSource(server.url('vendas'), (source) => nearMisses([source], request, []));
  assert.deepEqual(lines, [
    'no rows with --organization "A"; did you mean "a"?',
    'no rows with --product "yy"; did you mean "y"?',
  ]);
});

describe('filters inside a pipeline', { timeout: 600_000 }, () => {
  test('the funnel counts what the pipeline makes with each', async () => {
    const counts = await withSource(server.url('vendas'), async (source) =>
      (await source.prepare(grouped)).funnel(),
    );
    assert.deepEqual(counts, [2, 2, 1]);
  });

  test('a condition on the result comes after the pipeline', async () => {
    const condition = {
      filter: {
        dimension: 'where',
        values: ['n > 1'],
        test: {
          of: 'numbers' as const,
          anyOf: [{ from: '1', to: undefined }],
          noneOf: [{ from: '1', to: '1' }],
        },
      },
      column: 'n',
      onResult: { name: 'n', kind: 'integer' as const },
    };
    const request = { ...grouped, filters: [condition] };
    const counts = await withSource(server.url('vendas'), async (source) =>
      (await source.prepare(request)).funnel(),
    );
    assert.deepEqual(counts, [2, 1]);
    const rows = await withSource(server.url('vendas'), (source) => readRows(source, request));
    assert.deepEqual(rows, [['x', '3']]);
  });

  test('the trace tells which one keeps the row out', async () => {
    const key = { column: { name: 'produto', kind: 'text' as const, path: '_id' }, value: 'x' };
    const trace = await withSource(server.url('vendas'), async (source) =>
      (await source.prepare(grouped)).trace([key], 5),
    );
    assert.deepEqual([trace.found, trace.selected], [1, 0]);
    assert.deepEqual(trace.filters, [
      { passing: undefined, without: 1 },
      { passing: undefined, without: 1 },
    ]);
    assert.deepEqual(
      trace.rows.map(({ cells }) => cells),
      [['x', '3']],
    );
  });
});

describe('a key of documents', { timeout: 600_000 }, () => {
  const trace = (kind: Kind, path: string, value: string): Promise<Trace> =>
    withSource(server.url('vendas'), async (source) => {
      const request = documentRequest({ preco: 'decimal' }, filters);
      return (await source.prepare(request)).trace([{ column: { name: path, kind, path }, value }], 5);
    });

  test('is found by whatever type it is stored in', async () => {
    for (const [kind, path, value] of [
      ['text', '_id', '000000000000000000000001'],
      ['decimal', 'preco', '1.5'],
      ['timestamp', 'dia', '2024-09-30 23:59:59.999-03'],
      ['date', 'dia', '2024-09-30'],
      ['integer', 'itens.n', '1'],
    ] as const) {
      const found = await trace(kind, path, value);
      assert.deepEqual([path, found.found, found.rows.map(({ cells }) => cells)], [path, 1, [['1.50']]]);
      assert.deepEqual(found.rows[0]?.filters, [
        { value: 'a', passes: true },
        { value: '1.50', passes: false },
      ]);
    }
  });

  test('of several rows nobody pretends to know which pass', async () => {
    const found = await trace('text', 'produto', 'x');
    assert.deepEqual(
      [found.found, found.selected, found.filters.map(({ passing }) => passing)],
      [3, 0, [1, 2]],
    );
    assert.deepEqual(
      found.rows[0]?.filters.map(({ passes }) => passes),
      [undefined, undefined],
    );
  });

  test('that no value can be is refused', async () => {
    for (const [kind, value] of [
      ['date', '30/09/2024'],
      ['timestamp', '2024-09-30 10:00'],
      ['json', '{}'],
    ] as const)
      await assert.rejects(
        trace(kind, 'dia', value),
        (error) => error instanceof ReportError && error.code === 'usage' && error.message.includes(value),
      );
  });
});
