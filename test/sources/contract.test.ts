// What every source promises, run over each of them.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/errors.js';
import type { Batch, Cell, Kind, Request, Source } from '../../src/table.js';
import { temporaryFolder } from '../support/cli.js';
import { documentRequest } from '../support/json.js';
import { eventually, openUrl, readRows, requestOf, sessions, startPostgres } from '../support/postgres.js';

/** One kind of source with some data in it. */
interface Place {
  open(signal?: AbortSignal): Promise<Source>;
  /** The rows of `expectedRow` from 1 on, in order, unless another order is asked for. */
  numbered(rows: number, orderBy?: readonly string[]): Request;
  /** As numbered, but the last row cannot be made. */
  failing(rows: number): Request;
  /** A request with which the engine itself is busy for a minute before it says anything; files are never busy. */
  busy?(): Request;
  /** Does the source know its columns and their types before it reads? */
  readonly isTyped: boolean;
  /** Connections and the like that our sources hold in the engine. */
  held(): Promise<number>;
  /** How many of those there can be. */
  readonly most: number;
  stop(): Promise<void>;
}

const COLUMNS: Readonly<Record<string, Kind>> = { id: 'integer', nome: 'text', ativo: 'boolean' };

const expectedRow = (id: number): readonly Cell[] => [
  `${id}`,
  id % 3 === 0 ? null : id % 3 === 1 ? '' : `Maria ${id}`,
  `${id % 2 === 0}`,
];
const expectedRows = (count: number) => Array.from({ length: count }, (_, index) => expectedRow(index + 1));

async function postgres(): Promise<Place> {
  const most = 6;
  const server = await startPostgres({
    settings: [`max_connections=${most + 1}`, 'superuser_reserved_connections=0', 'max_wal_senders=0'],
  });
  const client = await server.connect();
  const query = (rows: number, id = 'n') => `
    SELECT ${id} AS id, (ARRAY[NULL, '', 'Maria ' || n])[n % 3 + 1] AS nome, n % 2 = 0 AS ativo
    FROM generate_series(1, ${rows}) AS n`;
  return {
    most,
    isTyped: true,
    open: (signal) => openUrl(server.url, signal ? { signal } : {}),
    numbered: (rows, orderBy = []) => requestOf(query(rows), COLUMNS, { orderBy }),
    failing: (rows) => requestOf(query(rows, `n + 1 / (n - ${rows})`), COLUMNS),
    busy: () => requestOf(`${query(1)}, pg_sleep(60)`, COLUMNS),
    held: () => sessions(client),
    stop: () => server.stop(),
  };
}

/** One NDJSON file a request; what is held are the files that this process has open. */
async function files(): Promise<Place> {
  const folder = await temporaryFolder();
  const line = (id: number) => {
    const [, nome] = expectedRow(id);
    return `{"id":${id},${nome === null ? '' : `"nome":${JSON.stringify(nome)},`}"ativo":${id % 2 === 0}}`;
  };
  const collection = (name: string, lines: readonly string[]) => {
    const path = join(folder, `${name}.ndjson`);
    if (!existsSync(path)) writeFileSync(path, lines.map((text) => `${text}\n`).join(''));
    return name;
  };
  const lines = (rows: number) => Array.from({ length: rows }, (_, index) => line(index + 1));
  const openFiles = async () => {
    const descriptors = await readdir('/proc/self/fd').catch(() => []);
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return links.filter((path) => path.startsWith(folder)).length;
  };
  return {
    most: 3,
    isTyped: false,
    open: (signal) => openUrl(`file:${folder}/`, signal ? { signal } : {}),
    numbered: (rows, orderBy = []) =>
      documentRequest(COLUMNS, { collection: collection(`rows-${rows}`, lines(rows)), orderBy }),
    failing: (rows) =>
      documentRequest(COLUMNS, { collection: collection(`failing-${rows}`, [...lines(rows - 1), '{"id":']) }),
    held: openFiles,
    stop: () => rm(folder, { recursive: true }),
  };
}

for (const { name, make } of [
  { name: 'PostgreSQL', make: postgres },
  { name: 'JSON in files', make: files },
]) {
  describe(name, { timeout: 60_000 }, () => {
    let place: Place;
    before(async () => {
      place = await make();
    });
    after(() => place?.stop());

    /** Opens, works, closes, and nothing stays behind. */
    async function withSource(work: (source: Source) => Promise<void>, signal?: AbortSignal): Promise<void> {
      const source = await place.open(signal);
      try {
        await work(source);
      } finally {
        await inTime(source.close());
      }
      await eventually(async () => (await place.held()) === 0, 'everything released');
    }

    test('all rows come once, in order, each with the columns in the order of the request', () =>
      withSource(async (source) => {
        const { columns, ...request } = place.numbered(10_000);
        assert.deepEqual(await readRows(source, { ...request, columns }), expectedRows(10_000));
        const reversed = await readRows(source, { ...request, columns: columns.toReversed() });
        assert.deepEqual(
          reversed,
          expectedRows(10_000).map((row) => row.toReversed()),
        );
      }));

    test('batches are never empty, say how many rows they hold, and keep what they decoded', () =>
      withSource(async (source) => {
        let rows = 0;
        let batches = 0;
        for await (const batch of (await source.prepare(place.numbered(50_000))).read()) {
          assert.ok(batch.rowCount > 0);
          assert.equal(batch.rows().length, batch.rowCount);
          assert.equal(batch.rows(), batch.rows());
          rows += batch.rowCount;
          batches += 1;
        }
        assert.equal(rows, 50_000);
        assert.ok(batches > 5, `${batches} batches`);
      }));

    test('no rows are no batch', () =>
      withSource(async (source) => {
        for await (const _ of (await source.prepare(place.numbered(0))).read()) assert.fail('a batch');
      }));

    test('null and the empty text are different', () =>
      withSource(async (source) => {
        const cells = (await readRows(source, place.numbered(3))).map(([, nome]) => nome);
        assert.deepEqual(cells, ['', 'Maria 2', null]);
      }));

    test('a limit ends the rows', () =>
      withSource(async (source) => {
        assert.deepEqual(await readRows(source, { ...place.numbered(10), limit: 4 }), expectedRows(4));
      }));

    test('an order that goes down turns them round', () =>
      withSource(async (source) => {
        assert.deepEqual(
          await readRows(source, place.numbered(100, ['-id'])),
          expectedRows(100).toReversed(),
        );
      }));

    test('preparing finds a column that is not there, one of another kind, and nothing is read', (t) =>
      withSource(async (source) => {
        if (!place.isTyped) return t.skip('documents have no types before they are read');
        const request = place.numbered(10);
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

    test('the estimate is made without reading, and the statement can be shown', () =>
      withSource(async (source) => {
        const prepared = await source.prepare(place.failing(1000));
        const estimate = await prepared.estimate();
        assert.ok(estimate.rows > 0 && estimate.rowBytes > 0);
        assert.notEqual(prepared.statement, '');
      }));

    test('a failure at the last row throws', () =>
      withSource(async (source) => {
        await assert.rejects(
          readRows(source, place.failing(100_000)),
          (error) => error instanceof ReportError && error.code === 'source',
        );
      }));

    test('after a failure closing is safe, and twice as well', async () => {
      const source = await place.open();
      await assert.rejects(readRows(source, place.failing(1000)));
      await inTime(source.close());
      await inTime(source.close());
      await eventually(async () => (await place.held()) === 0, 'everything released');
    });

    test('who stops reading early leaves nothing behind, twice as often as there may be connections', async () => {
      for (let round = 0; round < place.most * 2; round++)
        await withSource(async (source) => {
          for await (const batch of (await source.prepare(place.numbered(50_000))).read()) {
            assert.deepEqual(batch.rows()[0], expectedRow(1));
            break;
          }
        });
    });

    test('cancelling in the middle throws the reason', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const reader = (await source.prepare(place.numbered(300_000))).read()[Symbol.asyncIterator]();
        assert.equal((await reader.next()).done, false);
        controller.abort(reason);
        await inTime(assert.rejects(rest(reader), reason));
        assert.equal((await reader.next()).done, true);
      }, controller.signal);
    });

    test('cancelling while the engine is busy throws the reason', async (t) => {
      const { busy } = place;
      if (busy === undefined) return t.skip('files are never busy');
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const prepared = await source.prepare(busy());
        const reading = rest(prepared.read()[Symbol.asyncIterator]());
        setTimeout(() => controller.abort(reason), 100);
        await inTime(assert.rejects(reading, reason));
      }, controller.signal);
    });

    test('what was cancelled before is not begun', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await withSource(async (source) => {
        const prepared = await source.prepare(place.numbered(10));
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

/** What waits for nobody takes less than ten seconds even on a slow machine. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  assert.ok(performance.now() - start < 10_000, 'it took too long');
  return result;
}
