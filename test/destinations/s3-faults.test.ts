// Every request of an upload fails in every way: a report is published whole and said to be, or nothing is there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Published } from '../../src/core/destination.js';
import { isAlreadyExists, isChanged } from '../../src/core/existing-file.js';
import { openDestination } from '../../src/destinations/index.js';
import type { S3Options } from '../../src/destinations/s3/options.js';
import { assertDestinationError, MANNERS, options, PART, PASSING } from '../support/s3-server/faults.js';
import { type S3Server, type S3ServerOptions, startS3Server } from '../support/s3-server.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const OLD = Buffer.from('the old report');
const KEY = 'reports/a.csv';
const small = randomBytes(1000);
const twoParts = randomBytes(PART + 1);
/** Two full parts and a byte, so that a part fails while bytes are still being written. */
const large = randomBytes(2 * PART + 1);

interface Attempt {
  readonly body: Buffer;
  /** `version` is that of what is there when the upload begins. */
  readonly existing?: 'never' | 'replace' | 'version';
  readonly server?: Partial<S3ServerOptions>;
  readonly s3?: Partial<S3Options>;
  readonly signal?: AbortSignal;
  readonly prepare?: (server: S3Server) => void;
  /** What must hold afterwards, while the server still runs. */
  readonly expect: (
    outcome: { published?: Published; error?: unknown },
    server: S3Server,
  ) => void | Promise<void>;
}

/** Stages, writes, and publishes, or discards when writing failed: as an export does. */
async function attempt({
  body,
  existing = 'never',
  s3,
  signal,
  prepare,
  expect,
  ...more
}: Attempt): Promise<void> {
  const server = await startS3Server({ bucket: 'bucket', ...more.server });
  const destination = await openDestination('s3://bucket', {
    token: 'run-1',
    signal: signal ?? new AbortController().signal,
    s3: { ...options, endpoint: server.url, ...s3 },
  });
  try {
    prepare?.(server);
    const version = server.get(KEY)?.etag ?? 'none';
    const staged = await destination.stage(KEY, {
      contentType: 'text/csv',
      existing: existing === 'version' ? { version } : existing,
    });
    const write = async () => {
      for (let at = 0; at < body.length; at += 1_000_003)
        await staged.write(body.subarray(at, at + 1_000_003));
    };
    const outcome = await write().then(
      () =>
        staged.publish().then(
          (published) => ({ published }),
          (error: unknown) => ({ error }),
        ),
      (error: unknown) =>
        staged.discard().then(
          () => ({ error }),
          (left: unknown) => ({ error: left }),
        ),
    );
    await expect(outcome, server);
  } finally {
    await destination.close();
    await server.close();
  }
}

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

// Most of the time is waiting for retries, so that all operations at once cost little more than one.
describe('one operation', { concurrency: 6 }, () => {
  for (const { name, body, operations } of uploads) {
    for (const operation of operations) {
      describe(`${name}, ${operation} fails`, { concurrency: 3 }, () => {
        for (const manner of MANNERS) {
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

describe('the whole store', { concurrency: 8 }, () => {
  for (const index of [1, 2, 3, 4, 5, 6]) {
    test(`refuses everything from request ${index} on, but for cleaning up`, () =>
      attempt({
        body: large,
        prepare: (server) =>
          server.fail(
            ({ operation }, count) =>
              count >= index &&
              !['AbortMultipartUpload', 'ListMultipartUploads', 'HeadObject', 'DeleteObject'].includes(
                operation,
              ),
            500,
          ),
        expect: ({ published, error }, server) => {
          assert.deepEqual(server.uploads(), []);
          if (published) assert.fail('without its last request');
          else {
            assertDestinationError(error, /the store is busy or broken/);
            assert.equal(error.retryable, true);
            assert.deepEqual(server.keys(), []);
          }
        },
      }));
  }

  test('goes silent while nobody writes: cancelling does not wait for it', async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const started = Date.now();
    await attempt({
      body: large,
      signal: controller.signal,
      s3: { requestTimeout: 60_000 },
      prepare: (server) => {
        server.fail(({ operation }) => {
          if (operation === 'UploadPart') setTimeout(() => controller.abort(reason), 50);
          return operation === 'UploadPart';
        }, 'stall');
      },
      expect: ({ error }, server) => {
        assert.equal(error, reason);
        assert.deepEqual([server.keys(), server.uploads()], [[], []]);
        assert.ok(Date.now() - started < 10_000);
      },
    });
  });

  test('will not abort: the error names bucket, key and upload', () =>
    attempt({
      body: large,
      prepare: (server) => {
        server.fail({ operation: 'UploadPart' }, 403);
        server.fail({ operation: 'AbortMultipartUpload' }, 403);
      },
      expect: ({ error }, server) => {
        const [upload] = server.uploads();
        assert.ok(upload);
        assertDestinationError(
          error,
          /could not confirm that upload .* of s3:\/\/bucket\/reports\/a\.csv was aborted/,
        );
        assert.ok(error.message.includes(upload.uploadId));
        assert.match(error.hint ?? '', /abort-multipart-upload/);
      },
    }));

  for (const manner of ['reset', 'lost', 500] as const) {
    test(`aborts only when asked again after ${manner}`, () =>
      attempt({
        body: large,
        prepare: (server) => {
          server.fail({ operation: 'UploadPart' }, 403);
          server.fail({ operation: 'AbortMultipartUpload' }, manner, 1);
        },
        expect: ({ error }, server) => {
          assertDestinationError(error, /access is denied/);
          assert.deepEqual(server.uploads(), []);
        },
      }));
  }

  test('is lost before and after the commit: we say that we do not know', () =>
    attempt({
      body: small,
      prepare: (server) => {
        server.fail({ operation: 'PutObject' }, 'lost');
        server.fail({ operation: 'HeadObject' }, 500);
      },
      expect: ({ error }) => {
        assertDestinationError(error, /whether it is there all the same could not be found out/);
        assert.equal(error.retryable, true);
      },
    }));
});

describe('uploads whose ids we never learned', { concurrency: 8 }, () => {
  const beginForeign = (server: S3Server, key: string, parts: number, initiated = Date.now()) => {
    const template = { headers: {}, metadata: {}, encryption: undefined };
    const upload = {
      uploadId: `foreign-${key}-${parts}-${initiated}`,
      key,
      initiated,
      parts: new Map(),
      template,
    };
    if (parts > 0) upload.parts.set(1, { body: small, etag: '"x"', crc32: '' });
    server.begin(upload);
  };

  test('are aborted, and those of others are not', () =>
    attempt({
      body: large,
      prepare: (server) => {
        server.fail({ operation: 'CreateMultipartUpload' }, 'lost');
        beginForeign(server, `${KEY}.gz`, 0);
        beginForeign(server, KEY, 1);
        beginForeign(server, KEY, 0, Date.now() - 3_600_000);
      },
      expect: ({ error }, server) => {
        assertDestinationError(error, /the connection broke/);
        assert.equal(server.uploads().length, 3);
        assert.ok(server.uploads().every(({ uploadId }) => uploadId.startsWith('foreign')));
      },
    }));

  test('are left and reported when another could be among them', () =>
    attempt({
      body: large,
      prepare: (server) => {
        server.fail({ operation: 'CreateMultipartUpload' }, 'reset');
        for (let index = 0; index < 4; index++) beginForeign(server, KEY, 0, Date.now() + index);
      },
      expect: ({ error }, server) => {
        assertDestinationError(error, /may be left unfinished: ours cannot be told from another's/);
        assert.equal(server.uploads().length, 4);
      },
    }));
});

describe('somebody else', { concurrency: 8 }, () => {
  for (const { name, body, commit } of [
    { name: 'a single put', body: small, commit: 'PutObject' },
    { name: 'an upload in parts', body: large, commit: 'CompleteMultipartUpload' },
  ]) {
    const atRequest = (server: S3Server, operation: string, action: () => void) =>
      server.fail((request) => {
        if (request.operation === operation && request.path.includes(KEY)) action();
        return false;
      }, 500);

    test(`takes the key at the last moment: ${name}`, () =>
      attempt({
        body,
        prepare: (server) => atRequest(server, commit, () => server.put(KEY, OLD)),
        expect: ({ error }, server) => {
          assert.ok(isAlreadyExists(error));
          assert.deepEqual(server.get(KEY)?.body, OLD);
          assert.deepEqual(server.uploads(), []);
        },
      }));

    for (const { what, change } of [
      { what: 'changes', change: (server: S3Server) => server.put(KEY, Buffer.from('a third')) },
      { what: 'removes', change: (server: S3Server) => server.remove(KEY) },
    ]) {
      test(`${what} at the last moment what we replace: ${name}`, () =>
        attempt({
          body,
          existing: 'version',
          prepare: (server) => {
            server.put(KEY, OLD);
            atRequest(server, commit, () => change(server));
          },
          expect: ({ error }, server) => {
            assert.ok(isChanged(error), String(error));
            assert.notDeepEqual(server.get(KEY)?.body, OLD);
            assert.notDeepEqual(server.get(KEY)?.body, body);
            assert.deepEqual(server.uploads(), []);
          },
        }));
    }

    test(`replaces what we have just published: ${name}`, () =>
      attempt({
        body,
        existing: 'replace',
        prepare: (server) => atRequest(server, 'HeadObject', () => server.put(KEY, OLD)),
        expect: ({ error }, server) => {
          assertDestinationError(error, /somebody else replaced it at once/);
          assert.deepEqual(server.get(KEY)?.body, OLD);
        },
      }));

    test(`is at the same key at the same time: ${name}`, () =>
      attempt({
        body,
        prepare: (server) => server.fail({ operation: commit }, 409),
        expect: ({ error }, server) => {
          assertDestinationError(error, /another writer/);
          assert.equal(error.retryable, true);
          assert.ok(!isAlreadyExists(error));
          assert.deepEqual([server.keys(), server.uploads()], [[], []]);
        },
      }));

    test(`the store confirms no encryption: ${name}`, () =>
      attempt({
        body,
        server: { encryptionEchoed: false },
        expect: ({ error }, server) => {
          assertDestinationError(
            error,
            /not be encrypted as asked: asked for AES256, the store confirmed none/,
          );
          assert.deepEqual([server.keys(), server.uploads()], [[], []]);
          assert.ok(!server.requests.some(({ operation }) => operation === 'CompleteMultipartUpload'));
        },
      }));

    test(`the store confirms the encryption with the first part only: ${name}`, () =>
      attempt({
        body,
        server: { encryptionEchoed: 'parts' },
        expect: ({ published }, server) => {
          assert.equal(published?.encryption, 'AES256');
          assert.deepEqual(server.get(KEY)?.body, body);
        },
      }));

    test(`the store confirms no encryption and cannot be read: ${name}`, () =>
      attempt({
        body,
        server: { encryptionEchoed: false },
        prepare: (server) => server.fail({ operation: 'HeadObject', nth: 1 }, 403),
        expect: ({ error }, server) => {
          assertDestinationError(error, /not be encrypted as asked/);
          assert.deepEqual([server.keys(), server.uploads()], [[], []]);
        },
      }));

    test(`KMS with a key, on every request that needs it: ${name}`, () =>
      attempt({
        body,
        s3: { encryption: 'aws:kms', kmsKeyId: 'key-1' },
        expect: ({ published }, server) => {
          assert.equal(published?.encryption, 'aws:kms');
          assert.deepEqual(server.get(KEY)?.encryption, { algorithm: 'aws:kms', keyId: 'key-1' });
          assert.equal(server.get(KEY)?.metadata['reportctl-token'], 'run-1');
          assert.equal(server.get(KEY)?.headers['content-type'], 'text/csv');
        },
      }));

    test(`no encryption where none is asked for: ${name}`, () =>
      attempt({
        body,
        s3: { encryption: 'none' },
        expect: ({ published }, server) => {
          assert.ok(published);
          assert.equal(server.get(KEY)?.encryption, undefined);
        },
      }));
  }
});
