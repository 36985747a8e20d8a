// What the destination says of the closed periods of a report.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compactDate, type Period, periodContaining } from '../../src/core/calendar.js';
import { ReportError } from '../../src/core/errors.js';
import type { Pending, RunRecord } from '../../src/publish/documents.js';
import { manifestKey } from '../../src/publish/manifest.js';
import { FAULTS, type PeriodLine, statusOf } from '../../src/publish/status.js';
import { parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { type MemoryStore, memoryStore } from '../support/memory-destination.js';

const HASH = 'a'.repeat(64);

function report(yaml = ''): Report {
  const all = `source: s\nfilters: { date: d }\n${yaml}\ncolumns: { a: text }`;
  return parseReport(
    'vendas.sql',
    `/*---\n${all}\noutputs: [{ format: csv, key: "r_{YYYYMMDD}.csv" }]\n---*/\nSELECT 1`,
  );
}

function recordOf(period: Period, changes: Partial<RunRecord> = {}): RunRecord {
  const key = `r_${compactDate(period.lastDay)}.csv`;
  return {
    record: 1,
    report: 'vendas',
    period: { ...period, timezone: 'America/Sao_Paulo' },
    definition: HASH,
    revision: 1,
    rows: 3,
    totals: {},
    content: HASH,
    outputs: [{ key, rows: 3, bytes: 4, sha256: HASH }],
    token: 'token',
    tool: 'reportctl 0.0.0',
    started: '2024-10-06T04:00:00.000Z',
    finished: '2024-10-06T04:00:01.000Z',
    ...changes,
  };
}

const day = (date: string) => periodContaining('day', date);
const folder = '_reportctl/vendas';

/** A period whose record, files and manifests are there. */
function publish(store: MemoryStore, period: Period, changes: Partial<RunRecord> = {}): void {
  const record = recordOf(period, changes);
  store.put(`${folder}/${compactDate(period.lastDay)}.json`, JSON.stringify(record));
  for (const { key, bytes } of record.outputs) {
    store.put(key, Buffer.alloc(bytes));
    store.put(manifestKey(key), '{}');
  }
}

function note(store: MemoryStore, date: string, changes: Partial<Pending> = {}): void {
  const pending: Pending = {
    pending: 1,
    report: 'vendas',
    token: 'other',
    revision: 1,
    outputs: [],
    ...changes,
  };
  store.put(`${folder}/${date}.pending.json`, JSON.stringify(pending));
}

interface Asked {
  readonly today?: string;
  /** ISO 8601; noon of today in São Paulo unless told. */
  readonly at?: string;
  readonly since?: string;
  readonly of?: Report;
}

function lines(
  store: MemoryStore,
  { today = '2024-10-10', at = `${today}T15:00:00Z`, since, of = report() }: Asked = {},
): Promise<PeriodLine[]> {
  return statusOf(of, { destination: store.open(), now: Date.parse(at), since });
}

async function short(store: MemoryStore, asked: Asked = {}): Promise<string[]> {
  return (await lines(store, asked)).map(({ period, status }) => `${period.lastDay} ${status}`);
}

describe('which periods', () => {
  test('nothing was ever published: the last closed one is missing', async () => {
    assert.deepEqual(await short(memoryStore()), ['2024-10-09 missing']);
  });

  test('from the first one that was begun, when that is not long ago', async () => {
    const store = memoryStore();
    publish(store, day('2024-10-07'));
    publish(store, day('2024-10-09'));
    assert.deepEqual(await short(store), [
      '2024-10-07 published',
      '2024-10-08 missing',
      '2024-10-09 published',
    ]);
    note(store, '20241006');
    assert.deepEqual((await short(store))[0], '2024-10-06 unfinished');
  });

  test('the last seven, when the first one is long ago', async () => {
    const store = memoryStore();
    publish(store, day('2023-01-01'));
    const found = await short(store);
    assert.deepEqual([found.length, found[0], found.at(-1)], [7, '2024-10-03 missing', '2024-10-09 missing']);
  });

  test('one published today, for a day that is not over elsewhere, does not hide the last closed one', async () => {
    const store = memoryStore();
    publish(store, day('2024-10-10'));
    assert.deepEqual(await short(store), ['2024-10-09 missing']);
  });

  test('all since a day, published before or not, up to the last closed one', async () => {
    const store = memoryStore();
    publish(store, day('2024-10-09'));
    assert.equal((await short(store, { since: '2024-09-01' })).length, 39);
    assert.deepEqual(await short(store, { since: '2024-10-09' }), ['2024-10-09 published']);
    assert.deepEqual(await short(store, { since: '2024-10-10' }), []);
    assert.deepEqual(await short(store, { since: '2025-01-01' }), []);
  });

  test('months and fortnights', async () => {
    const store = memoryStore();
    publish(store, periodContaining('month', '2024-08-01'));
    const monthly = report('period: month');
    assert.deepEqual(await short(store, { of: monthly }), ['2024-08-31 published', '2024-09-30 missing']);
    assert.deepEqual(await short(store, { of: monthly, since: '2024-07-20' }), [
      '2024-07-31 missing',
      '2024-08-31 published',
      '2024-09-30 missing',
    ]);
    assert.deepEqual(await short(memoryStore(), { of: report('period: fortnight'), since: '2024-09-02' }), [
      '2024-09-15 missing',
      '2024-09-30 missing',
    ]);
  });

  test('a snapshot has the last closed one only', async () => {
    const store = memoryStore();
    publish(store, day('2024-10-01'));
    const snapshot = { ...report(), filters: {} };
    assert.deepEqual(await short(store, { of: snapshot }), ['2024-10-09 missing']);
    assert.deepEqual(await short(store, { of: snapshot, since: '2024-10-01' }), ['2024-10-09 missing']);
  });

  test('of this report: not of one whose name begins the same, and not from the history', async () => {
    const asked: string[] = [];
    const store = memoryStore({
      before: (step, key) => {
        asked.push(`${step} ${key}`);
      },
    });
    store.put('_reportctl/vendas2/20241009.json', JSON.stringify(recordOf(day('2024-10-09'))));
    store.put(`${folder}/history/20241009/r1/record.json`, JSON.stringify(recordOf(day('2024-10-09'))));
    store.put(`${folder}/2024-notes.txt`, '');
    store.put(`${folder}/20241008.txt`, '');
    assert.deepEqual(await short(store), ['2024-10-09 missing']);
    assert.deepEqual(
      asked,
      ['list _reportctl/vendas/'],
      'no file of a period that was never begun is asked for',
    );
  });
});

describe('a period', () => {
  const PERIOD = day('2024-10-09');
  const only = async (store: MemoryStore) => {
    const [{ report: _, period, ...line } = assert.fail('no line'), ...more] = await lines(store, {
      since: '2024-10-09',
    });
    assert.deepEqual([period, more], [PERIOD, []]);
    return line;
  };
  const counts = { rows: 3, finished: '2024-10-06T04:00:01.000Z', revision: 1 };

  test('published', async () => {
    const store = memoryStore();
    publish(store, PERIOD);
    assert.deepEqual(await only(store), { status: 'published', ...counts, detail: '' });
    // A run that looks whether there is something to do, and a note that was left when only its removal failed.
    store.put(`${folder}/20241009.lease`, '');
    note(store, '20241009', { token: 'token' });
    assert.deepEqual(await only(store), { status: 'published', ...counts, detail: '' });
  });

  test('restated', async () => {
    const store = memoryStore();
    const restated = {
      reason: 'late data',
      by: 'ana@host',
      revision: 1,
      rows: { before: 2, after: 3 },
      totals: {},
    };
    publish(store, PERIOD, { revision: 2, restated });
    assert.deepEqual(await only(store), {
      status: 'restated',
      ...counts,
      revision: 2,
      detail: 'late data (ana@host; rows 2 to 3)',
    });
  });

  test('empty', async () => {
    const store = memoryStore();
    publish(store, PERIOD, { rows: 0, outputs: [] });
    assert.deepEqual(await only(store), { status: 'empty', ...counts, rows: 0, detail: '' });
  });

  test('running, then unfinished: by the age of the lease', async () => {
    const store = memoryStore();
    store.put(`${folder}/20241009.lease`, '{}');
    assert.deepEqual(await only(store), { status: 'running', detail: '' });
    note(store, '20241009');
    assert.equal((await only(store)).status, 'running');
    store.pass(60_000);
    assert.equal((await only(store)).status, 'running');
    store.pass(1);
    const stopped = { status: 'unfinished', detail: 'a run stopped before its run record, leaving ' };
    assert.deepEqual(await only(store), {
      ...stopped,
      detail: `${stopped.detail}${folder}/20241009.pending.json`,
    });
    store.remove(`${folder}/20241009.pending.json`);
    assert.deepEqual(await only(store), { ...stopped, detail: `${stopped.detail}${folder}/20241009.lease` });
  });

  test('unfinished by a note alone', async () => {
    const store = memoryStore();
    note(store, '20241009');
    assert.equal((await only(store)).status, 'unfinished');
  });

  test('a restatement that is going on, then stopped', async () => {
    const store = memoryStore();
    publish(store, PERIOD);
    note(store, '20241009', { revision: 2, restating: { reason: 'late', by: 'ana@host' } });
    store.put(`${folder}/20241009.lease`, '{}');
    assert.deepEqual(await only(store), { status: 'running', ...counts, detail: 'restating to revision 2' });
    store.remove(`${folder}/20241009.lease`);
    assert.deepEqual(await only(store), {
      status: 'unfinished',
      ...counts,
      detail: `a restatement to revision 2 stopped before its run record, leaving ${folder}/20241009.pending.json`,
    });
  });

  test('damaged: a file is gone, or has other bytes', async () => {
    const store = memoryStore();
    const outputs = ['a.csv', 'b.csv'].map((key) => ({ key, rows: 3, bytes: 4, sha256: HASH }));
    publish(store, PERIOD, { outputs });
    store.put('b.csv', 'more');
    assert.equal(
      (await only(store)).status,
      'published',
      'that other bytes of the same number are seen is for verify',
    );
    store.remove('b.csv.manifest.json');
    assert.equal((await only(store)).detail, 'b.csv.manifest.json is gone');
    store.put('b.csv', 'more than before');
    assert.deepEqual(await only(store), {
      status: 'damaged',
      ...counts,
      detail: 'b.csv has 16 bytes instead of 4',
    });
    store.remove('a.csv');
    assert.deepEqual(await only(store), { status: 'damaged', ...counts, detail: 'a.csv is gone' });
  });

  test('damaged: a file that only the note of a run which lost its lease lists', async () => {
    const store = memoryStore();
    publish(store, PERIOD, { epoch: 2 });
    const stray = { key: 'stray.csv', token: 'slow', bytes: 4, sha256: HASH };
    note(store, compactDate(PERIOD.lastDay), { epoch: 1, outputs: [stray] });
    assert.equal((await only(store)).status, 'published', 'its file is not there');
    store.put('stray.csv', 'more', { token: 'somebody' });
    assert.equal((await only(store)).status, 'published', 'a file of somebody else is none of ours');
    store.put('stray.csv', 'more', { token: 'slow' });
    const detail = 'stray.csv is not in the run record; the next run of the period removes it';
    assert.deepEqual(await only(store), { status: 'damaged', ...counts, detail });
  });

  test('damaged: a record or a note that cannot be read', async () => {
    for (const ending of ['json', 'pending.json']) {
      const store = memoryStore();
      publish(store, PERIOD);
      store.put(`${folder}/20241009.${ending}`, '{');
      const { status, detail } = await only(store);
      assert.equal(status, 'damaged');
      assert.match(
        detail,
        new RegExp(`^the .* ${folder}/20241009\\.${ending} cannot be read: it is no JSON$`),
      );
    }
  });

  test('missing: what has its name is of a period of another kind', async () => {
    const store = memoryStore();
    store.put(`${folder}/20240930.json`, JSON.stringify(recordOf(day('2024-09-30'))));
    const [line] = await lines(store, { of: report('period: month'), since: '2024-09-01' });
    assert.equal(line?.status, 'missing');
    assert.equal(line?.detail, `${folder}/20240930.json is of the day from 2024-09-30`);
  });

  test('whose run ended between two looks is no fault', async () => {
    let isListed = false;
    const store: MemoryStore = memoryStore({
      before: (step) => {
        if (step === 'list') isListed = true;
        else if (isListed && store.get(`${folder}/20241009.json`) === undefined) {
          publish(store, PERIOD);
          store.remove(`${folder}/20241009.lease`);
          store.remove(`${folder}/20241009.pending.json`);
        }
      },
    });
    store.put(`${folder}/20241009.lease`, '{}');
    note(store, '20241009');
    assert.equal((await only(store)).status, 'published');
  });
});

describe('expect-by', () => {
  const expecting = (expectBy: string, more = '') => report(`expect-by: ${expectBy}\n${more}`);
  const lineAt = async (store: MemoryStore, of: Report, at: string, since = '2024-10-09') => {
    const [line, ...more] = await lines(store, { of, at, since });
    assert.deepEqual(more, []);
    return line;
  };
  const PERIOD = day('2024-10-09');

  test('a missing period is due up to that minute in the zone of the report, and late from then on', async () => {
    const store = memoryStore();
    for (const [at, status] of [
      ['2024-10-10T03:00:00Z', 'due'],
      ['2024-10-10T04:59:59.999Z', 'due'],
      ['2024-10-10T05:00:00Z', 'late'],
      ['2024-10-10T23:00:00Z', 'late'],
    ] as const) {
      assert.deepEqual(await lineAt(store, expecting('"02:00"'), at), {
        report: 'vendas',
        period: PERIOD,
        status,
        expectedBy: '2024-10-10T05:00:00.000Z',
        detail: '',
      });
    }
    assert.deepEqual([FAULTS.includes('due'), FAULTS.includes('late')], [false, true]);
  });

  test('every period has an instant of its own: an older one that is missing is late', async () => {
    const store = memoryStore();
    publish(store, day('2024-10-06'));
    const found = await lines(store, { of: expecting('"23:30"'), at: '2024-10-10T15:00:00Z' });
    assert.deepEqual(
      found.map(({ period, status, expectedBy }) => [period.lastDay, status, expectedBy]),
      [
        ['2024-10-06', 'published', '2024-10-08T02:30:00.000Z'],
        ['2024-10-07', 'late', '2024-10-09T02:30:00.000Z'],
        ['2024-10-08', 'late', '2024-10-10T02:30:00.000Z'],
        ['2024-10-09', 'due', '2024-10-11T02:30:00.000Z'],
      ],
    );
  });

  test('so many days after the last one, for months', async () => {
    const monthly = expecting('{ time: "08:00", days: 3 }', 'period: month');
    const at = (instant: string) => lineAt(memoryStore(), monthly, instant, '2024-09-01');
    assert.equal((await at('2024-10-03T10:59:59Z'))?.status, 'due');
    assert.equal((await at('2024-10-03T11:00:00Z'))?.status, 'late');
  });

  test('what is published is not late, however late it was; what still runs is', async () => {
    const store = memoryStore();
    publish(store, PERIOD);
    assert.equal((await lineAt(store, expecting('"02:00"'), '2024-10-10T23:00:00Z'))?.status, 'published');
    const running = memoryStore();
    running.put(`${folder}/20241009.lease`, '{}');
    assert.equal((await lineAt(running, expecting('"02:00"'), '2024-10-10T04:00:00Z'))?.status, 'running');
    const late = await lineAt(running, expecting('"02:00"'), '2024-10-10T06:00:00Z');
    assert.deepEqual([late?.status, late?.detail], ['late', 'still running']);
    note(store, '20241009', { revision: 2 });
    store.put(`${folder}/20241009.lease`, '{}');
    assert.equal((await lineAt(store, expecting('"02:00"'), '2024-10-10T06:00:00Z'))?.status, 'running');
  });
});

test('a store that fails is no missing period', async () => {
  for (const failing of ['list', 'read', 'stat']) {
    const failure = new ReportError('destination', `${failing} failed`);
    const store = memoryStore({
      before: (step) => {
        if (step === failing) throw failure;
      },
    });
    publish(store, day('2024-10-09'));
    await assert.rejects(lines(store), failure);
  }
});
