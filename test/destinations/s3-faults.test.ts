// An upload to a store that fails: a report is published whole and said to be, or nothing is there. test/long/s3-upload-faults.test.ts
// tries every way of each request, this file a probe.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { isAlreadyExists, isChanged } from '../../src/core/existing-file.js';
import { attempt, KEY, OLD } from '../support/s3-server/attempt.js';
import { assertDestinationError, PART } from '../support/s3-server/faults.js';
import type { S3Server } from '../support/s3-server.js';
import { uploadFaults } from './s3-upload-sweep.js';

const small = randomBytes(1000);
/** Two full parts and a byte, so that a part fails while bytes are still being written. */
const large = randomBytes(2 * PART + 1);

uploadFaults('probe');

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
        assert.ok(Date.now() - started < 30_000);
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
