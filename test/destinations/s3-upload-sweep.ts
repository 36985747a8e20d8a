// Every request of an upload fails in every way: a report is published whole and said to be, or nothing is there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Extent } from '../faults/tally.js';
import { attempt, KEY, OLD } from '../support/s3-server/attempt.js';
import { assertDestinationError, mannersOf, PART, PASSING } from '../support/s3-server/faults.js';

const small = randomBytes(1000);
const twoParts = randomBytes(PART + 1);
/** Two full parts and a byte, so that a part fails while bytes are still being written. */
const large = randomBytes(2 * PART + 1);

const uploads = [
  { name: 'a single put', body: small, operations: ['PutObject', 'HeadObject'] },
  {
    name: 'an upload in parts',
    body: large,
    // The put is that of its note.
    operations: ['CreateMultipartUpload', 'PutObject', 'UploadPart', 'DeleteObject'],
  },
  {
    name: 'an upload in parts',
    body: twoParts,
    operations: ['CompleteMultipartUpload', 'HeadObject'],
  },
];

/** Defines the tests. */
export function uploadFaults(extent: Extent): void {
  let index = 0;
  // Most of the time is waiting for retries, so that all operations at once cost little more than one.
  describe('one operation of an upload', { concurrency: 6 }, () => {
    for (const { name, body, operations } of uploads) {
      for (const operation of operations) {
        describe(`${name}, ${operation} fails`, { concurrency: 3 }, () => {
          for (const manner of mannersOf(extent, index++)) {
            // The answer to HEAD has no body that could hold an error.
            if (operation === 'HeadObject' && manner === '200-error') continue;
            for (const { often, times, existing } of [
              { often: 'once', times: 1, existing: 'never' },
              { often: 'once, where a version is replaced', times: 1, existing: 'version' },
              // With an older report there, a failure must leave that one.
              { often: 'for good', times: Number.POSITIVE_INFINITY, existing: 'replace' },
            ] as const) {
              const former = existing !== 'never';
              test(`${manner}, ${often}`, () =>
                attempt({
                  body,
                  existing,
                  s3: { requestTimeout: manner === 'stall' ? 12_000 : 60_000 },
                  prepare: (server) => {
                    if (former) server.put(KEY, OLD);
                    server.fail({ operation }, manner, times);
                  },
                  expect: ({ published, error }, server) => {
                    assert.ok(server.requests.some((request) => request.operation === operation));
                    assert.deepEqual(server.uploads(), []);
                    if (operation !== 'DeleteObject') assert.ok(server.keys().every((key) => key === KEY));
                    const found = server.get(KEY)?.body;
                    if (published) {
                      assert.equal(published.bytes, body.length);
                      assert.ok(found?.equals(body), 'said to be published');
                      return;
                    }
                    assertDestinationError(error, /s3:\/\/bucket\/reports\/a\.csv/);
                    if (former) assert.ok(found?.equals(OLD), 'the old report was lost');
                    else assert.ok(found === undefined, 'something is visible');
                    // What passes is survived, and a commit that was answered needs no second opinion.
                    assert.ok(times > 1 || !PASSING.includes(manner), error.message);
                    assert.ok(operation !== 'HeadObject' && operation !== 'DeleteObject', error.message);
                  },
                }));
            }
          }
        });
      }
    }
  });
}
