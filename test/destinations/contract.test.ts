// Every destination keeps the contract; what only stdout promises stands below.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { openDestination, openStore } from '../../src/destinations/index.js';
import { openStdout } from '../../src/destinations/stdout.js';
import { bucketOf } from '../support/destination-contract/bucket.js';
import {
  csv,
  destinationContract,
  optionsOf,
  type Place,
  writeAll,
} from '../support/destination-contract.js';

async function folder(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'reportctl-'));
  return {
    open: (signal) => openDestination(join(root, 'out'), optionsOf(signal)),
    openStore: (below, isFileName) => openStore(join(root, 'out', below), { ...optionsOf(), isFileName }),
    everything: async () => (await readdir(root, { recursive: true })).sort(),
    content: (key) => readFile(join(root, 'out', key)),
    close: () => rm(root, { recursive: true }),
  };
}

/** Bytes. test/long/destination-contract.test.ts has the parts of 5 MiB that S3 asks for, which take long to hash. */
const PART = 64 * 1024;
const inFolder = { make: folder, leaves: 1, comparesAndReplaces: false } as const;
const inBucket = { make: bucketOf(PART), leaves: 0, comparesAndReplaces: true } as const;
destinationContract({ ...inFolder, name: 'a folder', size: 300_000 });
destinationContract({ ...inBucket, name: 'a bucket, a small object', size: 3_000 });
destinationContract({ ...inBucket, name: 'a bucket, an object of exactly one part', size: PART });
destinationContract({ ...inBucket, leaves: 1, name: 'a bucket, an object in parts', size: 2 * PART + 3_000 });

describe('standard output', () => {
  const open = (stream: Writable, signal = new AbortController().signal) => openStdout({ stream, signal });

  test('takes every byte in order, and publishing waits for the last', async () => {
    const taken: Buffer[] = [];
    const stream = new Writable({
      highWaterMark: 10,
      write: (chunk: Buffer, _, done) => {
        taken.push(chunk);
        setTimeout(done, 1);
      },
    });
    const body = randomBytes(500_000);
    const staged = await (await open(stream)).stage('-', { ...csv, existing: 'never' });
    await writeAll(staged, body);
    assert.equal((await staged.publish()).bytes, body.length);
    assert.deepEqual(Buffer.concat(taken), body);
  });

  test('a write waits until the reader has taken it', async () => {
    let release = () => {};
    const stream = new Writable({
      write: (_chunk, _encoding, done) => {
        release = done;
      },
    });
    const staged = await (await open(stream)).stage('-', { ...csv, existing: 'never' });
    let written = false;
    const write = staged.write(Buffer.from('x')).then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    assert.equal(written, false);
    release();
    await write;
  });

  test('a cancelled write does not wait for a reader that has stopped', async () => {
    const controller = new AbortController();
    const stream = new Writable({ write: () => {} });
    const staged = await (await open(stream, controller.signal)).stage('-', { ...csv, existing: 'never' });
    const write = staged.write(Buffer.from('x'));
    const reason = new Error('interrupted');
    controller.abort(reason);
    await assert.rejects(write, reason);
  });

  test('a second file is refused, and nothing can be read', async () => {
    const destination = await open(new Writable({ write: (_chunk, _encoding, done) => done() }));
    await destination.stage('-', { ...csv, existing: 'never' });
    await assert.rejects(destination.stage('-', { ...csv, existing: 'never' }), { code: 'usage' });
    assert.equal(await destination.read('x'), undefined);
    assert.equal(await destination.stat('x'), undefined);
    for await (const item of destination.list('')) assert.fail(item.key);
    for await (const item of destination.leftovers()) assert.fail(item.key);
    await destination.remove({ key: 'x', version: 'y' });
    const unreadable = { code: 'destination', message: 'standard output cannot be read' };
    await assert.rejects(destination.copy({ key: 'x', version: 'y' }, 'z'), unreadable);
    await assert.rejects(destination.download('x')[Symbol.asyncIterator]().next(), unreadable);
  });
});

describe('choosing a destination', () => {
  test('by a path, a file: URL, or a hyphen', async () => {
    const root = await mkdtemp(join(tmpdir(), 'reportctl-'));
    await writeFile(join(root, 'a b.txt'), 'x');
    for (const where of [root, `file:${root}`, `file://${root}`]) {
      const destination = await openDestination(where, optionsOf());
      assert.equal(String((await destination.read('a b.txt'))?.content), 'x', where);
    }
    assert.equal((await openDestination('-', optionsOf())).label, 'standard output');
    await rm(root, { recursive: true });
  });

  for (const where of [
    '',
    'gs://bucket',
    'ftp:x',
    's3:bucket',
    's3://',
    's3://Big/x',
    's3://a',
    's3://1.2.3.4/x',
    's3://ok/../x',
    's3://ok//x',
  ]) {
    test(`${JSON.stringify(where)} is refused`, async () => {
      await assert.rejects(openDestination(where, optionsOf()), { name: 'ReportError', code: 'usage' });
    });
  }
});
