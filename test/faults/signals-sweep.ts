// The spawned binary gets a signal at every request to its bucket: what it leaves, and that the next run makes it whole.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDestination } from '../../src/destinations/index.js';
import { loadReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { openSource } from '../../src/sources/index.js';
import { finished, spawnReportctl, temporaryFolder } from '../support/cli.js';
import { type Open, PENDING, RECORD, runAt } from '../support/period-run.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import { storeOpener } from '../support/store.js';
import { assertComplete, assertNothingBad, type Files } from './scenarios.js';
import { type Case, type Extent, sampleOf, tryAll } from './tally.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const PART = 5 * 1024 * 1024;
const KEY = 'r_20241005.csv';
const UNFINISHED = '_reportctl/.unfinished/';
/** Written after the run record, and repaired by any later run. */
const LATEST = 'vendas.latest.json';
const CODES = { SIGTERM: 143, SIGINT: 130, SIGKILL: 'SIGKILL' } as const;
type Signal = keyof typeof CODES;

let folder: string;
let report: Report;
interface Scenario {
  readonly name: string;
  readonly documents: string;
  readonly restate?: string;
}

const openAt =
  ({ url }: S3Server): Open =>
  ({ token, signal }) => {
    const more = { allowHttp: false, region: 'us-east-1', endpoint: url };
    const s3 = { pathStyle: true, partSize: PART, encryption: 'AES256' as const, ...more };
    return openDestination('s3://bucket', { token, signal, s3 });
  };

/** As the binary would, in this process. */
async function publish(server: S3Server, documents: string, restate?: string): Promise<void> {
  const { signal } = new AbortController();
  const url = `file:${join(folder, documents)}`;
  const more = { variables: {}, openStore: storeOpener(), signal };
  const source = await openSource({ name: 'base', url, shown: url, ...more });
  try {
    await runAt(openAt(server), { report, source, ...(restate === undefined ? {} : { restate }) });
  } finally {
    await source.close();
  }
}

function visible(server: S3Server): Map<string, Buffer> {
  const keys = server.keys().filter((key) => !key.startsWith(UNFINISHED) && key !== LATEST);
  return new Map(keys.map((key) => [key, server.get(key)?.body ?? Buffer.alloc(0)]));
}

async function start({ restate }: Scenario): Promise<S3Server> {
  const server = await startS3Server({ bucket: 'bucket' });
  if (restate !== undefined) await publish(server, 'former.ndjson');
  return server;
}

/** Runs the binary and sends the signal when the server gets the request of that number. */
async function interrupted(server: S3Server, scenario: Scenario, step: number, signal: Signal) {
  const first = server.requests.length;
  const args = ['run', 'vendas', '--date', '2024-10-05'];
  if (scenario.restate !== undefined) args.push('--restate', scenario.restate);
  const child = spawnReportctl(args, {
    env: {
      ...server.environment,
      REPORTCTL_DESTINATION: 's3://bucket',
      REPORTCTL_S3_PART_SIZE: '5MiB',
      REPORTCTL_QUERIES: folder,
      REPORTCTL_SOURCE_BASE: `file:${join(folder, scenario.documents)}`,
    },
  });
  let isOver = false;
  server.fail((_, index) => {
    if (!isOver && index === first + step) child.kill(signal);
    return false;
  }, 'reset');
  const end = await finished(child);
  isOver = true;
  return { ...end, requests: server.requests.length - first };
}

interface Prepared {
  readonly scenario: Scenario;
  readonly requests: number;
  readonly runs: readonly Files[];
}

async function prepare(scenario: Scenario): Promise<Prepared> {
  const server = await start(scenario);
  try {
    const { code, stderr, requests } = await interrupted(
      server,
      scenario,
      Number.POSITIVE_INFINITY,
      'SIGTERM',
    );
    assert.equal(code, 0, stderr);
    return { scenario, requests, runs: [new Map([[KEY, server.get(KEY)?.body ?? Buffer.alloc(0)]])] };
  } finally {
    await server.close();
  }
}

async function survive({ scenario, runs }: Prepared, step: number, signal: Signal): Promise<void> {
  const server = await start(scenario);
  try {
    const before = visible(server);
    const { code, stderr } = await interrupted(server, scenario, step, signal);
    const files = visible(server);
    assertNothingBad(files, before, runs);
    // A run whose record is written has nothing to interrupt any more.
    const record = files.get(RECORD);
    const isPublished = record !== undefined && !(before.get(RECORD)?.equals(record) ?? false);
    assert.ok(isPublished || server.get(LATEST) === undefined, 'the pointer came before the record');
    assert.ok(code === CODES[signal] || (code === 0 && isPublished), `exit code ${code}: ${stderr}`);
    if (signal !== 'SIGKILL') {
      assert.deepEqual(server.uploads(), []);
      assert.equal(files.has('_reportctl/vendas/20241005.lease'), false, 'the lease is left');
      if (code !== 0) assert.match(stderr, new RegExp(`^reportctl: interrupted by ${signal}: [^\\n]+\\n$`));
    }
    await publish(server, scenario.documents, scenario.restate);
    assertRepaired(scenario, visible(server), before, runs);
    // The next run has aborted those of a run that was killed while it held the lease.
    const withParts = server.uploads().filter(({ parts }) => parts.size > 0);
    const clean = await openAt(server)({ token: 'clean', signal: new AbortController().signal });
    const listed: string[] = [];
    for await (const leftover of clean.leftovers()) {
      listed.push(leftover.key);
      await leftover.remove();
    }
    await clean.close();
    for (const { key } of withParts) assert.ok(listed.includes(key), `the upload of ${key} is not listed`);
    assert.ok(server.uploads().every(({ parts }) => parts.size === 0));
    assert.deepEqual(
      server.keys().filter((key) => key.startsWith(UNFINISHED)),
      [],
    );
  } finally {
    await server.close();
  }
}

function assertRepaired({ restate }: Scenario, files: Files, before: Files, runs: readonly Files[]): void {
  const expected = { name: '', report, rows: [], ...(restate === undefined ? {} : { restate }) };
  assert.equal(files.has(PENDING), false);
  assertComplete(expected, files, before, runs);
}

async function casesOf(scenario: Scenario): Promise<Case[]> {
  const prepared = await prepare(scenario);
  const steps = Array.from({ length: prepared.requests + 1 }, (_, index) => index + 1);
  const signals: readonly Signal[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];
  return signals.flatMap((signal) =>
    steps.map((step) => ({
      kind: signal,
      name: `${scenario.name}: at request ${step}`,
      run: () => survive(prepared, step, signal),
    })),
  );
}

/** Defines the tests. */
export function signalFaults(extent: Extent): void {
  before(async () => {
    folder = await temporaryFolder();
    const definition = `source: base
collection: linhas
filters: { date: dia }
columns: { id: integer, texto: text }
outputs: [{ format: csv, key: "r_{YYYYMMDD}.csv" }]
`;
    await writeFile(join(folder, 'vendas.yaml'), definition);
    report = await loadReport('vendas', { queries: folder, cwd: '.' });
    const line = (id: number, texto: string) =>
      `${JSON.stringify({ id, dia: '2024-10-05T12:00:00Z', texto })}\n`;
    await writeFile(join(folder, 'former.ndjson'), line(1, 'antes'));
    await writeFile(join(folder, 'small.ndjson'), line(1, 'depois') + line(2, 'e mais'));
    const large = Array.from({ length: 18 }, (_, id) => line(id, 'x'.repeat(300_000)));
    await writeFile(join(folder, 'large.ndjson'), large.join(''));
  });
  after(() => rm(folder, { recursive: true }));

  describe('a run that gets a signal', { timeout: 3_600_000 }, () => {
    for (const scenario of [
      { name: 'a first publication in parts', documents: 'large.ndjson' },
      { name: 'a restatement', documents: 'small.ndjson', restate: 'late rows' },
    ]) {
      test(scenario.name, async (t) =>
        tryAll(t, sampleOf(await casesOf(scenario), extent, { all: 2, sample: 37, probe: 143 }), 2),
      );
    }
  });
}
