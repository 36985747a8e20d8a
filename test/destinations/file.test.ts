// What only a folder can do wrong: permissions, full disks, names that are folders.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, promises, renameSync } from 'node:fs';
import {
  appendFile,
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Destination } from '../../src/core/destination.js';
import { ReportError } from '../../src/core/errors.js';
import { isAlreadyExists, isChanged } from '../../src/core/existing-file.js';
import type { Store } from '../../src/core/store.js';
import { openFolder, openFolderForReading } from '../../src/destinations/file.js';

const never = { contentType: 'text/csv', existing: 'never' } as const;
const replace = { contentType: 'text/csv', existing: 'replace' } as const;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reportctl-'));
});
afterEach(() => rm(root, { recursive: true }));

const open = (folder = root) => openFolder(folder, { token: 'run-1', signal: new AbortController().signal });

function destinationError(message: RegExp, retryable: boolean) {
  return (error: unknown) => {
    assert.ok(error instanceof ReportError);
    assert.equal(error.code, 'destination');
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    assert.equal(error.retryable, retryable);
    assert.ok(error.hint);
    return true;
  };
}

test('the temporary file is hidden, beside the target, and has the token in its name', async () => {
  const staged = await (await open()).stage('a/b.csv', never);
  const names = await readdir(join(root, 'a'));
  assert.equal(names.length, 1);
  assert.match(names[0] ?? '', /^\..*run-1/);
  await staged.discard();
  assert.deepEqual(await readdir(root), []);
});

test('two destinations of one run, opened with the same token, never choose the same temporary name', async () => {
  const [run, lease] = [await open(), await open()];
  const renewed = async (destination: Destination, key: string) => {
    for (let round = 0; round < 500; round++) {
      const staged = await destination.stage(key, replace);
      if (round % 100 === 0) await staged.publish();
      else await staged.discard();
    }
  };
  await Promise.all([renewed(run, 'note.json'), renewed(lease, 'lease')]);
  assert.deepEqual((await readdir(root)).sort(), ['lease', 'note.json']);
});

test('discarding removes the folders that staging made, and no others', async () => {
  await mkdir(join(root, 'kept'));
  const destination = await open();
  await (await destination.stage('kept/new/newer/a.csv', never)).discard();
  assert.deepEqual(await readdir(root, { recursive: true }), ['kept']);
  const staged = await destination.stage('kept/new/a.csv', never);
  await writeFile(join(root, 'kept/new/other.csv'), 'somebody else');
  await staged.discard();
  assert.deepEqual((await readdir(root, { recursive: true })).sort(), [
    'kept',
    'kept/new',
    'kept/new/other.csv',
  ]);
});

test('a refused publish removes its folders and its temporary file too', async () => {
  const destination = await open();
  const staged = await destination.stage('a.csv', never);
  await writeFile(join(root, 'a.csv'), 'late');
  await assert.rejects(staged.publish(), isAlreadyExists);
  assert.deepEqual(await readdir(root), ['a.csv']);
});

test('a file that was cut behind our back is not published', async () => {
  const staged = await (await open()).stage('a.csv', never);
  await staged.write(Buffer.from('0123456789'));
  const [temporary = ''] = await readdir(root);
  await writeFile(join(root, temporary), '012');
  await assert.rejects(staged.publish(), destinationError(/has 3 bytes, we wrote 10/, true));
  assert.deepEqual(await readdir(root), []);
});

test('a key whose parent is a file is refused in one line', async () => {
  await writeFile(join(root, 'a'), '');
  await assert.rejects(
    (await open()).stage('a/b.csv', never),
    destinationError(/could not write .*a part of the path is a file/, false),
  );
  assert.equal(await (await open()).read('a/b.csv'), undefined);
});

test('a folder is not replaced by a file', async () => {
  await mkdir(join(root, 'a.csv'));
  for (const how of [replace, never]) {
    await assert.rejects(
      (await open()).stage('a.csv', how),
      destinationError(/could not write .*it is a folder/, false),
    );
  }
  assert.deepEqual(await readdir(root), ['a.csv']);
  await assert.rejects(
    (await open()).read('a.csv'),
    destinationError(/could not read .*it is a folder/, false),
  );
});

test('a name that is too long is refused', async () => {
  const tooLong = (await open()).stage(`${'x'.repeat(300)}.csv`, never);
  await assert.rejects(tooLong, destinationError(/the name is too long/, false));
  assert.deepEqual(await readdir(root), []);
});

test('a folder that vanishes is an error and nothing comes back', async () => {
  const staged = await (await open(join(root, 'out'))).stage('a.csv', never);
  await rm(join(root, 'out'), { recursive: true });
  await assert.rejects(staged.publish(), { code: 'destination' });
  assert.deepEqual(await readdir(root), []);
});

const asRoot = process.getuid?.() === 0 && 'permissions do not bind root';
test('a folder that we may not write', { skip: asRoot }, async () => {
  await chmod(root, 0o555);
  await assert.rejects(
    (await open()).stage('a.csv', never),
    destinationError(/permission is denied \(EACCES\)/, false),
  );
  assert.deepEqual(
    (await (await open()).check()).map(({ subject, ok }) => ({ subject, ok })),
    [
      { subject: 'write', ok: false },
      { subject: 'unfinished files', ok: true },
    ],
  );
  await chmod(root, 0o755);
});

test('a full disk', async (context) => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'pipe' });
  } catch {
    context.skip('mounting a small file system is not permitted here');
    return;
  }
  try {
    const staged = await (await open()).stage('a/b.csv', never);
    const write = async () => {
      for (;;) await staged.write(Buffer.alloc(100_000));
    };
    await assert.rejects(write(), destinationError(/the disk is full \(ENOSPC\)/, true));
    await staged.discard();
    assert.deepEqual(await readdir(root), []);
  } finally {
    execFileSync('umount', [root]);
  }
});

test('a folder whose parent is a file cannot be checked either, and says so', async () => {
  await writeFile(join(root, 'f'), '');
  const findings = await (await open(join(root, 'f', 'out'))).check();
  assert.deepEqual(
    findings.map(({ subject, ok }) => ({ subject, ok })),
    [
      { subject: 'write', ok: false },
      { subject: 'unfinished files', ok: true },
    ],
  );
  assert.match(findings[0]?.detail ?? '', new RegExp(`${basename(root)}.*a part of the path is a file`));
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('a file that somebody wrote into is another version, also with the same size', async () => {
  const destination = await open();
  const staged = await destination.stage('a.csv', never);
  await staged.write(Buffer.from('one'));
  const { version } = await staged.publish();
  await writeFile(join(root, 'a.csv'), 'two');
  assert.notEqual((await destination.stat('a.csv'))?.version, version);
  const next = await destination.stage('a.csv', { ...replace, existing: { version } });
  await assert.rejects(next.publish(), isChanged);
  await assert.rejects(destination.copy({ key: 'a.csv', version }, 'b.csv'), isChanged);
  await destination.remove({ key: 'a.csv', version });
  assert.deepEqual(await readdir(root), ['a.csv']);
  assert.equal(String(await readFile(join(root, 'a.csv'))), 'two');
});

test('folders that others remove because they are empty are made again', async () => {
  // Each check and each staging makes the folders that it does not find, and removes what it made.
  const destinations = await Promise.all(
    Array.from({ length: 6 }, (_, run) =>
      openFolder(root, { token: `run-${run}`, signal: new AbortController().signal }),
    ),
  );
  await writeFile(join(root, 'a.csv'), 'x');
  const version = (await (await open()).stat('a.csv'))?.version ?? '';
  await Promise.all(
    destinations.map(async (destination, run) => {
      for (let round = 0; round < 25; round++) {
        const findings = await destination.check();
        assert.deepEqual(
          findings.filter(({ ok }) => !ok),
          [],
        );
        await (await destination.stage('_reportctl/.unfinished/x', never)).discard();
        const key = `_reportctl/.unfinished/${run}`;
        await destination.copy({ key: 'a.csv', version }, key);
        await destination.remove({ key, version });
        // As whoever finds them empty would; copying leaves them.
        await rmdir(join(root, '_reportctl/.unfinished')).catch(() => undefined);
        await rmdir(join(root, '_reportctl')).catch(() => undefined);
      }
    }),
  );
});

test('a copy is another name of the same bytes', async () => {
  const destination = await open();
  await writeFile(join(root, 'a.csv'), 'x');
  const version = (await destination.stat('a.csv'))?.version ?? '';
  await destination.copy({ key: 'a.csv', version }, 'b/c.csv');
  assert.equal((await stat(join(root, 'a.csv'))).ino, (await stat(join(root, 'b/c.csv'))).ino);
});

test('a folder is nothing that can be looked at, copied or removed', async () => {
  await mkdir(join(root, 'a'));
  const destination = await open();
  await assert.rejects(destination.stat('a'), destinationError(/could not look at .*it is a folder/, false));
  for (const attempt of [
    () => destination.copy({ key: 'a', version: 'x' }, 'b'),
    () => destination.remove({ key: 'a', version: 'x' }),
  ]) {
    await assert.rejects(attempt, destinationError(/it is a folder/, false));
  }
  assert.deepEqual(await readdir(root), ['a']);
});

for (const shared of [true, false]) {
  const title = `a file that another run publishes while the former one is removed stays${shared ? '' : ', without hard links too'}`;
  test(title, async (context) => {
    const [target, later] = [join(root, 'a.csv'), join(root, 'later')];
    await writeFile(target, 'former');
    await writeFile(later, 'published meanwhile');
    const destination = await open();
    const version = (await destination.stat('a.csv'))?.version ?? '';
    // The process is stopped after its look at the file, just before the call that takes the file away.
    for (const name of ['rename', 'unlink'] as const) {
      const call = promises[name] as (...paths: string[]) => Promise<void>;
      context.mock.method(promises, name, async (...paths: string[]) => {
        if (paths[0] === target && existsSync(later)) renameSync(later, target);
        return call(...paths);
      });
    }
    const noLinks = () => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' }));
    if (!shared) context.mock.method(promises, 'link', noLinks);
    syncBuiltinESMExports();
    await destination.remove({ key: 'a.csv', version }).finally(() => {
      context.mock.reset();
      syncBuiltinESMExports();
    });
    assert.equal(await readFile(target, 'utf8'), 'published meanwhile');
    assert.deepEqual(await readdir(root), ['a.csv']);
  });
}

test('the folder of a removed file stays', async () => {
  const destination = await open();
  await (await destination.stage('kept/a.csv', never)).publish();
  const version = (await destination.stat('kept/a.csv'))?.version ?? '';
  await destination.remove({ key: 'kept/a.csv', version });
  assert.deepEqual(await readdir(root, { recursive: true }), ['kept']);
});

test('links to files are listed, links to folders and to nowhere are not', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'reportctl-'));
  await writeFile(join(elsewhere, 'real.csv'), 'x');
  await symlink(join(elsewhere, 'real.csv'), join(root, 'link.csv'));
  await symlink(elsewhere, join(root, 'folder'));
  await symlink(join(elsewhere, 'nothing'), join(root, 'dangling.csv'));
  const destination = await open();
  assert.deepEqual(
    (await all(destination.list(''))).map(({ key }) => key),
    ['link.csv'],
  );
  const version = (await destination.stat('link.csv'))?.version ?? '';
  await destination.copy({ key: 'link.csv', version }, 'copy.csv');
  assert.equal(String((await destination.read('copy.csv'))?.content), 'x');
  await rm(elsewhere, { recursive: true });
});

test('temporary files of any run are leftovers, as old as their last byte, and nothing else is', async () => {
  const destination = await open();
  await mkdir(join(root, 'a/b'), { recursive: true });
  await mkdir(join(root, '_reportctl/.unfinished'), { recursive: true });
  const yesterday = new Date(Date.now() - 30 * 3_600_000);
  // The first two as former versions named them.
  const left = [
    'a/b/.reportctl-run-0-1.tmp',
    '_reportctl/.unfinished/check-run-0',
    'a/b/.reportctl-run-2-0123456789abcdef.tmp',
    '_reportctl/.unfinished/check-run-2-0123456789abcdef',
  ];
  for (const name of left) {
    await writeFile(join(root, name), 'x');
    await utimes(join(root, name), yesterday, yesterday);
  }
  for (const name of ['a/.hidden', 'a/b/c.tmp', '.reportctl.tmp']) await writeFile(join(root, name), 'x');
  const found = await all(destination.leftovers());
  assert.deepEqual(
    found.map(({ key, age, token }) => ({ key, hours: Math.round(age / 3_600_000), token })),
    [
      { key: '_reportctl/.unfinished/check-run-0', hours: 30, token: undefined },
      { key: '_reportctl/.unfinished/check-run-2-0123456789abcdef', hours: 30, token: 'run-2' },
      { key: 'a/b/.reportctl-run-0-1.tmp', hours: 30, token: 'run-0' },
      { key: 'a/b/.reportctl-run-2-0123456789abcdef.tmp', hours: 30, token: 'run-2' },
    ],
  );
  const finding = (await destination.check()).find(({ subject }) => subject === 'unfinished files');
  assert.equal(finding?.ok, false);
  assert.match(finding.detail, /^4; the oldest is 30 hours old.*reportctl check --clean removes those/);
  for (const { remove } of found) await remove();
  assert.deepEqual(
    (await all(destination.list(''))).map(({ key }) => key),
    ['.reportctl.tmp', 'a/.hidden', 'a/b/c.tmp'],
  );
  assert.deepEqual(await all(destination.leftovers()), []);
});

test('a file that is cut while it is downloaded is an error', async () => {
  await writeFile(join(root, 'a.csv'), Buffer.alloc(5_000_000));
  const download = (await open()).download('a.csv')[Symbol.asyncIterator]();
  await download.next();
  await writeFile(join(root, 'a.csv'), 'short');
  await assert.rejects(
    async () => {
      while (!(await download.next()).done);
    },
    destinationError(/has 5000000 bytes, we could read \d+/, true),
  );
});

test('a file that grows while it is downloaded is read as long as it was', async () => {
  await writeFile(join(root, 'a.csv'), Buffer.alloc(3_000_000));
  const download = (await open()).download('a.csv')[Symbol.asyncIterator]();
  let bytes = (await download.next()).value?.length ?? 0;
  await appendFile(join(root, 'a.csv'), 'more');
  for (let next = await download.next(); !next.done; next = await download.next()) bytes += next.value.length;
  assert.equal(bytes, 3_000_000);
});

test('a pipe is read to its end, as a source', { skip: process.platform === 'win32' }, async () => {
  const path = join(root, 'pipe');
  execFileSync('mkfifo', [path]);
  const { signal } = new AbortController();
  const opened = await openFolderForReading(path, { signal });
  assert.equal(opened.key, 'pipe');
  const written = writeFile(path, 'through the pipe');
  const chunks: Buffer[] = [];
  for await (const chunk of opened.store.download('pipe')) chunks.push(chunk);
  await written;
  assert.equal(String(Buffer.concat(chunks)), 'through the pipe');
});

test('a pipe that nobody writes is waited for until the signal as a source, and refused at a destination', async () => {
  execFileSync('mkfifo', [join(root, 'pipe')]);
  const controller = new AbortController();
  const { store } = await openFolderForReading(root, { signal: controller.signal });
  const next = store.download('pipe')[Symbol.asyncIterator]().next();
  const reason = new Error('interrupted');
  setTimeout(() => controller.abort(reason), 100);
  await assert.rejects(next, (error) => error === reason);
  const download = (await open()).download('pipe')[Symbol.asyncIterator]();
  await assert.rejects(download.next(), destinationError(/could not read .*: it is a FIFO/, false));
});

test('a link to nowhere is left out of a destination, and an error in a source', async () => {
  await symlink(join(root, 'nothing'), join(root, 'dangling.json'));
  const keys = async ({ list }: Pick<Store, 'list'>) => {
    const found: string[] = [];
    for await (const { key } of list('')) found.push(key);
    return found;
  };
  assert.deepEqual(await keys(await open()), []);
  const { store } = await openFolderForReading(root, { signal: new AbortController().signal });
  await assert.rejects(keys(store), destinationError(/it is not there \(ENOENT\)/, false));
});

test('downloading and copying end with the reason of the signal', async () => {
  const controller = new AbortController();
  const destination = await openFolder(root, { token: 'run-1', signal: controller.signal });
  await writeFile(join(root, 'a.csv'), Buffer.alloc(5_000_000));
  const version = (await destination.stat('a.csv'))?.version ?? '';
  const download = destination.download('a.csv')[Symbol.asyncIterator]();
  await download.next();
  const reason = new Error('interrupted');
  controller.abort(reason);
  await assert.rejects(download.next(), reason);
  await assert.rejects(destination.copy({ key: 'a.csv', version }, 'b.csv'), reason);
  assert.deepEqual(await readdir(root), ['a.csv']);
});

test('where there are no hard links, a copy is a copy', async (context) => {
  await mkdir(join(root, 'other'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(root, 'other')], { stdio: 'pipe' });
  } catch {
    context.skip('mounting a second file system is not permitted here');
    return;
  }
  try {
    const destination = await open();
    await writeFile(join(root, 'a.csv'), 'x');
    await writeFile(join(root, 'other/b.csv'), 'the former');
    const version = (await destination.stat('a.csv'))?.version ?? '';
    await destination.copy({ key: 'a.csv', version }, 'other/b.csv');
    assert.equal(String(await readFile(join(root, 'other/b.csv'))), 'x');
    await assert.rejects(destination.copy({ key: 'a.csv', version: 'another' }, 'other/b.csv'), isChanged);
    await writeFile(join(root, 'a.csv'), Buffer.alloc(2_000_000));
    const larger = (await destination.stat('a.csv'))?.version ?? '';
    await assert.rejects(
      destination.copy({ key: 'a.csv', version: larger }, 'other/b.csv'),
      destinationError(/could not copy .*the disk is full/, true),
    );
    assert.equal(String(await readFile(join(root, 'other/b.csv'))), 'x');
    assert.deepEqual(await readdir(join(root, 'other')), ['b.csv']);
  } finally {
    execFileSync('umount', [join(root, 'other')]);
  }
});

test('a file is read to its end though each read gives some of its bytes only, and one that ends early is an error', async (context) => {
  await writeFile(join(root, 'x.manifest.json'), '{"manifest":1}');
  const handle = await openFile(join(root, 'x.manifest.json'));
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { read } = prototype as { read: (...args: readonly unknown[]) => unknown };
  let most = 5;
  const readSome = function (this: FileHandle, bytes: Buffer, at: number, length: number, from: number) {
    return read.call(this, bytes, at, Math.min(length, most), from);
  };
  context.mock.method(prototype, 'read', readSome);
  // As Node does it for a file of this size: what one read gives.
  context.mock.method(prototype, 'readFile', async function (this: FileHandle) {
    const { buffer, bytesRead } = await this.read(Buffer.alloc(14), 0, 14, 0);
    return buffer.subarray(0, bytesRead);
  });
  const destination = await open();
  assert.equal(`${(await destination.read('x.manifest.json'))?.content}`, '{"manifest":1}');
  most = 0;
  await assert.rejects(
    destination.read('x.manifest.json'),
    destinationError(/it has 14 bytes, we could read 0$/, true),
  );
});

test('a manifest of more than 64 MiB is none of ours, and is not read', async () => {
  await writeFile(join(root, 'x.manifest.json'), '');
  await truncate(join(root, 'x.manifest.json'), 64 * 1024 ** 2 + 1);
  const destination = await openFolder(root, { token: 'run-1', signal: new AbortController().signal });
  await assert.rejects(
    destination.read('x.manifest.json'),
    destinationError(/it has more than 64 MiB/, false),
  );
});
