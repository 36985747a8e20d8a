// <report>.latest.json: the newest published period, whatever is run in whatever order.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { periodContaining } from '../../src/core/calendar.js';
import type { RunRecord } from '../../src/publish/documents.js';
import { latestKey, pointToLatest } from '../../src/publish/latest.js';
import { memoryStore } from '../support/memory-destination.js';
import { reportOf } from '../support/period-run.js';

const SHA = 'a'.repeat(64);
const KEYS = [
  '{ format: csv, key: "acme é/{YYYY}/{MM}/r_{YYYYMMDD}.csv" }',
  '{ format: csv, key: "r_{YYYYMMDD}.csv" }',
];
const report = reportOf(KEYS);
const ROOT = 'vendas.latest.json';
const FOLDER = 'acme é/vendas.latest.json';

function recordOf(day: string, revision = 1, more: Partial<RunRecord> = {}): RunRecord {
  const date = day.replaceAll('-', '');
  const [year, month] = day.split('-');
  return {
    record: 1,
    report: 'vendas',
    period: { ...periodContaining('day', day), timezone: 'UTC' },
    definition: SHA,
    revision,
    rows: 3,
    totals: {},
    content: SHA,
    outputs: [`acme é/${year}/${month}/r_${date}.csv`, `r_${date}.csv`].map((key) => ({
      key,
      rows: 3,
      bytes: 9,
      sha256: SHA,
    })),
    token: 't',
    tool: 'reportctl 1',
    started: '2024-10-06T04:00:00.000Z',
    finished: '2024-10-06T04:00:01.000Z',
    ...more,
  };
}

function place() {
  const store = memoryStore();
  const destination = store.open({ token: 'token', signal: new AbortController().signal });
  const at = (key: string) => JSON.parse(`${store.get(key)}`);
  return {
    store,
    destination,
    lastDays: () => [ROOT, FOLDER].map((key) => store.get(key) && at(key).period.lastDay),
    at,
    /** As a run does: the record, then the pointer. */
    async publish(record: RunRecord, given = destination) {
      store.put(
        `_reportctl/vendas/${record.period.lastDay.replaceAll('-', '')}.json`,
        JSON.stringify(record),
      );
      await pointToLatest({ report, record, destination: given });
    },
  };
}

describe('latest.json', () => {
  test('names the files of its folder, above the folders that dates name', async () => {
    const { publish, at, store } = place();
    await publish(recordOf('2024-10-05'));
    assert.deepEqual(
      store.keys().filter((key) => key.includes('latest')),
      [FOLDER, ROOT],
    );
    const { files, record, period, revision, rows, published } = at(FOLDER);
    assert.deepEqual(files, [{ key: 'acme é/2024/10/r_20241005.csv', rows: 3, bytes: 9, sha256: SHA }]);
    assert.deepEqual(
      [record, period.lastDay, revision, rows, published],
      ['_reportctl/vendas/20241005.json', '2024-10-05', 1, 3, '2024-10-06T04:00:01.000Z'],
    );
    assert.equal(latestKey('', 'vendas@ACME Ltda'), 'vendas@ACME Ltda.latest.json');
  });

  test('goes on with a newer period or revision, never back', async () => {
    const { publish, lastDays, at } = place();
    await publish(recordOf('2024-10-06'));
    await publish(recordOf('2024-10-05'));
    await publish(recordOf('2024-10-05', 2));
    assert.deepEqual(lastDays(), ['2024-10-06', '2024-10-06']);
    await publish(recordOf('2024-10-06', 2));
    assert.equal(at(ROOT).revision, 2);
    await publish(recordOf('2024-10-07'));
    assert.deepEqual(lastDays(), ['2024-10-07', '2024-10-07']);
  });

  test('is repaired by any later run, also of an older period; one that is damaged too', async () => {
    const { publish, lastDays, store } = place();
    await publish(recordOf('2024-10-06'));
    for (const content of ['{', '{}', '']) {
      store.put(ROOT, content);
      await publish(recordOf('2024-10-05'));
      assert.deepEqual(lastDays(), ['2024-10-06', '2024-10-06']);
    }
  });

  test('is found at once for a key that fits no template in very many ways', async () => {
    const store = memoryStore();
    const destination = await store.open();
    const many = reportOf([
      '{ format: csv, key: "{YYYY}-{MM}-{DD}-{YYYY}-{MM}-{DD}-{YYYY}-{MM}-{report}.csv" }',
    ]);
    const output = { key: `${'-'.repeat(900)}.xlsx`, rows: 3, bytes: 9, sha256: SHA };
    await pointToLatest({
      report: many,
      record: recordOf('2024-10-05', 1, { outputs: [output] }),
      destination,
    });
    assert.deepEqual(store.keys(), [ROOT]);
  });

  test('is not written again when nothing changed', async () => {
    const { publish, destination } = place();
    await publish(recordOf('2024-10-06'));
    const given = destination;
    const stage = () => assert.fail('it was written');
    await publish(recordOf('2024-10-06'), { ...given, stage });
  });

  test('a newer one that another run writes meanwhile stays', async () => {
    const { publish, destination, lastDays, store } = place();
    await publish(recordOf('2024-10-05'));
    const given = destination;
    let isFirst = true;
    const stage: typeof given.stage = async (key, options) => {
      if (isFirst) {
        isFirst = false;
        await publish(recordOf('2024-10-07'));
      }
      return given.stage(key, options);
    };
    store.put('_reportctl/vendas/20241006.json', JSON.stringify(recordOf('2024-10-06')));
    await pointToLatest({ report, record: recordOf('2024-10-06'), destination: { ...given, stage } });
    assert.deepEqual(lastDays(), ['2024-10-07', '2024-10-07']);
  });

  test('goes where a restatement has taken the files away', async () => {
    const { publish, lastDays, store } = place();
    const former = recordOf('2024-10-05');
    await publish(former);
    store.put('_reportctl/vendas/history/20241005/r1/record.json', JSON.stringify(former));
    const restated = { reason: 'x', by: 'y', revision: 1, rows: { before: 3, after: 3 }, totals: {} };
    await publish(recordOf('2024-10-05', 2, { outputs: former.outputs.slice(1), restated }));
    assert.deepEqual(lastDays(), ['2024-10-05', undefined]);
  });
});
