// The contract that every source keeps, run over each of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import type { Prepared, Request, Source } from '../../src/core/source.js';
import type { Batch, Cell, Kind } from '../../src/core/table.js';
import { eventually, filtersOf, readRows } from '../support/postgres.js';
import {
  expectedRow,
  filesPlace,
  mongodbDoublePlace,
  mongodbServerPlace,
  type Place,
  postgresPlace,
} from '../support/source-places.js';

const expectedRows = (count: number) => Array.from({ length: count }, (_, index) => expectedRow(index + 1));

const mongodb = process.env.REPORTCTL_TEST_MONGODB_URL ?? '';

/** FerretDB 1 has neither. */
const NO_FACET =
  process.env.REPORTCTL_TEST_MONGODB_FACET === 'false' && 'this server has no $facet and tells no plan';

for (const { name, make, skip, lacks } of [
  { name: 'PostgreSQL', make: postgresPlace, skip: false, lacks: false },
  { name: 'JSON in files', make: filesPlace, skip: false, lacks: false },
  { name: "MongoDB's protocol", make: mongodbDoublePlace, skip: false, lacks: false },
  {
    name: 'a real MongoDB',
    make: () => mongodbServerPlace(mongodb),
    skip: mongodb === '' && 'REPORTCTL_TEST_MONGODB_URL names no server',
    lacks: NO_FACET,
  },
]) {
  describe(name, { timeout: 600_000, skip }, () => {
    let place: Place;
    before(async () => {
      place = await make();
    });
    after(() => place?.stop());

    /** Opens the source, does the work, closes it, and asserts that nothing is left open. */
    async function withSource(work: (source: Source) => Promise<void>, signal?: AbortSignal): Promise<void> {
      const source = await place.open(signal);
      try {
        await work(source);
      } finally {
        await inTime(source.close());
      }
      await eventually(async () => (await place.held()) === 0, 'everything released');
    }

    test('every row is read once, in order, with the columns in the order of the request', () =>
      withSource(async (source) => {
        const { columns, ...request } = await place.numbered(10_000);
        assert.deepEqual(await readRows(source, { ...request, columns }), expectedRows(10_000));
        const reversed = await readRows(source, { ...request, columns: columns.toReversed() });
        assert.deepEqual(
          reversed,
          expectedRows(10_000).map((row) => row.toReversed()),
        );
      }));

    test('batches are never empty, have the right row count, and keep decoded rows', () =>
      withSource(async (source) => {
        let rows = 0;
        let batches = 0;
        for await (const batch of (await source.prepare(await place.numbered(50_000))).read()) {
          assert.ok(batch.rowCount > 0);
          assert.equal(batch.rows().length, batch.rowCount);
          assert.equal(batch.rows(), batch.rows());
          rows += batch.rowCount;
          batches += 1;
        }
        assert.equal(rows, 50_000);
        assert.ok(batches > 5, `${batches} batches`);
      }));

    test('without rows there is no batch', () =>
      withSource(async (source) => {
        for await (const _ of (await source.prepare(await place.numbered(0))).read()) assert.fail('a batch');
      }));

    test('null and the empty text are different', () =>
      withSource(async (source) => {
        const cells = (await readRows(source, await place.numbered(3))).map(([, nome]) => nome);
        assert.deepEqual(cells, ['', 'Maria 2', null]);
      }));

    test('a limit ends the rows', () =>
      withSource(async (source) => {
        assert.deepEqual(
          await readRows(source, { ...(await place.numbered(10)), limit: 4 }),
          expectedRows(4),
        );
      }));

    test('a descending order reverses the rows', () =>
      withSource(async (source) => {
        assert.deepEqual(
          await readRows(source, await place.numbered(100, ['-id'])),
          expectedRows(100).toReversed(),
        );
      }));

    test('preparing refuses a missing column and one of another kind, without reading', (t) =>
      withSource(async (source) => {
        if (!place.isTyped) return t.skip('documents have no types before they are read');
        const request = await place.numbered(10);
        for (const [column, kind] of [
          ['nme', 'text'],
          ['nome', 'integer'],
        ] as const)
          await assert.rejects(
            source.prepare({ ...request, columns: [...request.columns, { name: column, kind }] }),
            (error) =>
              error instanceof ReportError &&
              error.code === 'contract' &&
              error.message.includes(`"${column}"`),
          );
        assert.deepEqual(await readRows(source, request), expectedRows(10));
      }));

    test('a question is answered without waiting, repeatedly, and leaves the source usable', () =>
      withSource(async (source) => {
        for (const _ of [1, 2]) {
          assert.deepEqual(await source.ask(await place.question('there')), { isReady: true, text: 'true' });
          const { isReady, text } = await source.ask(await place.question('not yet'));
          assert.equal(isReady, false);
          assert.notEqual(text, '');
        }
        assert.deepEqual(await readRows(source, await place.numbered(10)), expectedRows(10));
      }));

    test('a question of another kind of source is refused', () =>
      withSource(async (source) => {
        await assert.rejects(
          source.ask(await place.question('nonsense')),
          (error) => error instanceof ReportError && error.code === 'definition' && error.hint !== undefined,
        );
      }));

    test('a cancelled question is not asked', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const question = await place.question('there');
        controller.abort(reason);
        await inTime(assert.rejects(source.ask(question), reason));
      }, controller.signal);
    });

    test('the estimate is made without reading, and the statement can be shown', () =>
      withSource(async (source) => {
        const prepared = await source.prepare(await place.failing(1000));
        const estimate = await prepared.estimate();
        assert.ok(estimate.rows > 0 && estimate.rowBytes > 0);
        assert.notEqual(prepared.statement, '');
      }));

    /** Four of ten rows have the empty name, two of them an id up to 5. */
    async function filtered(): Promise<Request> {
      const by = filtersOf({ organization: ['nome', ''], quantity: ['id', '..5'] });
      return { ...(await place.numbered(10)), ...by };
    }
    const key = (name: string, kind: Kind, value: Cell) => ({ column: { name, kind }, value });

    test('there is a plan for each filter', { skip: lacks }, () =>
      withSource(async (source) => {
        const prepared = await source.prepare(await filtered());
        assert.deepEqual(
          (await prepared.filterPlans()).map(({ how }) => how),
          // PostgreSQL's rows come from a function, which has no index.
          place.isTyped ? ['result', 'result'] : ['scan', 'scan'],
        );
      }),
    );

    test(
      'the funnel counts the rows left after each filter, in order, whatever the limit',
      { skip: lacks },
      () =>
        withSource(async (source) => {
          const request = await filtered();
          assert.deepEqual(await (await source.prepare({ ...request, limit: 1 })).funnel(), [10, 4, 2]);
          const turned = { ...request, filters: request.filters.toReversed() };
          assert.deepEqual(await (await source.prepare(turned)).funnel(), [10, 5, 2]);
          assert.deepEqual(await (await source.prepare({ ...request, filters: [] })).funnel(), [10]);
        }),
    );

    test(
      'a trace tells for a row which filters it passes, with the values that they test',
      { skip: lacks },
      () =>
        withSource(async (source) => {
          const prepared = await source.prepare(await filtered());
          const row = (id: number, ...passes: boolean[]) => ({
            cells: expectedRow(id),
            filters: [expectedRow(id)[1] ?? null, `${id}`].map((value, at) => ({
              value,
              passes: passes[at],
            })),
          });
          const passing = (...counts: number[]) =>
            counts.map((count) => ({ passing: count, without: undefined }));
          const id = (value: string) => prepared.trace([key('id', 'integer', value)], 10);
          assert.deepEqual(await id('7'), {
            found: 1,
            selected: 0,
            filters: passing(1, 0),
            rows: [row(7, true, false)],
          });
          assert.deepEqual(await id('4'), {
            found: 1,
            selected: 1,
            filters: passing(1, 1),
            rows: [row(4, true, true)],
          });
          assert.deepEqual(await id('3'), {
            found: 1,
            selected: 0,
            filters: passing(0, 1),
            rows: [row(3, false, true)],
          });
          assert.deepEqual(await id('11'), { found: 0, selected: 0, filters: passing(0, 0), rows: [] });
        }),
    );

    test('a trace works with several columns, null, and more rows than it shows', { skip: lacks }, () =>
      withSource(async (source) => {
        const prepared = await source.prepare(await filtered());
        const even = await prepared.trace([key('ativo', 'boolean', 'true')], 2);
        assert.deepEqual([even.found, even.selected, even.rows.length], [5, 1, 2]);
        assert.deepEqual(
          even.filters.map(({ passing }) => passing),
          [2, 2],
        );
        assert.equal((await prepared.trace([key('nome', 'text', null)], 10)).found, 3);
        const both = await prepared.trace([key('nome', 'text', ''), key('ativo', 'boolean', 'false')], 10);
        assert.deepEqual([both.found, both.selected], [2, 1]);
        for (const [name, kind, value] of [
          ['id', 'integer', "1' OR 'a' = 'a"],
          ['ativo', 'boolean', 'quem sabe'],
        ] as const)
          await assert.rejects(
            prepared.trace([key(name, kind, value)], 10),
            (error) =>
              error instanceof ReportError && error.code === 'usage' && error.message.includes(value),
          );
      }),
    );

    test('values of a dimension begin with exactly the typed prefix', () =>
      withSource(async (source) => {
        const request = {
          ...(await filtered()),
          ...(await place.numbered(30)),
          mapped: { organization: 'nome' },
        };
        const values = async (prefix: string, limit = 50) =>
          [...((await source.values?.(request, 'organization', prefix, limit)) ?? [])].sort();
        assert.deepEqual(await values('Maria 2'), [
          'Maria 2',
          'Maria 20',
          'Maria 23',
          'Maria 26',
          'Maria 29',
        ]);
        for (const prefix of ['maria', 'Maria%', 'M_ria', 'M.ria', 'Maria*', "'", '\\', 'aria'])
          assert.deepEqual(await values(prefix), []);
        assert.equal((await values('Maria', 2)).length, 2);
      }));

    test("cancelled questions throw the signal's reason", async () => {
      for (const ask of [
        (prepared: Prepared) => prepared.funnel(),
        (prepared: Prepared) => prepared.trace([key('id', 'integer', '1')], 1),
      ]) {
        const controller = new AbortController();
        await withSource(async (source) => {
          const prepared = await source.prepare(await filtered());
          controller.abort(new Error('enough'));
          await inTime(assert.rejects(ask(prepared), /^Error: enough$/));
        }, controller.signal);
      }
    });

    test('a failure at the last row throws', () =>
      withSource(async (source) => {
        await assert.rejects(
          readRows(source, await place.failing(20_000)),
          (error) => error instanceof ReportError && error.code === place.failure,
        );
      }));

    test('closing is safe after a failure, and a second time', async () => {
      const source = await place.open();
      await assert.rejects(readRows(source, await place.failing(1000)));
      await inTime(source.close());
      await inTime(source.close());
      await eventually(async () => (await place.held()) === 0, 'everything released');
    });

    test('leaving the loop early leaves nothing open, repeated twice as often as there may be connections', async () => {
      for (let round = 0; round < place.most * 2; round++)
        await withSource(async (source) => {
          for await (const batch of (await source.prepare(await place.numbered(20_000))).read()) {
            assert.deepEqual(batch.rows()[0], expectedRow(1));
            break;
          }
        });
    });

    test("cancelling during the read throws the signal's reason", async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const reader = (await source.prepare(await place.numbered(place.many)))
          .read()
          [Symbol.asyncIterator]();
        assert.equal((await reader.next()).done, false);
        controller.abort(reason);
        await inTime(assert.rejects(rest(reader), reason));
        assert.equal((await reader.next()).done, true);
      }, controller.signal);
    });

    test("cancelling while the engine is busy throws the signal's reason", async (t) => {
      const { busy } = place;
      if (busy === undefined) return t.skip('nothing keeps it busy');
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const prepared = await source.prepare(await busy());
        const reading = rest(prepared.read()[Symbol.asyncIterator]());
        setTimeout(() => controller.abort(reason), 100);
        await inTime(assert.rejects(reading, reason));
      }, controller.signal);
    });

    test('a read that was cancelled before does not start', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const prepared = await source.prepare(await place.numbered(10));
        controller.abort(reason);
        await inTime(assert.rejects(rest(prepared.read()[Symbol.asyncIterator]()), reason));
      }, controller.signal);
      await assert.rejects(place.open(controller.signal), reason);
    });
  });
}

async function rest(reader: AsyncIterator<Batch>): Promise<void> {
  for (let next = await reader.next(); !next.done; next = await reader.next());
}

/** A call that does not wait returns in less than ten seconds even on a slow machine. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  assert.ok(performance.now() - start < 60_000, 'it took too long');
  return result;
}
