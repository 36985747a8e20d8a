// Rows in another order than the files': as PostgreSQL orders them, with little memory, and nothing left behind.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Kind } from '../../src/core/table.js';
import { comparison, type SortKey, sortable } from '../../src/rows/sort/order.js';
import { sorted } from '../../src/rows/sort.js';
import { runs } from '../support/runs.js';
import { createDatabase } from '../support/shared-postgres.js';

type Row = readonly Cell[];

const { signal } = new AbortController();
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reportctl-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function* inBatches(rows: readonly Row[], size = 7): AsyncGenerator<readonly Row[]> {
  for (let index = 0; index < rows.length; index += size) yield rows.slice(index, index + size);
}

async function all(batches: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) {
    assert.ok(batch.length > 0);
    rows.push(...batch);
  }
  return rows;
}

describe('the order', () => {
  const cells: Readonly<Partial<Record<Kind, readonly Cell[]>>> = {
    text: [null, '', 'a', 'B', 'á', 'ab', 'a b', '\ue000', '\u{1d11e}', '\uffff', 'Z', '10', '9'],
    integer: [
      null,
      '0',
      '-1',
      '9223372036854775807',
      '9223372036854775806',
      '10',
      '9',
      '12345678901234567890',
      '-12345678901234567891',
    ],
    decimal: [
      null,
      'NaN',
      'Infinity',
      '-Infinity',
      '1.10',
      '1.1',
      '-0.0000001',
      '0',
      '100000000000000000000.1',
      '100000000000000000000.2',
      '1e+21',
      `1${'0'.repeat(400)}`,
      `2${'0'.repeat(400)}`,
    ],
    boolean: [null, 'true', 'false'],
    date: [null, '2024-10-05', '0001-01-01', '0001-12-31 BC', '0044-03-15 BC', '10000-01-01', '9999-12-31'],
    timestamp: [
      null,
      '2024-10-05 13:45:10-03',
      '2024-10-05 13:45:10.5-03',
      '2024-10-05 13:45:10.25-03',
      // The hour that came twice when summer time ended.
      '2018-02-17 23:30:00-02',
      '2018-02-17 23:15:00-03',
      '0001-12-31 20:53:32-03:06:28 BC',
      '1969-12-31 23:59:59.999999+00',
    ],
  };

  test('is that of PostgreSQL, for every kind, up and down', async () => {
    const types: Readonly<Record<string, string>> = {
      text: 'text COLLATE "C"',
      integer: 'numeric',
      decimal: 'numeric',
      boolean: 'boolean',
      date: 'date',
      timestamp: 'timestamptz',
    };
    const server = await createDatabase();
    const client = await server.connect();
    try {
      for (const [kind, values = []] of Object.entries(cells)) {
        for (const descending of [false, true]) {
          const { rows } = await client.query<{ v: Cell }>(
            `SELECT v FROM unnest($1::text[]) WITH ORDINALITY AS t(v, n) ORDER BY v::${types[kind]} ${descending ? 'DESC' : ''}, n`,
            [values],
          );
          const keys = [{ index: 0, kind: kind as Kind, descending }];
          const ours = values.map((cell) => sortable([cell], keys)).sort(comparison(keys));
          assert.deepEqual(
            ours.map((row) => row.cells[0]),
            rows.map(({ v }) => v),
            `${kind} ${descending}`,
          );
        }
      }
    } finally {
      await client.end();
      await server.stop();
    }
  });

  test('looks at the second key where the first is equal', async () => {
    const keys: SortKey[] = [
      { index: 1, kind: 'integer', descending: true },
      { index: 0, kind: 'text', descending: false },
    ];
    const rows = [
      ['b', '1'],
      ['a', '1'],
      ['c', '2'],
      ['d', null],
    ];
    assert.deepEqual(await all(sorted(inBatches(rows), { keys, signal })), [
      ['d', null],
      ['c', '2'],
      ['a', '1'],
      ['b', '1'],
    ]);
  });
});

describe('sorting with a bound on memory', () => {
  const keys: SortKey[] = [{ index: 0, kind: 'integer', descending: false }];

  test('makes what sorting in memory makes, stable, whatever the bounds', async () => {
    const row = fc.tuple(
      fc.option(fc.integer({ min: 0, max: 9 }).map(String)),
      fc.option(fc.string({ unit: 'grapheme' })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 120 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        fc.option(fc.nat(130), { nil: undefined }),
        async (cells, mostRows, characters, limit) => {
          const rows = cells.map((row, index) => [...row, String(index)]);
          const expected = rows
            .map((cells) => sortable(cells, keys))
            .sort(comparison(keys))
            .map(({ cells }) => cells);
          const options = { keys, limit, signal, most: { rows: mostRows, characters }, folder };
          assert.deepEqual(await all(sorted(inBatches(rows), options)), expected.slice(0, limit));
        },
      ),
      { numRuns: runs(150) },
    );
    assert.deepEqual(await readdir(folder), []);
  });

  test('goes through a file with rows longer than what is read of it at once', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => [String((index * 7) % 60), 'é'.repeat(40_000)]);
    const most = { rows: 10, characters: 10_000_000 };
    const result = await all(sorted(inBatches(rows), { keys, signal, most, folder }));
    assert.deepEqual(
      result.map(([id]) => Number(id)),
      [...Array(60).keys()],
    );
    assert.ok(result.every(([, text]) => text === rows[0]?.[1]));
  });

  test('keeps only the first rows when a limit is small: no file', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => [String((index * 7919) % 5000)]);
    const options = {
      keys,
      limit: 3,
      signal,
      most: { rows: 100, characters: 1_000_000 },
      folder: join(folder, 'missing'),
    };
    assert.deepEqual(await all(sorted(inBatches(rows), options)), [['0'], ['1'], ['2']]);
  });

  test('leaves no file behind when reading fails, when it is left early, or cancelled', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => [String(index)]);
    const most = { rows: 100, characters: 1_000_000 };
    async function* failing() {
      yield* inBatches(rows);
      throw new Error('the disk is gone');
    }
    await assert.rejects(all(sorted(failing(), { keys, signal, most, folder })), /the disk is gone/);
    for await (const _ of sorted(inBatches(rows), { keys, signal, most, folder })) break;
    const controller = new AbortController();
    const reader = sorted(inBatches(rows), { keys, signal: controller.signal, most, folder });
    await reader.next();
    controller.abort(new Error('enough'));
    await assert.rejects(reader.next(), /enough/);
    assert.deepEqual(await readdir(folder), []);
  });

  test('says where there is no room for a file', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => [String(index)]);
    const options = { keys, signal, most: { rows: 10, characters: 1000 }, folder: join(folder, 'missing') };
    await assert.rejects(
      all(sorted(inBatches(rows), options)),
      /sorting the rows: writing a temporary file in .*: ENOENT/,
    );
  });
});
