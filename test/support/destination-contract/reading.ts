// The rest of what every destination promises: what is there can be seen, read, copied and removed, and leftovers are found.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Destination, Leftover } from '../../../src/core/destination.js';
import { ReportError } from '../../../src/core/errors.js';
import { isChanged } from '../../../src/core/existing-file.js';
import type { Stored } from '../../../src/core/store.js';
import { csv, type Place, publishFile, type Sibling, writeAll } from './sibling.js';

export function readingContract({ name, make, size, leaves, skip = false }: Sibling): void {
  describe(`${name}: what is there`, { skip }, () => {
    const body = randomBytes(size);
    let place: Place;
    let destination: Destination;

    before(async () => {
      place = await make();
      destination = await place.open();
    });
    after(async () => {
      await destination.close();
      await place.close();
    });

    const publish = (key: string, bytes = body) => publishFile(destination, key, bytes, 'replace');

    async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
      const found: Item[] = [];
      for await (const item of items) found.push(item);
      return found;
    }

    const assertFresh = ({ age }: { readonly age: number }) =>
      assert.ok(age >= 0 && age < 60_000, `${age} ms old`);

    const destinationError = (error: unknown) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.equal(error.code, 'destination', error.message);
      assert.doesNotMatch(error.message, /\n/);
      assert.ok(error.hint);
      return true;
    };

    test('publishing, looking, reading and listing tell the same of a file', async () => {
      const { version, bytes } = await publish('same/a.csv');
      const expected = { key: 'same/a.csv', bytes, version };
      const known = ({ key, bytes: length, version: told }: Stored) => ({
        key,
        bytes: length,
        version: told,
      });
      const stat = await destination.stat('same/a.csv');
      const read = await destination.read('same/a.csv');
      const [listed, ...others] = await all(destination.list('same/'));
      assert.ok(stat && read && listed);
      assert.deepEqual([stat, read, listed].map(known), [expected, expected, expected]);
      assert.deepEqual(others, []);
      for (const stored of [stat, read, listed]) assertFresh(stored);
      assert.deepEqual(read.content, body);
      for (const { token } of [stat, read]) assert.match(token ?? 'token-', /^token-/);
    });

    test('other content is another version', async () => {
      const first = await publish('again.csv', body);
      const second = await publish('again.csv', body.subarray(1));
      assert.notEqual(first.version, second.version);
    });

    test('what is not there is not there', async () => {
      assert.equal(await destination.stat('no/such.csv'), undefined);
      assert.equal(await destination.read('no/such.csv'), undefined);
      assert.deepEqual(await all(destination.list('no/')), []);
      await destination.remove({ key: 'no/such.csv', version: '"x"' });
      await assert.rejects(all(destination.download('no/such.csv')), destinationError);
      await assert.rejects(
        destination.copy({ key: 'no/such.csv', version: '"x"' }, 'no/copy.csv'),
        isChanged,
      );
      assert.deepEqual(await all(destination.list('no/')), []);
    });

    test('every byte is downloaded, and who has enough may stop', async () => {
      await publish('download.csv');
      assert.deepEqual(Buffer.concat(await all(destination.download('download.csv'))), body);
      for await (const chunk of destination.download('download.csv')) {
        assert.ok(chunk.length > 0);
        break;
      }
    });

    test('as many bytes are downloaded as are asked for', async () => {
      await publish('most.csv');
      await publish('most-empty.csv', Buffer.alloc(0));
      for (const most of [1, size - 1, size, size + 1]) {
        const taken = Buffer.concat(await all(destination.download('most.csv', { most })));
        assert.deepEqual(taken, body.subarray(0, most));
      }
      assert.deepEqual(await all(destination.download('most-empty.csv', { most: 1 })), []);
    });

    test('a download is cancelled by its own signal', async () => {
      await publish('cancel.csv');
      const controller = new AbortController();
      const reason = new Error('interrupted');
      controller.abort(reason);
      const { signal } = controller;
      await assert.rejects(all(destination.download('cancel.csv', { signal })), reason);
      assert.deepEqual(Buffer.concat(await all(destination.download('cancel.csv'))), body);
    });

    test('a store that is opened for reading has the same files', async () => {
      const name = (key: string) => key.endsWith('.csv');
      await publish('store/a.csv');
      await publish('store/b/c.csv', Buffer.from('c'));
      const folder = await place.openStore('store/', name);
      assert.ok(folder && folder.key === undefined);
      const listed = await all(folder.store.list(''));
      assert.deepEqual(
        listed.map(({ key, bytes }) => [key, bytes]),
        [
          ['a.csv', size],
          ['b/c.csv', 1],
        ],
      );
      assert.deepEqual(
        (await all(folder.store.list('b/'))).map(({ key }) => key),
        ['b/c.csv'],
      );
      assert.equal((await folder.store.stat('a.csv'))?.version, listed[0]?.version);
      assert.equal(await folder.store.stat('c.csv'), undefined);
      assert.equal(String((await folder.store.read('b/c.csv'))?.content), 'c');
      assert.deepEqual(Buffer.concat(await all(folder.store.download('a.csv'))), body);
      await assert.rejects(all(folder.store.download('c.csv')), destinationError);
      await folder.store.close();

      const file = await place.openStore('store/b/c.csv', name);
      assert.equal(file?.key, 'c.csv');
      assert.equal(String(Buffer.concat(await all(file.store.download('c.csv')))), 'c');
      await file.store.close();
    });

    test('files are listed in the order of the bytes of their keys, by any prefix', async () => {
      const ordered = ['a-b.csv', 'a/b.csv', 'a/c/d.csv', 'a0.csv', 'b é.csv', '\ufffd.csv', '\u{1f600}.csv'];
      for (const key of ordered.toReversed()) await publish(`list/${key}`, Buffer.from(key));
      const staged = await destination.stage('list/unfinished.csv', { ...csv, existing: 'never' });
      await writeAll(staged, body);
      const listed = async (prefix: string) =>
        (await all(destination.list(prefix))).map(({ key }) => key.slice('list/'.length));
      assert.deepEqual(await listed('list/'), ordered);
      assert.deepEqual(await listed('list/a'), ordered.slice(0, 4));
      assert.deepEqual(await listed('list/a/'), ordered.slice(1, 3));
      assert.deepEqual(await listed('list/a/c/d.csv'), ['a/c/d.csv']);
      assert.deepEqual(await listed('list/b'), ['b é.csv']);
      assert.ok((await all(destination.list(''))).length > ordered.length);
      await staged.discard();
      for (const prefix of ['../', '/', 'list/../../x', 'a//']) {
        await assert.rejects(all(destination.list(prefix)), { code: 'usage' }, prefix);
      }
    });

    test('a copy is the same file, replaces what was there, and stays when the first changes', async () => {
      const { version } = await publish('copy/from é+(1).csv');
      await publish('copy/to.csv', Buffer.from('the former'));
      const before = await place.everything();
      for (const to of ['copy/to.csv', 'copy/to.csv', 'copy/into/another.csv']) {
        await destination.copy({ key: 'copy/from é+(1).csv', version }, to);
        assert.deepEqual(await place.content(to), body);
      }
      await publish('copy/from é+(1).csv', Buffer.from('another'));
      assert.deepEqual(await place.content('copy/to.csv'), body);
      const copied = await destination.stat('copy/to.csv');
      assert.equal(copied?.bytes, size);
      assert.match(copied.token ?? 'token-', /^token-/);
      const made = (await place.everything()).filter((each) => !before.includes(each));
      assert.ok(
        made.every((each) => /copy\/into/.test(each)),
        String(made),
      );
    });

    test('a version that is no longer there is not copied', async () => {
      const { version } = await publish('stale/from.csv');
      await publish('stale/from.csv', Buffer.from('another'));
      const before = await place.everything();
      await assert.rejects(destination.copy({ key: 'stale/from.csv', version }, 'stale/to.csv'), (error) => {
        assert.match(String(error), /stale\/from\.csv changed since it was looked at, so it was not copied/);
        return isChanged(error);
      });
      assert.deepEqual(await place.everything(), before);
    });

    test('a file is removed while it is that version, also by a run that was cancelled', async () => {
      const controller = new AbortController();
      const cancelled = await place.open(controller.signal);
      const first = await publish('remove/a.csv');
      const second = await publish('remove/a.csv', Buffer.from('another'));
      controller.abort(new Error('interrupted'));
      await cancelled.remove({ key: 'remove/a.csv', version: first.version });
      await cancelled.remove({ key: 'remove/a.csv', version: '' });
      assert.deepEqual(await place.content('remove/a.csv'), Buffer.from('another'));
      await cancelled.remove({ key: 'remove/a.csv', version: second.version });
      await cancelled.remove({ key: 'remove/a.csv', version: second.version });
      assert.equal(await destination.stat('remove/a.csv'), undefined);
      await cancelled.close();
    });

    test('what a killed run left is found and removed, and nothing else is', async () => {
      await publish('left/published.csv');
      assert.deepEqual(await all(destination.leftovers()), []);
      const before = await place.everything();
      const abandoned = await destination.stage('left/a.csv', { ...csv, existing: 'never' });
      await writeAll(abandoned, body);
      const found: Leftover[] = await all(destination.leftovers());
      assert.equal(found.length, leaves);
      for (const leftover of found) {
        assert.match(leftover.key, /^left\//);
        assert.match(leftover.token ?? '', /^token-\d+$/);
        assertFresh(leftover);
        await leftover.remove();
        await leftover.remove();
      }
      assert.deepEqual(await all(destination.leftovers()), []);
      assert.deepEqual(await place.everything(), before);
      await abandoned.discard();
      assert.deepEqual(await place.content('left/published.csv'), body);
    });
  });
}
