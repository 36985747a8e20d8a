// What tests of a failing store share: the ways to fail, a destination at such a store, and what an error has to be.
import assert from 'node:assert/strict';
import type { Destination } from '../../../src/core/destination.js';
import { ReportError } from '../../../src/core/errors.js';
import { openDestination } from '../../../src/destinations/index.js';
import type { S3Options } from '../../../src/destinations/s3/options.js';
import type { Extent } from '../../faults/tally.js';
import { type Manner, type S3Server, type S3ServerOptions, startS3Server } from '../s3-server.js';

/** Bytes of a part: far fewer than the 5 MiB of S3, which take long to hash. test/long/destination-contract.test.ts has those. */
export const PART = 64 * 1024;

export const options: S3Options = {
  pathStyle: true,
  partSize: PART,
  smallestPart: PART,
  encryption: 'AES256',
  allowHttp: false,
  region: 'us-east-1',
};

export function assertDestinationError(error: unknown, message = /^/): asserts error is ReportError {
  if (!(error instanceof ReportError))
    assert.fail(`not a ReportError: ${error instanceof Error ? error.stack : error}`);
  assert.equal(error.code, 'destination', error.message);
  assert.match(error.message, message);
  assert.doesNotMatch(error.message, /\n/);
  assert.ok(error.hint, error.message);
}

const MANNERS: Manner[] = ['reset', 'lost', 'stall', '200-error', 'bad-digest', 403, 409, 500, 503];
/** The SDK asks again after these. */
export const PASSING: Manner[] = ['reset', 'lost', 'stall', '200-error', 'bad-digest', 500, 503];

/** A probe tries two ways of each request, other ones of the next, and no silence, which takes a timeout to notice. */
export function mannersOf(extent: Extent, index: number): Manner[] {
  if (extent !== 'probe') return MANNERS;
  const quick = MANNERS.filter((manner) => manner !== 'stall');
  return [0, 3].flatMap((offset) => quick[(2 * index + offset) % quick.length] ?? []);
}

/** Runs with a destination `s3://bucket` at a server of its own. */
export async function withServer(
  s3: Partial<S3Options>,
  action: (destination: Destination, server: S3Server) => Promise<void>,
  more: Partial<S3ServerOptions> = {},
  signal = new AbortController().signal,
): Promise<void> {
  const server = await startS3Server({ bucket: 'bucket', minimumPartSize: PART, ...more });
  const destination = await openDestination('s3://bucket', {
    token: 'run-1',
    signal,
    s3: { ...options, largestCopy: PART, endpoint: server.url, ...s3 },
  });
  try {
    await action(destination, server);
  } finally {
    await destination.close();
    await server.close();
  }
}
