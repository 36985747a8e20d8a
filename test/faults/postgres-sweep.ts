// The connection to PostgreSQL breaks, ends or falls silent after so many bytes from the server: nothing is published of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { memoryStore } from '../support/memory-destination.js';
import { type Open, runAt } from '../support/period-run.js';
import { openUrl, type TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';
import { startTcpProxy, type TcpProxyOptions } from '../support/tcp-proxy.js';
import { assertComplete, assertNothingBad, type Files } from './scenarios.js';
import { type Case, type Extent, tryAll } from './tally.js';

const KEY = 'r_20241005.csv';
/** Milliseconds after which a run whose server fell silent is interrupted; what breaks has to be noticed without. */
const PATIENCE = 1_500;

let server: TestPostgres;
let report: Report;
let bytes: number;
const store = () => {
  const memory = memoryStore();
  const open: Open = async (options) => memory.open(options);
  const files = (): Files => new Map(memory.keys().map((key) => [key, memory.get(key) ?? Buffer.alloc(0)]));
  return { memory, open, files };
};

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/${server.database}`;
}

async function through(options: TcpProxyOptions, open: Open, signal: AbortSignal) {
  const socket = `${server.folder}/.s.PGSQL.${server.port}`;
  const proxy = await startTcpProxy({ socket, ...options });
  try {
    return await runAt(open, { report, signal, source: () => openUrl(urlOf(proxy.port), { signal }) });
  } finally {
    await proxy.stop();
  }
}

/** How many bytes the server sends: the fewest after which a break does no harm, in steps of 64. */
async function bytesOfOneRun(): Promise<number> {
  const { signal } = new AbortController();
  const isEnough = (count: number) =>
    through({ after: { bytes: count, follows: 'reset' } }, store().open, signal).then(
      () => true,
      () => false,
    );
  let [few, enough] = [0, 64 * 1024];
  while (enough - few > 64) {
    const middle = Math.floor((few + enough) / 2);
    if (await isEnough(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

async function survive(count: number, follows: 'reset' | 'end' | 'stall'): Promise<void> {
  const { memory, open, files } = store();
  const interruption = new Error('interrupted');
  const controller = new AbortController();
  const timer = follows === 'stall' && setTimeout(() => controller.abort(interruption), PATIENCE);
  const outcome = await through({ after: { bytes: count, follows } }, open, controller.signal).catch(
    (error: unknown) => error,
  );
  if (timer) clearTimeout(timer);
  const runs = [new Map([[KEY, expected]])];
  assertNothingBad(files(), new Map(), runs);
  assert.deepEqual(memory.staged(), [], 'something is still staged');
  if (outcome instanceof Error) {
    assert.deepEqual(memory.keys(), [], 'a run that failed left something');
    const isInterrupted = follows === 'stall' && outcome === interruption;
    assert.ok(
      isInterrupted || (outcome instanceof ReportError && outcome.code === 'source'),
      String(outcome),
    );
  }
  await runAt(open, { report, source: () => openUrl(server.url) });
  assertComplete({}, files(), new Map(), runs);
}

const expected = Buffer.from(
  `id,texto\n${Array.from({ length: 200 }, (_, index) => `${index + 1},${'x'.repeat(40)}\n`).join('')}`,
);

/** Defines the tests. */
export function connectionFaults(extent: Extent): void {
  before(async () => {
    server = await createDatabase();
    const definition =
      'source: base\ncolumns: { id: integer, texto: text }\norder-by: [id]\noutputs: [{ format: csv, key: "r_{YYYYMMDD}.csv" }]';
    const query = "SELECT n AS id, repeat('x', 40) AS texto FROM generate_series(1, 200) AS n";
    report = parseReport('queries/vendas.sql', `/*---\n${definition}\n---*/\n${query}\n`);
    bytes = await bytesOfOneRun();
  });
  after(() => server.stop());

  describe('a database whose connection fails', { timeout: 3_600_000 }, () => {
    for (const { follows, ...strides } of [
      { follows: 'reset', all: 41, sample: 487, probe: 1461 },
      { follows: 'end', all: 97, sample: 797, probe: 2391 },
      { follows: 'stall', all: 211, sample: 2_003, probe: 6009 },
    ] as const) {
      test(follows, async (t) => {
        const cases: Case[] = [];
        for (let count = 1; count < bytes + 100; count += strides[extent]) {
          const run = () => survive(count, follows);
          cases.push({ kind: follows, name: `after ${count} of ${bytes} bytes`, run });
        }
        await tryAll(t, cases, 6);
      });
    }
  });
}
