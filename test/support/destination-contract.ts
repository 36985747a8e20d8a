// What every destination promises, to be run over each of them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Destination, Existing } from '../../src/core/destination.js';
import { ReportError } from '../../src/core/errors.js';
import { isAlreadyExists, isChanged } from '../../src/core/existing-file.js';
import { readingContract } from './destination-contract/reading.js';
import { csv, type Place, publishFile, type Sibling, writeAll } from './destination-contract/sibling.js';

export { csv, MIB, optionsOf, type Place, writeAll } from './destination-contract/sibling.js';

export function destinationContract(sibling: Sibling): void {
  const { name, make, size, comparesAndReplaces, skip = false } = sibling;
  describe(name, { skip }, () => {
    const body = randomBytes(size);
    const other = randomBytes(size);
    let place: Place;
    let destination: Destination;

    const publish = (key: string, bytes: Buffer, existing: Existing) =>
      publishFile(destination, key, bytes, existing);

    before(async () => {
      place = await make();
      destination = await place.open();
    });
    after(async () => {
      await destination.close();
      await place.close();
    });

    test('nothing is visible before publishing, and everything after', async () => {
      const key = 'a/Relatório de ação+1 (x).csv';
      const staged = await destination.stage(key, { ...csv, existing: 'never' });
      await writeAll(staged, body);
      assert.equal(await destination.read(key), undefined);
      const published = await staged.publish();
      assert.equal(published.bytes, size);
      assert.match(published.location, /\/a\/Relatório de ação\+1 \(x\)\.csv$/);
      assert.deepEqual(await place.content(key), body);
      assert.deepEqual((await destination.read(key))?.content, body);
    });

    test('a chunk that was taken may be used for the next', async () => {
      const staged = await destination.stage('chunks.csv', { ...csv, existing: 'never' });
      const chunk = Buffer.alloc(Math.ceil(size / 7));
      for (let at = 0; at < size; at += chunk.length) {
        const taken = body.copy(chunk, 0, at);
        await staged.write(chunk.subarray(0, taken));
      }
      chunk.fill(0);
      await staged.publish();
      assert.deepEqual(await place.content('chunks.csv'), body);
    });

    test('an empty file is a file', async () => {
      await publish('empty.csv', Buffer.alloc(0), 'never');
      assert.equal((await destination.read('empty.csv'))?.content.length, 0);
    });

    test('discarding leaves nothing', async () => {
      const before = await place.everything();
      const staged = await destination.stage('b/c/d.csv', { ...csv, existing: 'never' });
      await writeAll(staged, body);
      await staged.discard();
      assert.deepEqual(await place.everything(), before);
    });

    test('discarding what was never written to leaves nothing', async () => {
      const before = await place.everything();
      const staged = await destination.stage('b/c/e.csv', { ...csv, existing: 'never' });
      await staged.discard();
      assert.deepEqual(await place.everything(), before);
    });

    test('an existing key is refused and keeps its content', async () => {
      await publish('f.csv', body, 'never');
      const before = await place.everything();
      await assert.rejects(publish('f.csv', other, 'never'), (error) => {
        assert.ok(error instanceof ReportError);
        assert.equal(error.code, 'destination');
        assert.match(error.message, /f\.csv already exists$/);
        return isAlreadyExists(error);
      });
      assert.deepEqual(await place.content('f.csv'), body);
      assert.deepEqual(await place.everything(), before);
    });

    test('an existing key is replaced whole, a missing one is made', async () => {
      await publish('g.csv', body, 'replace');
      assert.deepEqual(await place.content('g.csv'), body);
      const staged = await destination.stage('g.csv', { ...csv, existing: 'replace' });
      await writeAll(staged, other.subarray(0, size - 7));
      assert.deepEqual(await place.content('g.csv'), body);
      await staged.publish();
      assert.deepEqual(await place.content('g.csv'), other.subarray(0, size - 7));
    });

    test('of two that publish the same key at once, exactly one wins', async () => {
      const rival = await place.open();
      const stagings = await Promise.all(
        [destination, rival].map((each) => each.stage('h.csv', { ...csv, existing: 'never' })),
      );
      await Promise.all(stagings.map((staged, index) => writeAll(staged, index === 0 ? body : other)));
      const outcomes = await Promise.allSettled(stagings.map((staged) => staged.publish()));
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      assert.ok(outcomes.some((outcome) => outcome.status === 'rejected' && isAlreadyExists(outcome.reason)));
      assert.deepEqual(await place.content('h.csv'), winners[0] === 0 ? body : other);
      const unfinished = (await place.everything()).filter((name) => /^upload|\.tmp$/.test(name));
      assert.deepEqual(unfinished, []);
      await rival.close();
    });

    const refusedAsChanged = (key: string) => (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'destination', error.message);
      assert.ok(error.message.endsWith(`${key} changed since it was looked at, so it was not replaced`));
      assert.equal(error.retryable, false);
      return isChanged(error) && !isAlreadyExists(error);
    };

    test('the version that was asked for is replaced, and no other', async () => {
      const first = await publish('v.csv', body, 'never');
      assert.equal((await destination.stat('v.csv'))?.version, first.version);
      const second = await publish('v.csv', other, { version: first.version });
      assert.notEqual(second.version, first.version);
      assert.deepEqual(await place.content('v.csv'), other);
      const before = await place.everything();
      for (const version of [first.version, 'nobody', '']) {
        await assert.rejects(publish('v.csv', body, { version }), refusedAsChanged('v.csv'));
      }
      assert.deepEqual(await place.content('v.csv'), other);
      assert.deepEqual(await place.everything(), before);
    });

    test('a version that is gone is not replaced', async () => {
      const before = await place.everything();
      await assert.rejects(publish('w.csv', body, { version: '"gone"' }), refusedAsChanged('w.csv'));
      assert.equal(await destination.stat('w.csv'), undefined);
      assert.deepEqual(await place.everything(), before);
    });

    test('a version that changes while its successor is staged is not replaced', async () => {
      const { version } = await publish('x.csv', body, 'never');
      const staged = await destination.stage('x.csv', { ...csv, existing: { version } });
      await writeAll(staged, body.subarray(1));
      await publish('x.csv', other, 'replace');
      await assert.rejects(staged.publish(), refusedAsChanged('x.csv'));
      assert.deepEqual(await place.content('x.csv'), other);
    });

    const skipped = !comparesAndReplaces && 'a folder compares and then replaces; the lease protects it';
    test('of two that replace the same version at once, exactly one wins', { skip: skipped }, async () => {
      const { version } = await publish('y.csv', body.subarray(1), 'never');
      const rival = await place.open();
      const outcomes = await Promise.allSettled([
        publish('y.csv', body, { version }),
        publishFile(rival, 'y.csv', other, { version }),
      ]);
      await rival.close();
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(await place.content('y.csv'), winners[0] === 0 ? body : other);
      // A store may also say that the two met, which is no answer to which version there is.
      const lost = outcomes.find((outcome) => outcome.status === 'rejected');
      assert.ok(lost && (isChanged(lost.reason) || /another writer/.test(String(lost.reason))));
    });

    test('cancelling rejects with the reason, and discarding then leaves nothing', async () => {
      const controller = new AbortController();
      const cancellable = await place.open(controller.signal);
      const before = await place.everything();
      const staged = await cancellable.stage('i/j.csv', { ...csv, existing: 'never' });
      await writeAll(staged, body);
      const reason = new Error('interrupted');
      controller.abort(reason);
      await assert.rejects(staged.write(body.subarray(0, 10)), reason);
      await staged.discard();
      assert.deepEqual(await place.everything(), before);
      await cancellable.close();
    });

    test('cancelled before publishing, nothing is published and nothing is left', async () => {
      const controller = new AbortController();
      const cancellable = await place.open(controller.signal);
      const before = await place.everything();
      const staged = await cancellable.stage('i/k.csv', { ...csv, existing: 'replace' });
      await writeAll(staged, body);
      const reason = new Error('interrupted');
      controller.abort(reason);
      await assert.rejects(staged.publish(), reason);
      assert.deepEqual(await place.everything(), before);
      await cancellable.close();
    });

    for (const key of [
      '',
      '/a.csv',
      'a//b.csv',
      '../a.csv',
      'a/../b.csv',
      './a.csv',
      'a/',
      'a\0b',
      'x'.repeat(1025),
    ]) {
      test(`the key ${JSON.stringify(key.slice(0, 20))} is refused`, async () => {
        const usage = (error: unknown) => error instanceof ReportError && error.code === 'usage';
        await assert.rejects(destination.stage(key, { ...csv, existing: 'never' }), usage);
        await assert.rejects(destination.read(key), usage);
        await assert.rejects(destination.stat(key), usage);
        await assert.rejects(destination.remove({ key, version: 'x' }), usage);
        await assert.rejects(destination.copy({ key, version: 'x' }, 'a.csv'), usage);
        await assert.rejects(destination.copy({ key: 'a.csv', version: 'x' }, key), usage);
        await assert.rejects(destination.download(key)[Symbol.asyncIterator]().next(), usage);
      });
    }

    test('check finds everything in order and leaves nothing', async () => {
      const before = await place.everything();
      const findings = await destination.check();
      assert.ok(findings.length >= 5);
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [],
      );
      assert.deepEqual(await place.everything(), before);
    });

    test('there is no promise that it cannot keep, and finding that out leaves nothing', async () => {
      const before = await place.everything();
      assert.deepEqual((await destination.promises?.()) ?? [], []);
      assert.deepEqual(await place.everything(), before);
    });
  });
  readingContract(sibling);
}
