// Faults of a bucket: every request of a run fails in every manner, once and for a while.
import assert from 'node:assert/strict';
import { ReportError } from '../../src/core/errors.js';
import { type DestinationOptions, openDestination } from '../../src/destinations/index.js';
import { LEASE, type Open, runAt } from '../support/period-run.js';
import { PART } from '../support/s3-server/faults.js';
import type { S3Object } from '../support/s3-server/state.js';
import { type Manner, type S3Server, startS3Server } from '../support/s3-server.js';
import {
  assertComplete,
  assertNothingBad,
  endedHolder,
  type Files,
  filesOf,
  readingOf,
  type Scenario,
} from './scenarios.js';
import type { Case } from './tally.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const UNFINISHED = '_reportctl/.unfinished/';
/** Milliseconds; far more than an answer takes, and short where none will come. */
const REQUEST_TIMEOUT = 60_000;
const SHORT_TIMEOUT = 3_000;

const MANNERS: readonly Manner[] = ['reset', 'lost', 'cut', 'stall', '200-error', 403, 409, 500, 503];
/** The SDK asks again after these, so that one of them is no reason to fail. */
const PASSING: readonly Manner[] = ['reset', 'lost', 500, 503];
const WRITES = /^(PutObject|CopyObject|DeleteObject|CompleteMultipartUpload)$/;

/** Can S3 fail so? */
function isPossible(operation: string, manner: Manner): boolean {
  if (manner === 409) return WRITES.test(operation);
  if (manner === 'cut') return /^(Get|List|Create|Complete|Copy)/.test(operation);
  return manner !== '200-error' || /^(Complete|Copy|UploadPartCopy)/.test(operation);
}

function openAt({ url }: S3Server, how: { readonly probes: boolean; readonly manner?: Manner }): Open {
  return async ({ token, signal }) => {
    const s3: DestinationOptions['s3'] = {
      pathStyle: true,
      partSize: PART,
      smallestPart: PART,
      encryption: 'AES256',
      allowHttp: false,
      region: 'us-east-1',
      endpoint: url,
      requestTimeout: how.manner === 'stall' ? SHORT_TIMEOUT : REQUEST_TIMEOUT,
    };
    const { promises, ...destination } = await openDestination('s3://bucket', { token, signal, s3 });
    return how.probes && promises ? { ...destination, promises } : destination;
  };
}

function everything(server: S3Server): Map<string, Buffer> {
  return new Map(server.keys().map((key) => [key, server.get(key)?.body ?? Buffer.alloc(0)]));
}

function visible(server: S3Server): Files {
  return new Map([...everything(server)].filter(([key]) => !key.startsWith(UNFINISHED)));
}

function putBack(server: S3Server, key: string, { body, headers, metadata, encryption }: S3Object): void {
  const meta = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  server.put(key, body, {
    ...headers,
    ...Object.fromEntries(meta),
    ...(encryption && { 'x-amz-server-side-encryption': encryption.algorithm }),
  });
}

interface Prepared {
  readonly scenario: Scenario;
  readonly probes: boolean;
  readonly objects: ReadonlyMap<string, S3Object>;
  readonly before: Files;
  readonly runs: readonly Files[];
  /** What an undisturbed run asks for, in order. */
  readonly operations: readonly string[];
}

async function prepare(scenario: Scenario, probes: boolean): Promise<Prepared> {
  const server = await startS3Server({ bucket: 'bucket', minimumPartSize: PART });
  try {
    const open = openAt(server, { probes });
    await scenario.before?.(open);
    const objects = new Map<string, S3Object>();
    for (const key of server.keys()) objects.set(key, server.get(key) as S3Object);
    const before = visible(server);
    const begun = server.requests.length;
    const during = await filesOf(scenario, 'during');
    const runs = [during, await filesOf(scenario, 'after')];
    await runAt(open, readingOf(scenario, 'during'));
    assertComplete(scenario, visible(server), before, runs);
    assert.deepEqual([server.uploads(), everything(server).size], [[], visible(server).size]);
    const operations = server.requests.slice(begun).map(({ operation }) => operation);
    return { scenario, probes, objects, before, runs, operations };
  } finally {
    await server.close();
  }
}

interface Fault {
  /** The request, from 1. */
  readonly step: number;
  readonly manner: Manner;
  /** How many requests from there on. */
  readonly times: number;
}

async function survive(prepared: Prepared, { step, manner, times }: Fault): Promise<void> {
  const { scenario, objects, before, runs, operations } = prepared;
  const server = await startS3Server({ bucket: 'bucket', minimumPartSize: PART });
  const open = openAt(server, { ...prepared, manner });
  try {
    for (const [key, object] of objects) putBack(server, key, object);
    let fired = 0;
    let isOver = false;
    server.fail(({ operation }, index) => {
      const hits = !isOver && index >= step && fired < times && isPossible(operation, manner);
      if (hits) fired += 1;
      return hits;
    }, manner);
    const outcome = await runAt(open, readingOf(scenario, 'during')).catch((error: unknown) => error);
    isOver = true;
    const files = visible(server);
    assertNothingBad(files, before, runs.slice(0, 1));
    if (step > operations.length) assert.equal(fired, 0, 'the run was longer than thought');
    if (outcome instanceof Error) {
      assert.ok(outcome instanceof ReportError, `not a ReportError: ${outcome.stack}`);
      assert.equal(outcome.code, 'destination', outcome.message);
      assert.ok(outcome.hint, outcome.message);
      assert.ok(times > 1 || !PASSING.includes(manner), `not survived: ${outcome.message}`);
    } else {
      const without = new Map([...files].filter(([key]) => !/\.(lease|pending\.json)$/.test(key)));
      assertComplete(scenario, without, before, runs.slice(0, 1));
    }
    for (const { uploadId } of server.uploads()) {
      const told =
        outcome instanceof Error && new RegExp(`${uploadId}|may be left unfinished`).test(outcome.message);
      // Without a part it costs nothing.
      const isEmpty = server.uploads().find((one) => one.uploadId === uploadId)?.parts.size === 0;
      assert.ok(told || isEmpty, `upload ${uploadId} is left, and nobody says so`);
    }
    const lease = files.get(LEASE);
    if (lease !== undefined) server.put(LEASE, endedHolder(lease));
    await assertRepaired(prepared, server, open);
  } finally {
    await server.close();
  }
}

/** Run again without faults, it is whole, and what was left can be cleaned up. */
async function assertRepaired({ scenario, before, runs }: Prepared, server: S3Server, open: Open) {
  const run = readingOf(scenario, 'after');
  await runAt(open, run);
  assertComplete(scenario, visible(server), before, runs);
  const destination = await open({ token: 'clean', signal: new AbortController().signal });
  for await (const leftover of destination.leftovers()) await leftover.remove();
  await destination.close();
  assert.ok(server.uploads().every(({ parts }) => parts.size === 0));
  assert.equal(everything(server).size, visible(server).size);
}

/** How many requests in a row fail: one, as many as exhaust a request's retries, and more. */
const TIMES = [1, 3, 7];

/** In the order of manners, then of how long it lasts, then of requests; the last one lets the run pass untouched. */
export async function s3Cases(scenario: Scenario, probes = false): Promise<Case[]> {
  const prepared = await prepare(scenario, probes);
  const { operations } = prepared;
  const steps = Array.from({ length: operations.length + 1 }, (_, index) => index + 1);
  return MANNERS.flatMap((manner) =>
    TIMES.flatMap((times) =>
      steps
        .filter((step) => times > 1 || isPossible(operations[step - 1] ?? 'CompleteMultipartUpload', manner))
        // A store that is silent for seven requests teaches no more than one that is for three.
        .filter(() => manner !== 'stall' || times < 7)
        .map((step) => ({
          kind: String(manner),
          name: `${scenario.name}: ${times} from request ${step} on (${operations[step - 1] ?? 'none'})`,
          run: () => survive(prepared, { step, manner, times }),
        })),
    ),
  );
}
