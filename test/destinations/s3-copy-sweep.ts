// Every request of copying and removing fails in every way: the former file is there, or the whole new one.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isChanged } from '../../src/core/existing-file.js';
import type { Extent } from '../faults/tally.js';
import { assertDestinationError, mannersOf, PART, PASSING, withServer } from '../support/s3-server/faults.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const OLD = Buffer.from('the old report');
const KEY = 'reports/a.csv';
const small = randomBytes(1000);
const twoParts = randomBytes(PART + 1);

/** Defines the tests. */
export function copyFaults(extent: Extent): void {
  let index = 0;
  describe('one operation of copying fails', { concurrency: 8 }, () => {
    const FROM = 'reports/from.csv';
    for (const { name, body, operations } of [
      { name: 'in one', body: small, operations: ['HeadObject', 'CopyObject'] },
      {
        name: 'in parts',
        body: twoParts,
        operations: [
          'CreateMultipartUpload',
          'PutObject',
          'UploadPartCopy',
          'CompleteMultipartUpload',
          'DeleteObject',
        ],
      },
    ]) {
      for (const operation of operations) {
        for (const manner of mannersOf(extent, index++)) {
          if (operation === 'HeadObject' && manner === '200-error') continue;
          for (const times of [1, Number.POSITIVE_INFINITY]) {
            // Three timeouts of each would take longer than they tell.
            if (manner === 'stall' && times > 1) continue;
            test(`${name}, ${operation}: ${manner}, ${times === 1 ? 'once' : 'for good'}`, () =>
              withServer(
                { requestTimeout: manner === 'stall' ? 2_000 : 60_000 },
                async (destination, server) => {
                  server.put(FROM, body, { 'content-type': 'text/csv' });
                  server.put(KEY, OLD);
                  server.fail({ operation }, manner, times);
                  const version = server.get(FROM)?.etag ?? '';
                  const error: unknown = await destination
                    .copy({ key: FROM, version }, KEY)
                    .catch((reason: unknown) => reason);
                  assert.deepEqual(server.uploads(), []);
                  const found = server.get(KEY)?.body;
                  if (error === undefined) {
                    assert.ok(found?.equals(body), 'said to be copied');
                    if (operation !== 'DeleteObject') assert.deepEqual(server.keys(), [KEY, FROM]);
                    return;
                  }
                  assertDestinationError(error, /s3:\/\/bucket\/reports\//);
                  assert.ok(
                    found?.equals(OLD) || manner === 'lost' || operation === 'HeadObject',
                    'half a copy',
                  );
                  assert.ok(found?.equals(OLD) || found?.equals(body), 'neither the former nor the copy');
                  assert.ok(times > 1 || !PASSING.includes(manner), error.message);
                },
              ));
          }
        }
      }
    }

    test('a copy that the store does not encrypt is taken back', () =>
      withServer(
        {},
        async (destination, server) => {
          for (const body of [small, twoParts]) {
            server.put(FROM, body);
            const copy = destination.copy({ key: FROM, version: server.get(FROM)?.etag ?? '' }, KEY);
            await assert.rejects(copy, /asked for AES256, the store confirmed none/);
            assert.deepEqual(server.keys(), [FROM]);
          }
        },
        { encryptionEchoed: false },
      ));

    test('the source changes between its parts', () =>
      withServer({}, async (destination, server) => {
        server.put(FROM, twoParts);
        server.fail((request) => {
          if (request.operation === 'UploadPartCopy') server.put(FROM, small);
          return false;
        }, 500);
        const copy = destination.copy({ key: FROM, version: server.get(FROM)?.etag ?? '' }, KEY);
        await assert.rejects(copy, isChanged);
        assert.deepEqual([server.keys(), server.uploads()], [[FROM], []]);
      }));

    test('cancelled, it leaves nothing unfinished', () => {
      const controller = new AbortController();
      const reason = new Error('interrupted');
      return withServer(
        {},
        async (destination, server) => {
          server.put(FROM, twoParts);
          server.fail(({ operation }) => {
            if (operation === 'UploadPartCopy') setTimeout(() => controller.abort(reason), 20);
            return operation === 'UploadPartCopy';
          }, 'stall');
          const copy = destination.copy({ key: FROM, version: server.get(FROM)?.etag ?? '' }, KEY);
          await assert.rejects(copy, reason);
          assert.deepEqual([server.keys(), server.uploads()], [[FROM], []]);
        },
        {},
        controller.signal,
      );
    });
  });

  describe('one operation of removing fails', { concurrency: 8 }, () => {
    for (const operation of ['HeadObject', 'DeleteObject']) {
      for (const manner of mannersOf(extent, index++)) {
        if (operation === 'HeadObject' && manner === '200-error') continue;
        test(`${operation}: ${manner}, once`, () =>
          withServer({ requestTimeout: manner === 'stall' ? 2_000 : 60_000 }, async (destination, server) => {
            server.put(KEY, OLD);
            server.put('other.csv', OLD);
            server.fail({ operation }, manner, 1);
            const error: unknown = await destination
              .remove({ key: KEY, version: server.get(KEY)?.etag ?? '' })
              .catch((reason: unknown) => reason);
            if (error === undefined) assert.deepEqual(server.keys(), ['other.csv']);
            else {
              assertDestinationError(error, /could not remove s3:\/\/bucket\/reports\/a\.csv/);
              assert.equal(manner, 403);
            }
          }));
      }
    }
  });
}
