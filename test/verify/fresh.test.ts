// A published file against a fresh read of its report: the same question is asked again, and the answers are compared.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import type { Request, Source } from '../../src/core/source.js';
import type { Cell } from '../../src/core/table.js';
import { parseFilter, periodFilter } from '../../src/filters/index.js';
import type { Manifest } from '../../src/publish/documents.js';
import { definitionHash } from '../../src/reports/definition-hash.js';
import { loadReport } from '../../src/reports/load-report.js';
import { ContentHash, RowCounter } from '../../src/rows/counters.js';
import { spellDifference } from '../../src/verify/differences.js';
import { freshComparison } from '../../src/verify/fresh.js';
import { temporaryFolder, writeReport } from '../support/cli.js';
import { BATCH_FORMS, cellBatch, type Rows } from '../support/copy-text.js';

const PERIOD = {
  kind: 'day',
  from: '2024-10-05',
  to: '2024-10-06',
  lastDay: '2024-10-05',
  timezone: 'America/Sao_Paulo',
} as const;
const YAML = `source: [norte, sul]
filters: { date: quando, organization: org, price: preco }
params: { moeda: text }
columns: { agora: timestamp, nome: text, valor: decimal }
volatile: [agora]
totals: [valor]`;
const ROWS: readonly Cell[][] = [
  ['2024-10-06 01:00:00-03', 'a', '1.50'],
  ['2024-10-06 01:00:00-03', null, '2'],
];

let queries: string;
before(async () => {
  queries = await temporaryFolder();
  await writeReport(queries, 'vendas', YAML, "SELECT :'moeda'");
});
after(() => rm(queries, { recursive: true }));

/** What was published when the sources had these rows. */
async function manifestOf(rows: Rows, changes: Partial<Manifest> = {}): Promise<Manifest> {
  const report = await loadReport('vendas', { queries, cwd: '.' });
  const params = changes.params ?? { moeda: 'BRL' };
  const columns = changes.columns ?? report.columns;
  const counter = new RowCounter(columns, report.totals);
  const content = new ContentHash(columns, report.volatile);
  if (rows.length > 0) for (const counted of [counter, content]) counted.add(cellBatch(rows));
  const rest = { report: 'vendas', params, columns, volatile: report.volatile, timezone: report.timezone };
  return {
    ...rest,
    rows: counter.rows,
    totals: counter.totals(),
    content: content.digest(),
    period: PERIOD,
    filters: { date: ['2024-10-05'] },
    definition: definitionHash(report, params),
    started: '2024-10-06T04:00:00.000Z',
    ...changes,
  } as Manifest;
}

/** Sources that answer with these rows, each with its own, in either form, and remember what they were asked. */
function sources(...tables: readonly Rows[]) {
  const requests: Request[] = [];
  let reads = 0;
  const opened = tables.map((rows, index): Source => {
    const form = Object.values(BATCH_FORMS)[index % 2] ?? cellBatch;
    return {
      label: `source ${index}`,
      async prepare(request) {
        requests.push(request);
        return {
          statement: '',
          pushedDown: true,
          estimate: async () => ({ rows: 0, rowBytes: 0 }),
          filterPlans: async () => [],
          funnel: async () => [],
          trace: async () => ({ found: 0, selected: 0, filters: [], rows: [] }),
          async *read() {
            reads += 1;
            for (const row of rows) yield form([row]);
          },
        };
      },
      ask: async () => ({ isReady: true, text: 'true' }),
      outline: async () => ({ query: '', columns: [], key: [], notes: [] }),
      close: async () => {},
    };
  });
  const compareFresh = freshComparison({
    folder: { queries, cwd: '.' },
    withSources: (_, work) => work(opened),
  });
  return {
    requests,
    reads: () => reads,
    said: async (manifest: Manifest) => (await compareFresh(manifest)).map(spellDifference),
  };
}

const changed = (row: number, column: number, cell: Cell) =>
  ROWS.map((cells, index) => (index === row ? cells.with(column, cell) : cells));

describe('a fresh read', () => {
  test('that gives the same is no difference, from several sources and in any form of batches', async () => {
    const manifest = await manifestOf(ROWS);
    assert.deepEqual(await sources(ROWS, []).said(manifest), []);
    assert.deepEqual(await sources([], ROWS).said(manifest), []);
    assert.deepEqual(await sources(ROWS.slice(0, 1), ROWS.slice(1)).said(manifest), []);
  });

  test('may have other values where the column is volatile', async () => {
    const manifest = await manifestOf(ROWS);
    assert.deepEqual(await sources(changed(0, 0, '2025-01-01 00:00:00-03')).said(manifest), []);
  });

  test('shows rows, sums and content that changed', async () => {
    const manifest = await manifestOf(ROWS);
    const [content, ...none] = await sources(changed(1, 1, '')).said(manifest);
    assert.match(content ?? '', /^source content: expected [0-9a-f]{64}, found [0-9a-f]{64}$/);
    assert.deepEqual(none, []);
    assert.deepEqual((await sources(changed(1, 2, '2.01')).said(manifest)).slice(0, 1), [
      'source total valor: expected 3.50, found 3.51',
    ]);
    assert.deepEqual((await sources(ROWS.slice(0, 1)).said(manifest)).slice(0, 2), [
      'source rows: expected 2, found 1',
      'source total valor: expected 3.50, found 1.50',
    ]);
    assert.equal((await sources([...ROWS].reverse()).said(manifest)).length, 1, 'the order counts');
  });

  test('asks what the run asked', async () => {
    const { requests, said } = sources([]);
    await said(await manifestOf([]));
    const [request] = requests;
    assert.deepEqual(
      request?.filters.map(({ filter, column }) => [column, filter.values, filter.test]),
      [['quando', ['2024-10-05'], periodFilter(PERIOD, 'America/Sao_Paulo').test]],
    );
    assert.deepEqual(request?.params, { moeda: { kind: 'text', value: 'BRL' } });
    assert.deepEqual([request?.limit, request?.timezone], [undefined, 'America/Sao_Paulo']);
  });

  test('asks what an ad-hoc export asked: words mean the day on which it was made', async () => {
    const columns = [{ name: 'nome', kind: 'text' }] as const;
    const filters = { date: ['yesterday', '2024'], organization: ['ACME', ''], price: ['..9.99'] };
    const { requests, said } = sources([]);
    // 02:30 UTC is still the 5th in São Paulo.
    const adHoc = {
      period: null,
      content: null,
      columns,
      filters,
      limit: 5,
      started: '2024-10-06T02:30:00.000Z',
    };
    await said(await manifestOf([], adHoc));
    const [request] = requests;
    const context = { timezone: 'America/Sao_Paulo', today: '2024-10-05' };
    const expected = (['date', 'organization', 'price'] as const).map(
      (dimension) => parseFilter(dimension, filters[dimension], context).test,
    );
    assert.deepEqual(
      request?.filters.map(({ filter }) => filter.test),
      expected,
    );
    assert.deepEqual([request?.limit, request?.columns], [5, columns]);
  });

  test('of an ad-hoc export, which has no hash of its content, compares rows and sums', async () => {
    const manifest = await manifestOf(ROWS, { period: null, content: null });
    assert.deepEqual(await sources(changed(1, 1, 'b')).said(manifest), []);
    assert.deepEqual(await sources(changed(1, 2, '3')).said(manifest), [
      'source total valor: expected 3.50, found 4.50',
    ]);
  });

  test('happens once for the files of one run', async () => {
    const { said, reads } = sources(ROWS);
    const manifest = await manifestOf(ROWS);
    for (const key of ['a.csv', 'b.csv']) assert.deepEqual(await said({ ...manifest, key }), []);
    assert.equal(reads(), 1);
    await said({ ...manifest, filters: {}, period: null });
    assert.equal(reads(), 2);
  });

  test('by another definition is told, whatever it gives', async () => {
    const manifest = await manifestOf(ROWS, { definition: 'f'.repeat(64) });
    const now = (await manifestOf(ROWS)).definition;
    assert.deepEqual(await sources(ROWS).said(manifest), [
      `definition: expected ${'f'.repeat(64)}, found ${now}`,
    ]);
    const other = await manifestOf(ROWS, {
      columns: [{ name: 'antiga', kind: 'text' }],
      definition: 'f'.repeat(64),
    });
    const [definition, source] = await sources(ROWS).said(other);
    assert.match(definition ?? '', /^definition: /);
    assert.match(source ?? '', /^source: expected a report that can be read so, found .*no column "antiga"/);
  });

  test('of a report that is gone is wrong usage, and a source that fails is its own error', async () => {
    const gone = await manifestOf(ROWS, { report: 'antigo' });
    await assert.rejects(sources(ROWS).said(gone), (error) => {
      return (
        error instanceof ReportError && error.code === 'usage' && /no report "antigo"/.test(error.message)
      );
    });
    const failure = new ReportError('source', 'the server went away');
    const compareFresh = freshComparison({
      folder: { queries, cwd: '.' },
      withSources: () => Promise.reject(failure),
    });
    await assert.rejects(compareFresh(await manifestOf(ROWS)), failure);
  });
});
