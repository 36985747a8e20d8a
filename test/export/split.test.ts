// One read into one file for each value: in every format and place, whatever the values are, restated, and when it goes wrong.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ReportError } from '../../src/core/errors.js';
import type { Batch, Cell, EncodedRows } from '../../src/core/table.js';
import { openFolder } from '../../src/destinations/file.js';
import { openDestination } from '../../src/destinations/index.js';
import { Channel } from '../../src/export/split/channel.js';
import type { Manifest, RunRecord } from '../../src/publish/documents.js';
import { cellEnds } from '../../src/rows/encoded-rows.js';
import { Spool } from '../../src/rows/spool.js';
import { verifyFile } from '../../src/verify/verify.js';
import { filesBelow, temporaryFolder } from '../support/cli.js';
import { BATCH_FORMS, copyTextBatch } from '../support/copy-text.js';
import { memoryStore } from '../support/memory-destination.js';
import {
  batchesOf,
  HISTORY,
  LEASE,
  type Open,
  PENDING,
  RECORD,
  type Row,
  reportOf,
  runAt,
  sourceOf,
} from '../support/period-run.js';
import { startS3Server } from '../support/s3-server.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const CSV = '{ format: csv, key: "{texto}/r_{YYYYMMDD}.csv", split-by: texto }';
const ROWS: readonly Row[] = [
  ['ACME', '1.50'],
  ['Café', '2.25'],
  ['ACME', null],
  [null, '-0.75'],
  ['Café', '10'],
];
const KEYS = ['ACME/r_20241005.csv', 'Café/r_20241005.csv', '_null/r_20241005.csv'];

interface Place {
  readonly open: Open;
  keys(): Promise<string[]>;
  get(key: string): Promise<Buffer>;
  close(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'a folder': async () => {
    const folder = await temporaryFolder();
    return {
      open: (options) => openFolder(folder, options),
      keys: () => filesBelow(folder),
      get: (key) => readFile(join(folder, key)),
      close: () => rm(folder, { recursive: true }),
    };
  },
  'a bucket': async () => {
    const server = await startS3Server({ bucket: 'bucket' });
    return {
      open: ({ token, signal }) => {
        const more = { allowHttp: false, region: 'us-east-1', endpoint: server.url };
        const s3 = { pathStyle: true, partSize: 5 * 1024 ** 2, encryption: 'AES256' as const, ...more };
        return openDestination('s3://bucket', { token, signal, s3 });
      },
      keys: async () => server.keys(),
      get: async (key) => server.get(key)?.body ?? assert.fail(`${key} is not there`),
      async close() {
        assert.deepEqual(server.uploads(), []);
        await server.close();
      },
    };
  },
};

async function json<T>(place: Pick<Place, 'get'>, key: string): Promise<T> {
  return JSON.parse(`${await place.get(key)}`) as T;
}

function inMemory() {
  const store = memoryStore();
  const open: Open = async (options) => store.open(options);
  return { store, open };
}

const outputs = (store: ReturnType<typeof memoryStore>) =>
  store.keys().filter((key) => !key.startsWith('_reportctl/') && !/\.(manifest|schema)\.json$/.test(key));

/** The temporary files of this process that are still open. */
async function openSpools(): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(links)).filter((link) => /reportctl-(split|parts)-/.test(link));
}

for (const [name, make] of Object.entries(PLACES)) {
  describe(name, () => {
    let place: Place;
    before(async () => {
      place = await make();
    });
    after(() => place.close());

    test('every format is split from the one read, and each file is what its manifest and the record say', async () => {
      const report = reportOf(
        [
          '{ format: csv, key: "r_{YYYYMMDD}.{ext}" }',
          CSV,
          '{ format: csv, key: "{texto}/r_{YYYYMMDD}.{ext}", split-by: texto, locale: pt-BR, compress: gzip }',
          '{ format: xlsx, key: "{texto}/r_{YYYYMMDD}.{ext}", split-by: [texto] }',
          '{ format: pdf, key: "{texto}/r_{YYYYMMDD}.{ext}", split-by: [texto] }',
        ],
        'order-by: [valor]',
      );
      let reads = 0;
      const { outcome } = await runAt(place.open, { report, rows: ROWS, onRead: () => void reads++ });
      assert.deepEqual([outcome, reads], ['published', 1]);
      const record = await json<RunRecord>(place, RECORD);
      const files = KEYS.flatMap((key) => [
        key,
        `${key}.gz`,
        key.replace('.csv', '.xlsx'),
        key.replace('.csv', '.pdf'),
      ]);
      assert.deepEqual(record.outputs.map(({ key }) => key).sort(), ['r_20241005.csv', ...files].sort());
      const expected = [
        RECORD,
        ...record.outputs.flatMap(({ key }) => [key, `${key}.manifest.json`, `${key}.schema.json`]),
      ];
      assert.deepEqual(await place.keys(), expected.sort());

      const [texts, quando] = [new Map<string, string>(), '^[^,]+,'];
      for (const key of KEYS)
        texts.set(key, `${await place.get(key)}`.replaceAll(new RegExp(quando, 'gm'), ''));
      assert.deepEqual(
        [...texts.values()],
        ['texto,valor\nACME,1.50\nACME,\n', 'texto,valor\nCafé,2.25\nCafé,10\n', 'texto,valor\n,-0.75\n'],
      );
      const brazilian = gunzipSync(await place.get(`${KEYS[1]}.gz`)).toString();
      assert.match(brazilian, /^\ufeffquando;texto;valor\r\n[^;]+;Café;2,25\r\n[^;]+;Café;10\r\n$/);

      const manifest = await json<Manifest>(place, `${KEYS[0]}.manifest.json`);
      assert.deepEqual(
        [manifest.split, manifest.rows, manifest.totals, manifest.nulls],
        [{ texto: 'ACME' }, 2, { valor: '1.50' }, { quando: 0, texto: 0, valor: 1 }],
      );
      assert.deepEqual(
        record.outputs
          .filter(({ key }) => key.endsWith('.csv'))
          .map(({ split, rows }) => [split?.texto, rows]),
        [
          [undefined, 5],
          ['ACME', 2],
          ['Café', 2],
          [null, 1],
        ],
      );
      const destination = await place.open({ token: 'verify', signal: new AbortController().signal });
      for (const { key } of record.outputs) {
        const root = destination.label;
        const { differences } = await verifyFile(
          { root, key },
          { open: async () => destination, listings: { find: async () => undefined } },
        );
        assert.deepEqual(differences, [], key);
      }
      await destination.close();
      assert.deepEqual(await openSpools(), []);
    });
  });
}

describe('what the files are', () => {
  test('a dimension is the column that it is mapped to, and several are one file for each combination', async () => {
    const { store, open } = inMemory();
    const report = reportOf(
      ['{ format: csv, key: "{organization}/{valor}.csv", split-by: [organization, valor] }'],
      'filters: { organization: texto }',
    );
    const rows: readonly Row[] = [...ROWS, ['ACME', '1.50']];
    await runAt(open, { report, rows });
    assert.deepEqual(outputs(store), [
      'ACME/1.50.csv',
      'ACME/_null.csv',
      'Café/10.csv',
      'Café/2.25.csv',
      '_null/-0.75.csv',
    ]);
    const manifest = store.json('ACME/1.50.csv.manifest.json') as Manifest;
    assert.deepEqual([manifest.split, manifest.rows], [{ texto: 'ACME', valor: '1.50' }, 2]);
  });

  test('without rows there are no files, whatever on-empty says', async () => {
    for (const [word, outcome] of Object.entries({ publish: 'published', skip: 'skipped' })) {
      const { store, open } = inMemory();
      const result = await runAt(open, { report: reportOf([CSV], `on-empty: ${word}`), rows: [] });
      assert.deepEqual([result.outcome, result.record.outputs], [outcome, []]);
      assert.deepEqual(store.keys(), [RECORD]);
    }
    const { store, open } = inMemory();
    const failing = runAt(open, { report: reportOf([CSV], 'on-empty: fail'), rows: [] });
    await assert.rejects(failing, /gate on-empty/);
    assert.deepEqual(store.keys(), []);
  });

  test('names with slashes, dots, emoji, control characters, 300 letters, none, null: each has its file', async () => {
    const names = ['a/b', 'a\\b', 'a:b', '..', '.', '', 'x'.repeat(300), 'x'.repeat(301), '🍕', '\n', '\\N'];
    const more = [
      '_null',
      '_reportctl',
      '_quarantine',
      'caf\u0065\u0301',
      'café',
      'a.manifest.json',
      ' a',
      'a ',
    ];
    const rows = [...names, ...more, null].map((name, index): Row => [name, `${index}`]);
    const { store, open } = inMemory();
    await runAt(open, { report: reportOf([CSV]), rows });
    assert.equal(outputs(store).length, rows.length);
    const { outputs: listed } = store.json(RECORD) as RunRecord;
    const found = listed.map(({ split, key }) => [
      split?.texto,
      `${store.get(key)}`.trim().split(',').at(-1),
    ]);
    for (const [name, index] of rows) {
      assert.ok(
        found.some(([value, last]) => value === name && last === index),
        JSON.stringify(name),
      );
    }
    assert.deepEqual(await openSpools(), []);
  });

  test('values that differ in case alone are two files, but where the place knows no case nothing is published', async () => {
    const rows: readonly Row[] = [
      ['Acme', '1'],
      ['ACME', '2'],
    ];
    const { store, open } = inMemory();
    await runAt(open, { report: reportOf([CSV]), rows });
    assert.deepEqual(outputs(store), ['ACME/r_20241005.csv', 'Acme/r_20241005.csv']);

    const other = memoryStore();
    const careless: Open = async (options) => {
      const destination = other.open(options);
      const stat: typeof destination.stat = (key) =>
        destination.stat(other.keys().find((one) => one.toLowerCase() === key.toLowerCase()) ?? key);
      return { ...destination, stat };
    };
    await assert.rejects(runAt(careless, { report: reportOf([CSV]), rows }), (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'contract');
      assert.match(error.message, /^two files would have the key .*: texto "Acme", and texto "ACME"$/);
      assert.match(error.hint ?? '', /does not tell upper from lower case/);
      return true;
    });
    assert.deepEqual(other.keys(), []);
  });

  test('a value that makes the key of another output is refused before anything is visible', async () => {
    const { store, open } = inMemory();
    const report = reportOf([
      '{ format: csv, key: total.csv }',
      '{ format: csv, key: "{texto}", split-by: texto }',
    ]);
    await assert.rejects(
      runAt(open, { report, rows: [['total.csv', '1']] }),
      /two files would have the key total\.csv: the file of all rows, and texto "/,
    );
    assert.deepEqual([store.keys(), store.staged()], [[], []]);
  });

  test('a value that would make a name of reportctl itself is marked', async () => {
    const made = async (key: string, value: string) => {
      const { store, open } = inMemory();
      const { record } = await runAt(open, {
        report: reportOf([`{ format: csv, key: "${key}", split-by: texto }`]),
        rows: [[value, '1']],
      });
      assert.ok(store.get(record.outputs[0]?.key ?? ''));
      return record.outputs[0]?.key.replace(/~[0-9a-f]{8}/, '~…');
    };
    assert.equal(await made('{texto}', 'x.manifest.json'), 'x.manifest.json~…');
    assert.equal(await made('{texto}.json', 'x.schema'), 'x.schema~….json');
    assert.equal(await made('_{texto}/x.csv', 'reportctl'), '_reportctl~…/x.csv');
    assert.equal(await made('_{texto}/x.csv', 'QUARANTINE'), '_QUARANTINE~…/x.csv');
    assert.equal(await made('{texto}.csv', 'x.manifest'), 'x.manifest.csv');
  });
});

test('the first parts are written while the rows are read, the others after them, and all are as their rows', async () => {
  const rows = Array.from({ length: 30_000 }, (_, index): Row => [`org ${(index * 7) % 100}`, `${index}.5`]);
  const { store, open } = inMemory();
  const { record } = await runAt(open, { report: reportOf([CSV]), rows });
  assert.equal(record.outputs.length, 100);
  for (let org = 0; org < 100; org++) {
    const name = `org ${org}`;
    const lines = `${store.get(`${name}/r_20241005.csv`)}`.split('\n').slice(1, -1);
    const expected = rows.filter(([texto]) => texto === name).map(([texto, valor]) => `${texto},${valor}`);
    assert.deepEqual(
      lines.map((line) => line.replace(/^[^,]+,/, '')),
      expected,
    );
    const output = record.outputs.find(({ key }) => key.startsWith(`${name}/`));
    assert.deepEqual([output?.rows, output?.split], [300, { texto: name }]);
  }
  assert.deepEqual(await openSpools(), []);
});

test('a key in which values run together is refused for the values that do', async () => {
  const { store, open } = inMemory();
  const report = reportOf(['{ format: csv, key: "{texto}_{valor}.csv", split-by: [texto, valor] }']);
  const rows: readonly Row[] = [
    ['a_1', '2'],
    ['a', '1_2'],
  ];
  await assert.rejects(runAt(open, { report, rows }), /two files would have the key a_1_2\.csv: /);
  assert.deepEqual(store.keys(), []);
});

test('an organization with a schedule has no file among the parts, and still counts', async () => {
  const { store, open } = inMemory();
  const report = reportOf(
    ['{ format: csv, key: all.csv }', '{ format: csv, key: "{organization}.csv", split-by: organization }'],
    'filters: { organization: texto }\nschedules: { Café: month }',
  );
  const { record } = await runAt(open, { report, rows: ROWS });
  assert.deepEqual(outputs(store), ['ACME.csv', '_null.csv', 'all.csv']);
  assert.deepEqual([record.rows, record.outputs.map(({ rows }) => rows)], [5, [5, 2, 1]]);
});

describe('restated', () => {
  test('a value that is gone goes and is kept in the history, a new one appears, what stays is replaced', async () => {
    const { store, open } = inMemory();
    const report = reportOf([CSV]);
    await runAt(open, { report, rows: ROWS });
    const former = new Map(store.keys().map((key) => [key, store.get(key)]));
    const rows: readonly Row[] = [
      ['ACME', '7'],
      ['Nova', '8'],
    ];
    const { outcome, record } = await runAt(open, { report, rows, restate: 'estornos' });
    assert.deepEqual(
      [outcome, record.outputs.map(({ split }) => split?.texto)],
      ['restated', ['ACME', 'Nova']],
    );
    const now = ['ACME/r_20241005.csv', 'Nova/r_20241005.csv'].flatMap((key) => [
      key,
      `${key}.manifest.json`,
      `${key}.schema.json`,
    ]);
    const kept = [...former.keys()].map((key) => `${HISTORY}r1/${key === RECORD ? 'record.json' : key}`);
    assert.deepEqual(store.keys(), [RECORD, ...now, ...kept].sort());
    for (const [index, key] of [...former.keys()].entries()) {
      assert.deepEqual(store.get(kept[index] ?? ''), former.get(key));
    }
    const again = await runAt(open, { report, rows, restate: 'to be sure' });
    assert.deepEqual([again.outcome, again.record.revision], ['unchanged', 2]);
  });

  test('a run that broke off among the files is made whole by the next, though that reads other values', async () => {
    const { store, open } = inMemory();
    const report = reportOf([CSV]);
    const rows: readonly Row[] = Array.from({ length: 40 }, (_, index) => [`n${index}`, '1']);
    let published = 0;
    const breaking: Open = async (options) => {
      const destination = await open(options);
      const stage: typeof destination.stage = async (key, how) => {
        const staged = await destination.stage(key, how);
        if (!key.endsWith('.csv') || ++published <= 20) return staged;
        const publish = () =>
          staged.discard().then(() => Promise.reject(new ReportError('destination', 'gone')));
        return { write: (chunk) => staged.write(chunk), discard: () => staged.discard(), publish };
      };
      return { ...destination, stage };
    };
    await assert.rejects(
      runAt(breaking, { report, rows }),
      /^ReportError: gone; already visible, but not recorded as published: \S+, \S+, \S+ and 17 more$/,
    );
    assert.deepEqual([store.staged(), await openSpools()], [[], []]);
    assert.ok(store.get(PENDING) && !store.get(RECORD));
    await runAt(open, { report, rows: ROWS });
    assert.deepEqual(
      outputs(store).filter((key) => !key.startsWith('_reportctl')),
      KEYS,
    );
    assert.equal(store.keys().length, 10);
  });

  test('a file that somebody else has under the key of a part is refused, and nothing is published', async () => {
    const { store, open } = inMemory();
    store.put(KEYS[1] ?? '', 'by hand');
    await assert.rejects(
      runAt(open, { report: reportOf([CSV]), rows: ROWS }),
      /Café\/r_20241005\.csv .*already exists/,
    );
    assert.deepEqual([store.keys(), store.staged(), await openSpools()], [[KEYS[1]], [], []]);
  });
});

describe('what goes wrong', () => {
  test('a gate that does not hold leaves nothing, and with --quarantine every part where readers do not look', async () => {
    const report = reportOf([CSV], 'gates: { min-rows: 6 }');
    const { store, open } = inMemory();
    await assert.rejects(runAt(open, { report, rows: ROWS }), /gate min-rows/);
    assert.deepEqual([store.keys(), store.staged(), await openSpools()], [[], [], []]);
    await assert.rejects(runAt(open, { report, rows: ROWS, quarantine: true }), /kept for inspection: /);
    const held = KEYS.map((key) => `_quarantine/${key}`);
    assert.deepEqual(store.keys(), held.flatMap((key) => [key, `${key}.manifest.json`]).sort());
    assert.deepEqual([store.staged(), await openSpools()], [[], []]);
  });

  test('a source that fails after rows, and an interrupt while the parts are made, leave nothing', async () => {
    const { store, open } = inMemory();
    const report = reportOf([CSV]);
    const breaking = sourceOf(async function* () {
      yield* batchesOf(ROWS);
      throw new ReportError('source', 'the connection broke');
    });
    await assert.rejects(runAt(open, { report, source: breaking }), /the connection broke/);
    const controller = new AbortController();
    const interrupting = sourceOf(async function* () {
      yield* batchesOf(ROWS);
      setImmediate(() => controller.abort(new Error('interrupted')));
    });
    await assert.rejects(
      runAt(open, { report, source: interrupting, signal: controller.signal }),
      /interrupted/,
    );
    assert.deepEqual([store.keys(), store.staged(), await openSpools()], [[], [], []]);
  });

  for (const [when, output] of [
    ['while the rows are read', CSV],
    ['after them', '{ format: csv, key: "{texto}/r_{YYYYMMDD}.{ext}", split-by: texto, compress: gzip }'],
  ] as const) {
    test(`parts that do not add up to the whole are an error of ours, and nothing is published (${when})`, async (t) => {
      const { store, open } = inMemory();
      const withoutFirst = (batch: Batch) => copyTextBatch(batch.rows().slice(1));
      const { batches } = Spool.prototype;
      t.mock.method(Spool.prototype, 'batches', async function* (this: Spool, part: number) {
        for await (const batch of batches.call(this, part)) yield part === 1 ? withoutFirst(batch) : batch;
      });
      const { put } = Channel.prototype;
      let puts = 0;
      t.mock.method(Channel.prototype, 'put', function (this: Channel<Batch>, batch: Batch) {
        return put.call(this, puts++ === 1 ? withoutFirst(batch) : batch);
      });
      await assert.rejects(runAt(open, { report: reportOf([output]), rows: ROWS }), (error: unknown) => {
        assert.ok(error instanceof ReportError);
        assert.equal(error.code, 'unexpected');
        assert.match(
          error.message,
          /by texto do not add up to the whole: rows: 4 instead of 5; total valor: 10/,
        );
        return true;
      });
      assert.equal(puts > 0, when === 'while the rows are read');
      assert.deepEqual([store.keys(), store.staged(), await openSpools()], [[], [], []]);
    });
  }

  test('a key that somebody else has, and a place that cannot be asked, end what is under way', async () => {
    const { store, open } = inMemory();
    await (await open({ token: 'other', signal: new AbortController().signal }))
      .stage('Café/r_20241005.csv', { contentType: 'text/csv', existing: 'never' })
      .then((staged) => staged.publish());
    const [taken] = store.keys();
    await assert.rejects(runAt(open, { report: reportOf([CSV]), rows: ROWS }), /Café.* already exists/);
    const silent: Open = async (options) => {
      const destination = await open(options);
      const stat: typeof destination.stat = async (key) => {
        if (key.startsWith('_null')) throw new ReportError('destination', 'nobody answers');
        return destination.stat(key);
      };
      return { ...destination, stat };
    };
    const rows = ROWS.filter(([texto]) => texto !== 'Café');
    await assert.rejects(runAt(silent, { report: reportOf([CSV]), rows }), /nobody answers/);
    assert.deepEqual([store.keys(), store.staged(), await openSpools()], [[taken], [], []]);
  });

  test('of two at the same time one publishes', async () => {
    const { store, open } = inMemory();
    const report = reportOf([CSV]);
    const settled = await Promise.allSettled([1, 2].map(() => runAt(open, { report, rows: ROWS })));
    const [refused] = settled.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as ReportError] : [],
    );
    assert.equal(refused?.code, 'already-running', String(refused));
    assert.deepEqual(outputs(store), KEYS);
    assert.equal(store.get(LEASE), undefined);
  });
});

describe('the spool', () => {
  const columns = ['a', 'org', 'b'].map((name) => ({ name, kind: 'text' as const }));

  async function* each(batches: readonly Batch[]) {
    yield* batches;
  }

  for (const [form, make] of Object.entries(BATCH_FORMS)) {
    test(`gives every part its rows in their order, beyond what memory holds (${form})`, async () => {
      const long = 'é\t\\\n'.repeat(60_000);
      const rows = Array.from({ length: 12_000 }, (_, index): Cell[] => [
        index % 4_000 === 1 ? long : `${index}`,
        index % 7 === 0 ? null : `org ${(index * 31) % 13}`,
        'y'.repeat(index % 3_000),
      ]);
      const batches: Batch[] = [];
      for (let at = 0; at < rows.length; at += 1_000) batches.push(make(rows.slice(at, at + 1_000)));
      const taken = Array.from({ length: 5 }, (): (readonly Cell[])[] => []);
      const spool = new Spool(columns, ['org'], {
        parts: taken.length,
        take: async (part, batch) => {
          const { bytes, ends } = batch.encoded as EncodedRows;
          assert.deepEqual(ends, cellEnds(bytes));
          taken[part]?.push(...batch.rows());
        },
      });
      await spool.take(each(batches));
      const digest = (some: readonly (readonly Cell[])[]) =>
        createHash('sha256').update(JSON.stringify(some)).digest('hex');
      for (const [part, values] of spool.parts.entries()) {
        const found = [...(taken[part] ?? [])];
        for await (const batch of spool.batches(part)) {
          assert.ok(part >= taken.length, 'what was taken ahead is not kept');
          found.push(...batch.rows());
        }
        const expected = rows.filter(([, org]) => org === values[0]);
        assert.deepEqual([found.length, digest(found)], [expected.length, digest(expected)]);
      }
      assert.equal(spool.parts.length, 14);
      await spool.close();
    });
  }

  test('hands on rows of few bytes before the ends of their cells take much memory', async () => {
    const batch = copyTextBatch(Array.from({ length: 100_000 }, (_, row) => ['', `${row % 2}`, '']));
    const counts: number[] = [0, 0];
    let most = 0;
    const spool = new Spool(columns, ['org'], {
      parts: 2,
      take: async (part, { rowCount, encoded }) => {
        assert.deepEqual(encoded?.ends, cellEnds(encoded?.bytes as Buffer));
        counts[part] = (counts[part] as number) + rowCount;
        most = Math.max(most, (encoded?.ends.buffer.byteLength ?? 0) / 4);
      },
    });
    await spool.take(each(Array.from({ length: 12 }, () => batch)));
    assert.deepEqual(counts, [600_000, 600_000]);
    assert.ok(most < 2 ** 21, `the ends of ${most} cells at once`);
    await spool.close();
  });
});
