// What a bucket tells, copies, removes and finds left behind, and which promises it cannot keep.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Destination } from '../../src/core/destination.js';
import { isChanged } from '../../src/core/existing-file.js';
import { openDestination } from '../../src/destinations/index.js';
import type { S3Options } from '../../src/destinations/s3/options.js';
import { options, PART } from '../support/s3-server/faults.js';
import { type S3Server, type S3ServerOptions, startS3Server } from '../support/s3-server.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

const csv = { contentType: 'text/csv', existing: 'never' } as const;

describe('a store that answers without end', () => {
  /** Sends as much as the reader takes, with this status and without a length. */
  async function answered(
    status: number,
    action: (destination: Destination) => Promise<unknown>,
  ): Promise<unknown> {
    const megabyte = Buffer.alloc(1024 ** 2, ' ');
    const server = createServer((request, response) => {
      request.resume();
      response.on('error', () => undefined);
      response.writeHead(status, { etag: '"x"' });
      const send = () => {
        while (!response.destroyed && response.write(megabyte));
        response.once('drain', send);
      };
      send();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const destination = await openDestination('s3://bucket/pre', {
      token: 'run-1',
      signal: new AbortController().signal,
      s3: { ...options, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    });
    try {
      return await action(destination).catch((error: unknown) => error);
    } finally {
      await destination.close();
      server.closeAllConnections();
      server.close();
    }
  }

  test('is left when an answer is longer than any of S3', async () => {
    const list = async (destination: Destination) => {
      for await (const _ of destination.list('')) assert.fail('nothing is listed');
    };
    assert.match(
      `${await answered(200, list)}`,
      /could not list .*: the answer of the store has more than 16 MiB/,
    );
    assert.match(`${await answered(403, list)}`, /could not list .*: access is denied/);
    assert.match(
      `${await answered(200, (destination) => destination.read('x.csv.manifest.json'))}`,
      /could not read .*: it has more than 64 MiB, so reportctl did not write it/,
    );
  });
});

describe('what is there', () => {
  const HOUR = 3_600_000;
  const all = async <Item>(items: AsyncIterable<Item>) => {
    const found: Item[] = [];
    for await (const item of items) found.push(item);
    return found;
  };

  async function withStore(
    more: Partial<S3ServerOptions>,
    action: (destination: Destination, store: S3Server) => Promise<void>,
    s3: Partial<S3Options> = {},
  ): Promise<void> {
    const store = await startS3Server({ bucket: 'bucket', minimumPartSize: PART, ...more });
    const destination = await openDestination('s3://bucket/pre', {
      token: 'run-1',
      signal: new AbortController().signal,
      s3: { ...options, endpoint: store.url, largestCopy: PART, ...s3 },
    });
    try {
      await action(destination, store);
    } finally {
      await destination.close();
      await store.close();
    }
  }

  test('is as old as the store says, whatever our clock says', () =>
    withStore({ clockAhead: -5 * HOUR }, async (destination, store) => {
      store.put('pre/a.csv', 'x');
      const ages = [
        await destination.stat('a.csv'),
        await destination.read('a.csv'),
        ...(await all(destination.list('a'))),
      ].map((stored) => stored?.age ?? -1);
      assert.equal(ages.length, 3);
      for (const age of ages) assert.ok(age >= 0 && age < 60_000, `${age}`);
    }));

  test('is no longer waited for when the store falls silent in the middle of it and the run is cancelled', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '10', etag: '"x"' });
      response.write('half ');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const controller = new AbortController();
    const destination = await openDestination('s3://bucket', {
      token: 'run-1',
      signal: controller.signal,
      s3: { ...options, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    });
    const download = destination.download('a.csv')[Symbol.asyncIterator]();
    assert.equal(String((await download.next()).value), 'half ');
    const reason = new Error('interrupted');
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(download.next(), reason);
    await destination.close();
    server.closeAllConnections();
    server.close();
  });

  test('has no folders that a console made', () =>
    withStore({}, async (destination, store) => {
      store.put('pre/folder/', '');
      store.put('pre/folder/a.csv', 'x');
      store.put('prefix.csv', 'of another destination');
      assert.deepEqual(
        (await all(destination.list(''))).map(({ key }) => key),
        ['folder/a.csv'],
      );
    }));

  for (const { name, size } of [
    { name: 'in one', size: 1000 },
    { name: 'in parts', size: 2 * PART + 1000 },
  ]) {
    test(`is copied ${name} with what is known of it`, () =>
      withStore(
        {},
        async (destination, store) => {
          const body = randomBytes(size);
          const headers = { 'content-type': 'text/csv', 'content-encoding': 'gzip' };
          store.put('pre/é.csv', body, {
            ...headers,
            'x-amz-meta-reportctl-token': 'run-0',
            'x-amz-meta-a': 'b',
          });
          await destination.copy({ key: 'é.csv', version: store.get('pre/é.csv')?.etag ?? '' }, 'to.csv');
          const copy = store.get('pre/to.csv');
          assert.deepEqual(copy?.body, body);
          assert.deepEqual(copy.headers, headers);
          assert.equal((await destination.stat('to.csv'))?.token, 'run-0');
          assert.equal(copy.metadata.a, 'b');
          assert.deepEqual(copy.encryption, { algorithm: 'aws:kms', keyId: 'key-1' });
          assert.deepEqual(store.uploads(), []);
          assert.deepEqual(store.keys(), ['pre/to.csv', 'pre/é.csv']);
        },
        { encryption: 'aws:kms', kmsKeyId: 'key-1' },
      ));
  }

  for (const size of [100, 300_000]) {
    test(`that breaks off in the middle of ${size} bytes is an error`, () =>
      withStore({}, async (destination, store) => {
        store.put('pre/a.csv', randomBytes(size));
        store.fail({ operation: 'GetObject' }, 'cut');
        const broken = {
          code: 'destination',
          retryable: true,
          message: /^could not read s3:.*the connection broke/,
        };
        await assert.rejects(destination.read('a.csv'), broken);
        await assert.rejects(all(destination.download('a.csv')), broken);
      }));
  }

  test('that decayed in the store is an error', () =>
    withStore({}, async (destination, store) => {
      const staged = await destination.stage('a.csv', csv);
      await staged.write(Buffer.from('0123456789'));
      await staged.publish();
      store.get('pre/a.csv')?.body.write('x');
      await assert.rejects(destination.read('a.csv'), { code: 'destination', message: /[Cc]hecksum/ });
      await assert.rejects(all(destination.download('a.csv')), {
        code: 'destination',
        message: /[Cc]hecksum/,
      });
    }));

  test('is copied and removed by version where no condition is honoured', () =>
    withStore({ conditionsIgnored: true }, async (destination, store) => {
      store.put('pre/a.csv', 'x');
      const stale = { key: 'a.csv', version: '"another"' };
      await assert.rejects(destination.copy(stale, 'b.csv'), isChanged);
      await destination.remove(stale);
      assert.deepEqual(store.keys(), ['pre/a.csv']);
    }));

  for (const conditionalDeletes of ['ignored', 'refused'] as const) {
    test(`is removed by version where conditions of a deletion are ${conditionalDeletes}`, () =>
      withStore({ conditionalDeletes }, async (destination, store) => {
        store.put('pre/a.csv', 'x');
        await destination.remove({ key: 'a.csv', version: '"another"' });
        assert.deepEqual(store.keys(), ['pre/a.csv']);
        await destination.remove({ key: 'a.csv', version: store.get('pre/a.csv')?.etag ?? '' });
        assert.deepEqual(store.keys(), []);
      }));
  }

  test('and was left by killed runs: ours, found by its note, and not what others upload', () =>
    withStore({}, async (destination, store) => {
      const template = { headers: {}, metadata: {}, encryption: undefined };
      const begin = (key: string, uploadId: string) =>
        store.begin({ uploadId, key, initiated: Date.now() - 30 * HOUR, parts: new Map(), template });
      const note = (key: string, uploadId: string) =>
        JSON.stringify({ note: 1, token: 'run-0', key, uploadId });
      begin('pre/a.csv', 'ours');
      store.put('pre/_reportctl/.unfinished/upload-1.json', note('a.csv', 'ours'));
      store.put('pre/_reportctl/.unfinished/upload-2.json', note('b.csv', 'gone already'));
      store.put('pre/_reportctl/.unfinished/upload-3.json', 'cut off');
      store.put('pre/_reportctl/.unfinished/check-run-0-0123456789abcdef', 'reportctl check');
      begin('pre/_reportctl/.unfinished/promises-run-0-0123456789abcdef', 'probe');
      begin('pre/a.csv', "another's");
      begin('elsewhere/_reportctl/x', 'of another destination');
      const found = await all(destination.leftovers());
      assert.deepEqual(found.map(({ key, token }) => `${key} of ${token}`).sort(), [
        '_reportctl/.unfinished/check-run-0-0123456789abcdef of run-0',
        '_reportctl/.unfinished/promises-run-0-0123456789abcdef of run-0',
        '_reportctl/.unfinished/upload-3.json of undefined',
        'a.csv of run-0',
        'b.csv of run-0',
      ]);
      const finding = (await destination.check()).find(({ subject }) => subject === 'unfinished uploads');
      assert.equal(finding?.ok, false);
      assert.match(finding.detail, /^6, 1 of them not known to be ours; the oldest is 30 hours old/);
      assert.match(finding.detail, /reportctl check --clean removes those of ours that are older than a day/);
      for (const { remove } of found) await remove();
      assert.deepEqual(store.keys(), []);
      assert.deepEqual(
        store.uploads().map(({ uploadId }) => uploadId),
        ["another's", 'of another destination'],
      );
    }));

  test('an upload is noted before its first part goes up', () =>
    withStore({}, async (destination, store) => {
      const staged = await destination.stage('a.csv', csv);
      for (let written = 0; written < 2; written++) await staged.write(randomBytes(PART));
      await staged.publish();
      const operations = store.requests.map(({ operation }) => operation);
      assert.deepEqual(operations.slice(0, 3), ['CreateMultipartUpload', 'PutObject', 'UploadPart']);
      assert.equal(operations.at(-1), 'DeleteObject');
    }));

  test('a leftover that cannot be removed keeps its note', () =>
    withStore({}, async (destination, store) => {
      const template = { headers: {}, metadata: {}, encryption: undefined };
      store.begin({ uploadId: 'ours', key: 'pre/a.csv', initiated: 0, parts: new Map(), template });
      const note = { note: 1, token: 'run-0', key: 'a.csv', uploadId: 'ours' };
      store.put('pre/_reportctl/.unfinished/upload-1.json', JSON.stringify(note));
      store.fail({ operation: 'AbortMultipartUpload' }, 403);
      const [leftover] = await all(destination.leftovers());
      await assert.rejects(leftover?.remove() ?? Promise.resolve(), /could not confirm that upload ours/);
      assert.deepEqual(store.keys(), ['pre/_reportctl/.unfinished/upload-1.json']);
    }));

  describe('promises', () => {
    for (const { conditionsIgnored, broken } of [
      { conditionsIgnored: true, broken: 4 },
      { conditionsIgnored: 'in-parts', broken: 2 },
      { conditionsIgnored: false, broken: 0 },
    ] as const) {
      test(`${broken} are broken where conditions are ignored: ${conditionsIgnored}`, () =>
        withStore({ conditionsIgnored }, async (destination, store) => {
          const sentences = (await destination.promises?.()) ?? ['there are none'];
          assert.equal(sentences.length, broken);
          assert.equal(new Set(sentences).size, broken);
          for (const sentence of sentences) assert.match(sentence, /^[A-Z].* ignored by this store.*\.$/);
          assert.deepEqual([store.keys(), store.uploads()], [[], []]);
          const asked = store.requests.length;
          assert.deepEqual(await destination.promises?.(), sentences);
          assert.equal(store.requests.length, asked);
        }));
    }

    for (const conditionalDeletes of ['ignored', 'refused'] as const) {
      test(`none is broken where conditions of a deletion are ${conditionalDeletes}`, () =>
        withStore({ conditionalDeletes }, async (destination, store) => {
          assert.deepEqual(await destination.promises?.(), []);
          assert.deepEqual(store.keys(), []);
        }));
    }

    test('that cannot be found out are an error, and asked for again', () =>
      withStore({}, async (destination, store) => {
        store.fail({ operation: 'CompleteMultipartUpload' }, 403, 1);
        await assert.rejects(destination.promises?.() ?? Promise.resolve(), {
          code: 'destination',
          message: /^could not find out whether s3:\/\/bucket honours conditions: access is denied/,
        });
        assert.deepEqual([store.keys(), store.uploads()], [[], []]);
        assert.deepEqual(await destination.promises?.(), []);
      }));
  });
});
