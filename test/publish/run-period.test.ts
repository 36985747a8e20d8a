// One report for one period: once, restated, refused, taken up after a run that broke off, and by two at the same time.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { periodContaining } from '../../src/core/calendar.js';
import { Effect } from '../../src/core/effect.js';
import { messageOf, ReportError } from '../../src/core/errors.js';
import { openFolder } from '../../src/destinations/file.js';
import { periodKeys } from '../../src/publish/bookkeeping.js';
import type { Manifest, RunRecord } from '../../src/publish/documents.js';
import { readState } from '../../src/publish/period-state.js';
import { strayFiles } from '../../src/publish/strays.js';
import { formerDefinitionHash } from '../../src/reports/definition-hash.js';
import { filesBelow, temporaryFolder } from '../support/cli.js';
import { type MemoryStore, memoryStore } from '../support/memory-destination.js';
import {
  HISTORY,
  LEASE,
  type Open,
  PENDING,
  type PeriodRun,
  RECORD,
  type Row,
  reportOf,
  runAt,
  sourceOf,
} from '../support/period-run.js';

const KEY = 'r_20241005.csv';
const MANIFEST = `${KEY}.manifest.json`;
const SCHEMA = `${KEY}.schema.json`;
const FORMER: readonly Row[] = [
  ['um', '1.50'],
  ['dois', '2.25'],
];
const LATER: readonly Row[] = [...FORMER, ['três', '-0.75']];

interface Place {
  readonly open: Open;
  keys(): Promise<string[]>;
  get(key: string): Promise<Buffer>;
  put(key: string, content: string): Promise<void>;
  remove(key: string): Promise<void>;
}

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'a place that keeps tokens': async () => {
    const store = memoryStore();
    return {
      open: async (options) => store.open(options),
      keys: async () => store.keys(),
      get: async (key) => store.get(key) ?? assert.fail(`${key} is not there`),
      put: async (key, content) => void store.put(key, content),
      remove: async (key) => void store.remove(key),
    };
  },
  'a folder': async () => {
    const folder = await temporaryFolder();
    folders.push(folder);
    return {
      open: (options) => openFolder(folder, options),
      keys: () => filesBelow(folder),
      get: (key) => readFile(join(folder, key)),
      async put(key, content) {
        await mkdir(dirname(join(folder, key)), { recursive: true });
        await writeFile(join(folder, key), content);
      },
      remove: (key) => rm(join(folder, key)),
    };
  },
};

async function json<T>(place: Place, key: string): Promise<T> {
  return JSON.parse(`${await place.get(key)}`) as T;
}

function refused(code: string, said: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.match(error.message, said);
    assert.equal(error.code, code);
    return true;
  };
}

/** An open that fails at the publishing, once, of each key that matches. */
function breakingAt(open: Open, pattern: RegExp): Open {
  return async (options) => {
    const destination = await open(options);
    return {
      ...destination,
      async stage(key, how) {
        const staged = await destination.stage(key, how);
        if (!pattern.test(key)) return staged;
        return {
          write: (chunk) => staged.write(chunk),
          discard: () => staged.discard(),
          publish: async () => {
            await staged.discard();
            throw new ReportError('destination', `publishing ${key} broke off`);
          },
        };
      },
    };
  };
}

for (const [name, make] of Object.entries(PLACES)) {
  describe(name, () => {
    test('a definition whose keys were written in another order, or that was published by a former version, is unchanged', async () => {
      const withLabels = (labels: string) => reportOf(undefined, `labels: ${labels}`);
      const place = await published({ report: withLabels('{ a: x, b: y }') });
      const again = await runAt(place.open, { report: withLabels('{ b: y, a: x }'), rows: FORMER });
      assert.equal(again.outcome, 'unchanged');
      const record = await json<RunRecord>(place, RECORD);
      const definition = formerDefinitionHash(withLabels('{ a: x, b: y }'), {});
      await place.put(RECORD, JSON.stringify({ ...record, definition }));
      const since = await runAt(place.open, { report: withLabels('{ a: x, b: y }'), rows: FORMER });
      assert.equal(since.outcome, 'unchanged');
      const restated = await runAt(place.open, {
        report: withLabels('{ a: x, b: y }'),
        rows: FORMER,
        restate: 'audit',
      });
      assert.equal(restated.outcome, 'unchanged');
      await assert.rejects(
        runAt(place.open, { report: withLabels('{ a: x, b: z }'), rows: FORMER }),
        refused('contract', /another definition/),
      );
    });

    const published = async (run: PeriodRun = {}) => {
      const place = await make();
      await runAt(place.open, { rows: FORMER, ...run });
      return place;
    };

    test('a run publishes file, manifest and record, and the next one does not read', async () => {
      const place = await published();
      assert.deepEqual(await place.keys(), [RECORD, KEY, MANIFEST, SCHEMA]);
      const record = await json<RunRecord>(place, RECORD);
      assert.deepEqual([record.revision, record.rows, record.totals], [1, 2, { valor: '3.75' }]);
      assert.equal(record.restated, undefined);
      const onRead = () => assert.fail('it was read');
      assert.equal((await runAt(place.open, { onRead })).outcome, 'unchanged');
    });

    for (const [what, change, said] of [
      ['is gone', (place: Place) => place.remove(KEY), /r_20241005\.csv is gone$/],
      ['has no manifest', (place: Place) => place.remove(`${KEY}.manifest.json`), /manifest\.json is gone$/],
      [
        'has more bytes',
        (place: Place) => place.put(KEY, 'x'.repeat(1000)),
        /has 1000 bytes instead of \d+$/,
      ],
      [
        'has as many other bytes',
        async (place: Place) => place.put(KEY, 'x'.repeat((await place.get(KEY)).length)),
        /r_20241005\.csv has other bytes$/,
      ],
    ] as const) {
      test(`a published file that ${what} is told by the next run, and repaired by restating`, async () => {
        const place = await published();
        const former = await place.get(KEY);
        await change(place);
        const isForeign = what !== 'has no manifest' && (await place.keys()).includes(KEY);
        const foreign = isForeign ? await place.get(KEY) : undefined;
        const onRead = () => assert.fail('it was read');
        await assert.rejects(runAt(place.open, { onRead }), (error: unknown) => {
          assert.ok(error instanceof ReportError);
          assert.match(error.hint ?? '', /--restate/);
          return refused('contract', said)(error);
        });
        const { outcome, record } = await runAt(place.open, { rows: FORMER, restate: 'damaged' });
        assert.deepEqual([outcome, record.revision], ['restated', 2]);
        const [header, repaired] = [former, await place.get(KEY)].map((file) => `${file}`.split('\n')[0]);
        assert.equal(repaired, header);
        const kept = `${HISTORY}r1/foreign/${KEY}`;
        assert.equal((await place.keys()).includes(kept), foreign !== undefined);
        if (foreign !== undefined) assert.deepEqual(await place.get(kept), foreign);
        assert.equal((await runAt(place.open, { onRead })).outcome, 'unchanged');
      });
    }

    test('a published file that came back from a backup is as it was', async () => {
      const place = await published();
      await place.put(KEY, `${await place.get(KEY)}`);
      const onRead = () => assert.fail('it was read');
      assert.equal((await runAt(place.open, { onRead })).outcome, 'unchanged');
    });

    test('restated with the same content nothing changes, though a volatile column differs', async () => {
      const place = await published();
      const contents = async () => Promise.all((await place.keys()).map((key) => place.get(key)));
      const former = await contents();
      let reads = 0;
      const { outcome, record } = await runAt(place.open, {
        rows: FORMER,
        restate: 'to be sure',
        onRead: () => void reads++,
      });
      assert.deepEqual([outcome, record.revision, reads], ['unchanged', 1, 1]);
      assert.deepEqual(await contents(), former);
    });

    test('restated with other content: the next revision, the former one in the history, the difference told', async () => {
      const place = await published();
      const former = new Map<string, Buffer>();
      for (const key of await place.keys()) former.set(key, await place.get(key));
      const { outcome } = await runAt(place.open, { rows: LATER, restate: 'late rows' });
      assert.equal(outcome, 'restated');
      const kept = [KEY, MANIFEST, SCHEMA, 'record.json'].map((name) => `${HISTORY}r1/${name}`);
      assert.deepEqual(await place.keys(), [RECORD, ...kept, KEY, MANIFEST, SCHEMA]);
      assert.deepEqual(await Promise.all(kept.map((key) => place.get(key))), [
        former.get(KEY),
        former.get(MANIFEST),
        former.get(SCHEMA),
        former.get(RECORD),
      ]);
      const record = await json<RunRecord>(place, RECORD);
      assert.equal(record.revision, 2);
      assert.deepEqual(record.restated, {
        reason: 'late rows',
        by: 'ana@servidor',
        revision: 1,
        rows: { before: 2, after: 3 },
        totals: { valor: { before: '3.75', after: '3.00' } },
      });
      const manifest = await json<Manifest>(place, MANIFEST);
      assert.deepEqual([manifest.revision, manifest.rows, manifest.token], [2, 3, record.token]);
      assert.equal((await runAt(place.open, { rows: [] })).outcome, 'unchanged');

      await runAt(place.open, { rows: FORMER, restate: 'they were wrong' });
      const third = await json<RunRecord>(place, RECORD);
      assert.deepEqual([third.revision, third.restated?.revision], [3, 2]);
      assert.equal((await json<RunRecord>(place, `${HISTORY}r2/record.json`)).token, record.token);
      assert.deepEqual(await place.get(kept[0] ?? ''), former.get(KEY));
      assert.equal((await place.keys()).length, 12);
    });

    test('restating what was never published is publishing it', async () => {
      const place = await published({ restate: 'for the first time' });
      const record = await json<RunRecord>(place, RECORD);
      assert.deepEqual([record.revision, record.restated], [1, undefined]);
    });

    test('another definition is refused until it is restated', async () => {
      const place = await published();
      const report = reportOf(['{ format: csv, key: "r_{YYYYMMDD}.csv", delimiter: ";" }']);
      await assert.rejects(
        runAt(place.open, { report, rows: FORMER }),
        refused('contract', /"vendas" for 2024-10-05 was already published, by another definition/),
      );
      const { outcome } = await runAt(place.open, { report, rows: FORMER, restate: 'semicolons' });
      assert.equal(outcome, 'restated');
      assert.match(`${await place.get(KEY)}`, /^quando;texto;valor\n/);
      assert.match(`${await place.get(`${HISTORY}r1/${KEY}`)}`, /^quando,texto,valor\n/);
    });

    test('a key that is no output any more goes, and is kept in the history', async () => {
      const place = await published();
      const former = await place.get(KEY);
      const report = reportOf(['{ format: csv, key: "novo/{YYYYMMDD}.csv" }']);
      await runAt(place.open, { report, rows: FORMER, restate: 'moved' });
      assert.deepEqual(
        (await place.keys()).filter((key) => !key.startsWith('_')),
        ['', '.manifest.json', '.schema.json'].map((ending) => `novo/20241005.csv${ending}`),
      );
      assert.deepEqual(await place.get(`${HISTORY}r1/${KEY}`), former);
    });

    test('a key that is no output any more stays when somebody else wrote it', async () => {
      const place = await published();
      await place.put(KEY, 'by hand');
      const report = reportOf(['{ format: csv, key: "novo/{YYYYMMDD}.csv" }']);
      await runAt(place.open, { report, rows: FORMER, restate: 'moved' });
      assert.equal(`${await place.get(KEY)}`, 'by hand');
      assert.ok(!(await place.keys()).includes(`${HISTORY}r1/${KEY}`));
    });

    test('a file that somebody else wrote is refused before anything is read, and left alone', async () => {
      const onRead = () => assert.fail('it was read');
      const fresh = await make();
      await fresh.put(KEY, 'by hand');
      await assert.rejects(
        runAt(fresh.open, { onRead }),
        refused('destination', /r_20241005\.csv at .* already exists/),
      );
      // Nor does a restatement take a key that the period did not have.
      const place = await published();
      await place.put('novo.csv', 'by hand');
      const report = reportOf(['{ format: csv, key: novo.csv }']);
      await assert.rejects(
        runAt(place.open, { report, onRead, restate: 'late rows' }),
        refused('destination', /novo\.csv at .* already exists/),
      );
      assert.equal(`${await place.get('novo.csv')}`, 'by hand');
      assert.deepEqual(await place.keys(), [RECORD, 'novo.csv', KEY, MANIFEST, SCHEMA]);
    });

    test('a file of another report is refused, with the name of that report', async () => {
      const place = await make();
      const other = { ...reportOf(['{ format: csv, key: "r_{YYYYMMDD}.csv" }']), name: 'outro' };
      await runAt(place.open, { report: other });
      const [published] = [await place.get(KEY)];
      await assert.rejects(
        runAt(place.open, { onRead: () => assert.fail('it was read') }),
        refused(
          'destination',
          /r_20241005\.csv at .* already exists: it is a file of report "outro", period 2024-10-05$/,
        ),
      );
      assert.deepEqual(await place.get(KEY), published);
    });

    test('a file that somebody else writes while we read is refused, and left alone', async () => {
      const place = await make();
      const onRead = () => place.put(KEY, 'by hand');
      await assert.rejects(
        runAt(place.open, { onRead }),
        refused('destination', /r_20241005\.csv already exists/),
      );
      assert.equal(`${await place.get(KEY)}`, 'by hand');
      assert.ok(!(await place.keys()).includes(RECORD));
    });

    for (const [step, pattern] of Object.entries({
      'before its file': /^r_\d+\.csv$/,
      'before its manifest': /manifest/,
      'before its schema': /schema/,
      'before its record': /\/\d{8}\.json$/,
    })) {
      test(`a first run that broke off ${step} is made whole by the next one`, async () => {
        const place = await make();
        await assert.rejects(
          runAt(breakingAt(place.open, pattern), { rows: FORMER }),
          refused(
            'destination',
            pattern.source.startsWith('^') ? /broke off$/ : /already visible, but not recorded/,
          ),
        );
        assert.ok(!(await place.keys()).includes(RECORD));
        assert.equal((await place.keys()).includes(PENDING), !pattern.source.startsWith('^'));
        assert.equal((await runAt(place.open, { rows: LATER })).outcome, 'published');
        assert.deepEqual(await place.keys(), [RECORD, KEY, MANIFEST, SCHEMA]);
        const record = await json<RunRecord>(place, RECORD);
        assert.deepEqual([record.revision, record.rows], [1, 3]);
        assert.equal((await json<Manifest>(place, MANIFEST)).token, record.token);
      });

      test(`a restatement that broke off ${step} is brought to its end by the next run`, async () => {
        const place = await published();
        const former = await place.get(KEY);
        await assert.rejects(
          runAt(breakingAt(place.open, pattern), { rows: LATER, restate: 'late rows' }),
          refused('destination', /broke off/),
        );
        // Where nothing became visible there is nothing to finish, and no note of it.
        const hasBegun = !pattern.source.startsWith('^');
        assert.equal((await place.keys()).includes(PENDING), hasBegun);
        const restate = hasBegun ? {} : { restate: 'late rows' };
        assert.equal((await runAt(place.open, { rows: LATER, ...restate })).outcome, 'restated');
        const record = await json<RunRecord>(place, RECORD);
        assert.deepEqual([record.revision, record.restated?.reason], [2, 'late rows']);
        assert.deepEqual(await place.get(`${HISTORY}r1/${KEY}`), former);
        assert.equal((await place.keys()).length, 8);
        assert.equal((await json<Manifest>(place, `${HISTORY}r1/${MANIFEST}`)).revision, 1);
      });
    }

    test('what a broken-off run left under a key that is no output any more goes', async () => {
      const place = await make();
      await assert.rejects(runAt(breakingAt(place.open, /manifest/), { rows: FORMER }));
      assert.deepEqual(await place.keys(), [PENDING, KEY]);
      const report = reportOf(['{ format: csv, key: "novo/{YYYYMMDD}.csv" }']);
      await runAt(place.open, { report });
      assert.deepEqual(await place.keys(), [
        RECORD,
        ...['', '.manifest.json', '.schema.json'].map((ending) => `novo/20241005.csv${ending}`),
      ]);
    });

    test('a gate that does not hold leaves nothing, or what was there', async () => {
      const report = reportOf(undefined, 'gates: { min-rows: 3 }');
      const place = await make();
      const gate = refused('gate', /"vendas" is not published: gate min-rows: expected at least 3, found 2$/);
      await assert.rejects(runAt(place.open, { report, rows: FORMER }), gate);
      assert.deepEqual(await place.keys(), []);
      await runAt(place.open, { report, rows: LATER });
      const former = await place.get(KEY);
      await assert.rejects(runAt(place.open, { report, rows: FORMER, restate: 'fewer' }), gate);
      assert.deepEqual(await place.keys(), [RECORD, KEY, MANIFEST, SCHEMA]);
      assert.deepEqual(await place.get(KEY), former);
    });

    test('--quarantine keeps what a gate refuses out of sight, with its manifest, and replaces it', async () => {
      const report = reportOf(undefined, 'gates: { min-rows: 3 }');
      const place = await make();
      for (const rows of [FORMER, FORMER.slice(1)]) {
        await assert.rejects(
          runAt(place.open, { report, rows, quarantine: true }),
          refused('gate', /gate min-rows: .*; kept for inspection: .*_quarantine\/r_20241005\.csv$/),
        );
        assert.deepEqual(await place.keys(), [`_quarantine/${KEY}`, `_quarantine/${MANIFEST}`]);
        const manifest = await json<Manifest>(place, `_quarantine/${MANIFEST}`);
        assert.deepEqual([manifest.rows, manifest.key], [rows.length, `_quarantine/${KEY}`]);
        assert.deepEqual(
          manifest.gates.map(({ ok }) => ok),
          [false],
        );
      }
      assert.equal((await runAt(place.open, { report, rows: LATER, quarantine: true })).outcome, 'published');
      assert.equal((await place.keys()).filter((key) => key.startsWith('_quarantine')).length, 2);
    });

    test('on-empty: a file with a header, no file, or a refusal', async () => {
      const onEmpty = (word: string) => reportOf(undefined, `on-empty: ${word}`);
      const publish = await make();
      await runAt(publish.open, { report: onEmpty('publish'), rows: [] });
      assert.equal(`${await publish.get(KEY)}`, 'quando,texto,valor\n');

      const skip = await make();
      const report = onEmpty('skip');
      assert.equal((await runAt(skip.open, { report, rows: [] })).outcome, 'skipped');
      assert.deepEqual(await skip.keys(), [RECORD]);
      assert.deepEqual((await json<RunRecord>(skip, RECORD)).outputs, []);
      assert.equal((await runAt(skip.open, { report })).outcome, 'unchanged');
      assert.equal((await runAt(skip.open, { report, rows: FORMER, restate: 'late' })).outcome, 'restated');
      assert.ok((await skip.keys()).includes(KEY));
      await runAt(skip.open, { report, rows: [], restate: 'they were not ours' });
      assert.ok(!(await skip.keys()).includes(KEY));
      assert.ok((await skip.keys()).includes(`${HISTORY}r2/${KEY}`));

      const fail = await make();
      await assert.rejects(
        runAt(fail.open, { report: onEmpty('fail'), rows: [] }),
        refused('gate', /gate on-empty: expected at least 1 row, found 0/),
      );
      assert.deepEqual(await fail.keys(), []);
    });

    test('restated to no rows where none are skipped, again, is unchanged', async () => {
      const report = reportOf(undefined, 'on-empty: skip');
      const place = await published({ report, rows: [] });
      const { outcome, record } = await runAt(place.open, { report, rows: [], restate: 'to be sure' });
      assert.deepEqual([outcome, record.revision], ['unchanged', 1]);
    });

    test('of two at the same time exactly one publishes', async () => {
      for (let round = 0; round < 10; round++) {
        const place = await make();
        let reads = 0;
        const run = { rows: FORMER, onRead: () => void reads++ };
        const outcomes = await Promise.allSettled([runAt(place.open, run), runAt(place.open, run)]);
        const said = outcomes.map((one) =>
          one.status === 'fulfilled' ? one.value.outcome : (one.reason as ReportError).code,
        );
        assert.equal(said.filter((word) => word === 'published').length, 1, said.join(' and '));
        assert.ok(said.includes('already-running') || said.includes('unchanged'), said.join(' and '));
        assert.equal(reads, 1);
        assert.deepEqual(await place.keys(), [RECORD, KEY, MANIFEST, SCHEMA]);
      }
    });

    test('one that comes while another reads ends with already-running', async () => {
      const place = await make();
      const second = async () => {
        await assert.rejects(
          runAt(place.open),
          refused(
            'already-running',
            new RegExp(
              `process ${process.pid} on .* is running the same report and period; its lease is ${LEASE}`,
            ),
          ),
        );
      };
      assert.equal((await runAt(place.open, { onRead: second })).outcome, 'published');
    });

    test('interrupted while reading, nothing is left', async () => {
      const place = await make();
      const controller = new AbortController();
      const reason = new Error('interrupted');
      const onRead = () => controller.abort(reason);
      await assert.rejects(runAt(place.open, { signal: controller.signal, onRead }), reason);
      assert.deepEqual(await place.keys(), []);
    });

    test('a source that cannot be closed: nothing is published, and nothing is left', async () => {
      const place = await make();
      const source = {
        ...sourceOf(() => []),
        close: async () => {
          throw new ReportError('source', 'closing failed');
        },
      };
      await assert.rejects(runAt(place.open, { source }), refused('source', /^closing failed$/));
      assert.deepEqual(await place.keys(), []);
    });
  });
}

test('what a place cannot promise is said before anything is read', async () => {
  const store = memoryStore();
  const said: string[] = [];
  const open: Open = async (options) => ({ ...store.open(options), promises: async () => ['It forgets.'] });
  await runAt(open, { warn: (message) => said.push(message), onRead: () => void said.push('read') });
  assert.deepEqual(said, ['It forgets.', 'read']);
});

test('what a killed run staged is removed by the next run of the same, and nothing else is', async () => {
  const store = memoryStore();
  const options = { contentType: 'text/csv', existing: 'never' } as const;
  // The other may well be of a run that works.
  await store.open({ token: 'killed' }).stage('r_20241005.csv', options);
  await store.open({ token: 'other' }).stage('other.csv', options);
  const dead = { lease: 1, token: 'killed', host: 'gone', identity: '', pid: 1, began: '', renewal: '' };
  store.put(LEASE, JSON.stringify(dead));
  store.pass(61_000);
  const { outcome } = await runAt(async (how) => store.open(how));
  assert.equal(outcome, 'published');
  assert.deepEqual(store.staged(), ['other.csv']);
});

test('a run record that nobody can read is refused, and stays', async () => {
  const store = memoryStore();
  store.put(RECORD, 'x');
  await assert.rejects(
    runAt(async (options) => store.open(options)),
    refused('contract', /20241005\.json cannot be read/),
  );
  assert.deepEqual(store.keys(), [RECORD]);
});

/** Makes the lease that is held one of a host about which nothing is known, and lets its life pass. */
function outliveLease(store: MemoryStore): void {
  const elsewhere = { ...(store.json(LEASE) as object), process: 'another', identity: 'another host' };
  store.put(LEASE, JSON.stringify(elsewhere));
  store.pass(61_000);
}

/** Opens the store; before the first such step at the key the run stands still, and what `meanwhile` does happens. */
function standingStill(
  open: Open,
  [name, key]: readonly ['stage' | 'publish', string],
  meanwhile: () => Promise<unknown>,
): Open {
  let stood = false;
  const stand = async (at: string, where: string) => {
    if (stood || at !== name || where !== key) return;
    stood = true;
    await meanwhile();
  };
  return async (options) => {
    const destination = await open(options);
    return {
      ...destination,
      async stage(where, how) {
        await stand('stage', where);
        // After the question whether the lease is held, and before the file becomes visible.
        const confirm = async () => {
          await how.confirm?.();
          await stand('publish', where);
        };
        return destination.stage(where, { ...how, confirm });
      },
    };
  };
}

test('a run whose lease another took while it read does not publish', async () => {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  const onRead = () =>
    store.put(LEASE, JSON.stringify({ ...(store.json(LEASE) as object), token: 'another' }));
  await assert.rejects(
    runAt(open, { onRead: () => void onRead() }),
    refused('already-running', /was lost: another run took it$/),
  );
  assert.deepEqual([store.keys(), store.staged()], [[LEASE], []]);
});

test('a run that stood still, and whose lease nobody took, publishes', async (t) => {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  const started = performance.now();
  const onRead = () => {
    store.pass(600_000);
    t.mock.method(performance, 'now', () => started + 600_000);
  };
  assert.equal((await runAt(open, { onRead })).outcome, 'published');
  assert.deepEqual(store.keys(), [RECORD, KEY, MANIFEST, SCHEMA]);
});

for (const [step, key, said] of [
  ['stage', PENDING, /was lost: another run took it$/],
  ['publish', PENDING, /was lost: another run took it$/],
  ['stage', MANIFEST, /was lost: another run took it$/],
  ['publish', KEY, /was lost: another run took it$/],
  ['publish', MANIFEST, /was lost: another run took it$/],
  ['publish', RECORD, /was lost: another run took it$/],
] as const) {
  test(`a run that stood still before it could ${step} ${key} does not spoil what another published since`, async () => {
    const store = memoryStore({ keepsTokens: false });
    const open: Open = async (options) => store.open(options);
    const meanwhile = async () => {
      outliveLease(store);
      assert.equal((await runAt(open, { rows: LATER })).outcome, 'published');
    };
    const effect = new Effect();
    const run = runAt(standingStill(open, [step, key], meanwhile), { rows: FORMER, effect });
    await assert.rejects(run, (error: unknown) => {
      assert.match(messageOf(error), said);
      assert.equal(effect.reach, 'untouched');
      return true;
    });
    const record = store.json(RECORD) as RunRecord;
    const manifest = store.json(MANIFEST) as Manifest;
    assert.equal((await runAt(open, { rows: LATER })).outcome, 'unchanged');
    assert.deepEqual(
      [record.rows, manifest.token, manifest.sha256],
      [3, record.token, record.outputs[0]?.sha256],
    );
    assert.deepEqual([store.keys(), store.staged()], [[RECORD, KEY, MANIFEST, SCHEMA], []]);
  });
}

/**
 * Opens the store as a bucket to which files go in one request: nobody can take away what is staged. Before the request of that
 * key, and after the question whether the lease is held, the run stands still, and what `meanwhile` does happens.
 */
function inOneRequest(store: MemoryStore, key: string, meanwhile: () => Promise<unknown>): Open {
  return async (options) => {
    const destination = store.open(options);
    return {
      ...destination,
      async stage(where, { confirm, ...how }) {
        const chunks: Buffer[] = [];
        return {
          write: async (chunk) => void chunks.push(Buffer.from(chunk)),
          discard: async () => {},
          async publish() {
            await confirm?.();
            if (where === key) await meanwhile();
            const staged = await destination.stage(where, how);
            for (const chunk of chunks) await staged.write(chunk);
            return staged.publish();
          },
        };
      },
    };
  };
}

for (const key of [PENDING, KEY, RECORD]) {
  test(`a request for ${key} on its way while another run took the lease and looked: that run says that it is to be run again`, async () => {
    const store = memoryStore();
    const open: Open = async (options) => store.open(options);
    let wakeUp = () => {};
    const awake = new Promise<void>((resolve) => {
      wakeUp = resolve;
    });
    let other: Promise<unknown> = Promise.resolve();
    const hasLooked = () =>
      new Promise<void>((resolve) => {
        outliveLease(store);
        const onRead = async () => {
          resolve();
          await awake;
        };
        other = runAt(open, { rows: LATER, onRead });
      });
    const end = await runAt(inOneRequest(store, key, hasLooked), { rows: FORMER }).then(
      ({ outcome }) => outcome,
      (error: ReportError) => error.code,
    );
    assert.equal(end, key === RECORD ? 'published' : 'already-running');
    wakeUp();
    await assert.rejects(other, (error: ReportError) => {
      assert.match(error.message, /: (it is gone by now|a former run .* wrote it meanwhile)(;|$)/);
      assert.equal(error.hint, 'Nothing was overwritten. Run the same command again.');
      assert.equal(error.retryable, true);
      return true;
    });
    const { outcome, record } = await runAt(open, { rows: LATER });
    assert.deepEqual([outcome, record.rows], key === RECORD ? ['unchanged', 2] : ['published', 3]);
    assert.equal((await runAt(open, { rows: LATER })).outcome, 'unchanged');
    assert.deepEqual([store.keys(), store.staged()], [[RECORD, KEY, MANIFEST, SCHEMA], []]);
  });
}

test('a file that a run made visible after it lost its lease, before it was killed, is removed by the next run', async () => {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  const two = reportOf(['{ format: csv, key: "r_{YYYYMMDD}_{texto}.csv", split-by: texto }']);
  let killed = () => {};
  const isKilled = new Promise<void>((resolve) => {
    killed = resolve;
  });
  const meanwhile = async () => {
    outliveLease(store);
    await runAt(open, { report: two, rows: [['b', '1']] });
    killed();
    await new Promise(() => {});
  };
  const rows: Row[] = [['a', '1']];
  void runAt(standingStill(open, ['publish', 'r_20241005_a.csv'], meanwhile), {
    report: two,
    rows,
    token: 'slow',
  });
  await isKilled;
  const keys = periodKeys('vendas', periodContaining('day', '2024-10-05'));
  const state = await readState(store.open(), keys);
  // Its request was on its way, and the store carried it out.
  const bytes = state.pending?.outputs.find(({ token }) => token === 'slow')?.bytes ?? 0;
  store.put('r_20241005_a.csv', Buffer.alloc(bytes), { token: 'slow' });
  const strays = await strayFiles(state, store.open());
  assert.deepEqual(
    strays.map(({ key }) => key),
    ['r_20241005_a.csv'],
  );
  assert.equal((await runAt(open, { report: two })).outcome, 'unchanged');
  const file = 'r_20241005_b.csv';
  assert.deepEqual(store.keys(), [RECORD, file, `${file}.manifest.json`, `${file}.schema.json`]);
});

test('a file that another writer replaced right after it was published is told', async () => {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  const effect = new Effect();
  const meanwhile = async () => void store.put(KEY, 'other bytes');
  await assert.rejects(
    runAt(standingStill(open, ['publish', RECORD], meanwhile), { effect }),
    refused(
      'destination',
      /recorded as published, but another writer changed .*r_20241005\.csv meanwhile: it has other content/,
    ),
  );
  assert.equal(effect.reach, 'recorded');
});

test('a file that cannot be looked at when the record is written is told, and the period is published', async () => {
  const store = memoryStore();
  let isRecorded = false;
  const open: Open = async (options) => {
    const destination = store.open(options);
    return {
      ...destination,
      async stat(key) {
        isRecorded ||= store.keys().includes(RECORD);
        if (isRecorded && key === KEY) throw new ReportError('destination', 'the disk failed');
        return destination.stat(key);
      },
    };
  };
  const warnings: string[] = [];
  const { outcome } = await runAt(open, { warn: (message) => warnings.push(message) });
  assert.equal(outcome, 'published');
  assert.match(
    warnings.join('\n'),
    /whether another writer changed .*r_20241005\.csv could not be found out/,
  );
});

test('the epoch grows with every run that took the lease', async () => {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  const epochs: (number | undefined)[] = [];
  for (const rows of [FORMER, LATER, FORMER]) {
    const { record } = await runAt(open, { rows, restate: 'outra vez' });
    epochs.push(record.epoch);
  }
  assert.deepEqual(epochs, [1, 2, 3]);
});
