// What is run while something fails, and what must hold afterwards, wherever it is published.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseManifest, parsePending, parseRunRecord } from '../../src/publish/documents.js';
import type { Report } from '../../src/reports/report.js';
import { memoryStore } from '../support/memory-destination.js';
import {
  batchesOf,
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

export interface Scenario {
  readonly name: string;
  readonly report: Report;
  readonly rows: readonly Row[];
  readonly restate?: string;
  /** Brings about what is there before. */
  readonly before?: (open: Open) => Promise<void>;
}

const FORMER: readonly Row[] = [['antes', '1.50']];
const AFTER: readonly Row[] = [
  ['depois', '2.50'],
  ['e mais', '0.01'],
];
/** Two full parts of 64 KiB and a bit. */
const LARGE: readonly Row[] = Array.from({ length: 33 }, (_, index) => [`${index}`.padEnd(4_000, 'x'), '1']);
const two = reportOf([
  '{ format: csv, key: "a/{YYYYMMDD}.csv" }',
  '{ format: csv, key: "b/{YYYYMMDD}.csv.gz", compress: gzip }',
]);

const split = reportOf([
  '{ format: csv, key: "{YYYYMMDD}.csv" }',
  '{ format: csv, key: "{texto}/{YYYYMMDD}.csv", split-by: texto }',
]);

const publishFormer = (report: Report) => async (open: Open) => {
  await runAt(open, { report, source: sourceOf(() => batchesOf(FORMER, 'former')) });
};

export const SCENARIOS = {
  first: { name: 'a first publication', report: reportOf(), rows: AFTER },
  parts: { name: 'a first publication in parts', report: reportOf(), rows: LARGE },
  two: { name: 'two outputs', report: two, rows: AFTER },
  restated: {
    name: 'a restatement',
    report: reportOf(),
    rows: AFTER,
    restate: 'late rows',
    before: publishFormer(reportOf()),
  },
  restatedTwo: {
    name: 'a restatement of two outputs',
    report: two,
    rows: AFTER,
    restate: 'late rows',
    before: publishFormer(two),
  },
  split: { name: 'a split', report: split, rows: AFTER },
  restatedSplit: {
    name: 'a restatement in which one part goes and two appear',
    report: split,
    rows: AFTER,
    restate: 'late rows',
    before: publishFormer(split),
  },
  remains: {
    name: 'a run over the remains of another',
    report: two,
    rows: AFTER,
    // The second file cannot become visible, and whoever runs next finds the first one.
    before: async (open) => {
      const broken: Open = async (options) => {
        const destination = await open(options);
        return {
          ...destination,
          async stage(key, how) {
            const staged = await destination.stage(key, how);
            if (!key.startsWith('b/')) return staged;
            const publish = () => staged.discard().then(() => Promise.reject(new Error('killed')));
            return {
              write: (chunk) => staged.write(chunk),
              discard: () => staged.discard(),
              publish,
            };
          },
        };
      };
      const former = { report: two, source: sourceOf(() => batchesOf(FORMER, 'former')) };
      await assert.rejects(runAt(broken, former), /killed/);
    },
  },
} satisfies Record<string, Scenario>;

/** What is at a place, by its key. */
export type Files = ReadonlyMap<string, Buffer>;

/** What the run reads while something fails, and what the one after it reads: only the volatile column differs. */
export function readingOf({ report, rows, restate }: Scenario, quando: 'during' | 'after'): PeriodRun {
  const source = sourceOf(() => batchesOf(rows, quando));
  return { report, source, ...(restate === undefined ? {} : { restate }) };
}

/** What each output must hold if it is of that run. */
export async function filesOf(scenario: Scenario, quando: 'during' | 'after'): Promise<Files> {
  const store = memoryStore();
  await runAt(async (options) => store.open(options), readingOf(scenario, quando));
  const outputs = store.keys().filter(isOutput);
  return new Map(outputs.map((key) => [key, store.get(key) ?? Buffer.alloc(0)]));
}

function isOutput(key: string): boolean {
  return !key.startsWith('_') && !/\.(manifest|schema)\.json$/.test(key);
}

function sha256(content: Buffer | undefined): string {
  return createHash('sha256')
    .update(content ?? '')
    .digest('hex');
}

/** @param runs what each run that was there can have published */
export function assertNothingBad(files: Files, before: Files, runs: readonly Files[]): void {
  for (const key of new Set(runs.flatMap((run) => [...run.keys()]))) {
    const content = files.get(key);
    const allowed = [before, ...runs].map((run) => run.get(key));
    const isAllowed = allowed.some((one) =>
      one === undefined ? content === undefined : content?.equals(one),
    );
    assert.ok(isAllowed, `${key} holds what no run published: ${content?.length} bytes`);
  }
  for (const key of files.keys()) {
    const known =
      isOutput(key) || /\.(manifest|schema)\.json$/.test(key) || [RECORD, PENDING, LEASE].includes(key);
    assert.ok(known || key.startsWith(HISTORY), `${key} is there`);
  }
  const record = recordIn(files);
  if (record === undefined) {
    assert.equal(before.get(RECORD), undefined, 'the run record is gone');
    return;
  }
  const note = files.get(PENDING);
  const pending = note && parsePending(note, PENDING);
  for (const { key, sha256: expected } of record.outputs) {
    const found = sha256(files.get(key));
    const next = pending?.token === record.token ? undefined : pending?.outputs;
    // While a restatement is under way the note names what takes the place of the record's files; others go.
    const goes = !files.has(key) && next?.every((one) => one.key !== key);
    const begun = goes || next?.some((one) => one.sha256 === found);
    assert.ok(found === expected || begun, `${key} is not what the run record says`);
  }
}

function recordIn(files: Files) {
  const record = files.get(RECORD);
  return record && parseRunRecord(record, RECORD);
}

/** After a run to which nothing happened: everything is there, and nothing else. */
export function assertComplete(
  { restate }: Pick<Scenario, 'restate'>,
  files: Files,
  before: Files,
  runs: readonly Files[],
) {
  const record = recordIn(files);
  assert.ok(record, 'there is no run record');
  const keys = [...(runs[0]?.keys() ?? [])];
  assert.deepEqual(record.outputs.map(({ key }) => key).sort(), keys.sort());
  for (const { key, sha256: expected } of record.outputs) {
    const content = files.get(key);
    assert.ok(
      runs.some((run) => content && run.get(key)?.equals(content)),
      `${key} is of no run`,
    );
    assert.equal(sha256(content), expected);
    const manifest = parseManifest(files.get(`${key}.manifest.json`) ?? Buffer.alloc(0), key);
    assert.deepEqual(
      [manifest.sha256, manifest.token, manifest.revision],
      [expected, record.token, record.revision],
    );
    assert.equal(manifest.content === record.content, manifest.split === undefined);
    assert.equal(JSON.parse(`${files.get(`${key}.schema.json`)}`).hash, `sha256:${expected}`);
  }
  const beside = keys.flatMap((key) => [`${key}.manifest.json`, `${key}.schema.json`]);
  const published = [RECORD, ...keys, ...beside];
  const kept = restate === undefined ? [] : [...before.keys()];
  const history = kept.map((key) => `${HISTORY}r1/${key === RECORD ? 'record.json' : key}`);
  assert.deepEqual([...files.keys()].sort(), [...published, ...history].sort());
  for (const [index, key] of kept.entries()) {
    const former = before.get(key);
    assert.ok(former && files.get(history[index] ?? '')?.equals(former), `${history[index]} differs`);
  }
  assert.equal(record.revision, restate === undefined ? 1 : 2);
  assert.equal(record.restated?.reason, restate);
  assert.deepEqual(record.restated?.rows, restate === undefined ? undefined : { before: 1, after: 2 });
}

/** The lease of a run as one whose process has ended: here all runs are of one process. */
export function endedHolder(lease: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(lease.toString('utf8')), began: '1' }));
}
