// Where an output goes that a user named: only plain files are replaced, and nobody gains the right to read one.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import promises, {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { isAlreadyExists } from '../../src/core/existing-file.js';
import { openFolder, openOutputFolder } from '../../src/destinations/file.js';
import { IS_ROOT, NEEDS_ROOT, NOBODY, writeAsUser } from '../support/as-user.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reportctl-'));
});
afterEach(async () => {
  await chmod(root, 0o700);
  await rm(root, { recursive: true });
});

const replace = { contentType: 'text/csv', existing: 'replace' } as const;
const signal = new AbortController().signal;

async function write(key: string, content = 'new', ended: AbortSignal = signal): Promise<string> {
  const destination = await openOutputFolder(root, { token: 'run-1', signal: ended });
  const staged = await destination.stage(key, replace);
  await staged.write(Buffer.from(content));
  return (await staged.publish()).location;
}

test('a new file where there are no hard links is renamed into place, and replaces none', async (context) => {
  const destination = await openOutputFolder(root, { token: 'run-1', signal });
  const stage = () => destination.stage('a.csv', { ...replace, existing: 'never' });
  context.mock.method(promises, 'link', () =>
    Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM' })),
  );
  syncBuiltinESMExports();
  try {
    const [first, second] = [await stage(), await stage()];
    await first.write(Buffer.from('first'));
    await first.publish();
    await assert.rejects(second.publish(), isAlreadyExists);
    await assert.rejects(stage(), isAlreadyExists);
  } finally {
    context.mock.reset();
    syncBuiltinESMExports();
  }
  assert.equal(await textOf('a.csv'), 'first');
  assert.deepEqual(await readdir(root), ['a.csv']);
});

const modeOf = async (name: string) => (await stat(join(root, name))).mode & 0o7777;
const textOf = (name: string) => readFile(join(root, name), 'utf8');

function refusal(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ReportError, String(error));
    assert.equal(error.exitCode, 5);
    assert.match(error.message, message);
    assert.equal(error.retryable, false);
    assert.ok(error.hint);
    return true;
  };
}

/** Runs with another umask, which is of the whole process. */
async function withUmask<T>(mask: number, work: () => Promise<T>): Promise<T> {
  const former = process.umask(mask);
  try {
    return await work();
  } finally {
    process.umask(former);
  }
}

describe('the mode and the owner', () => {
  for (const [umask, mode] of [
    [0o022, 0o640],
    [0o077, 0o600],
    [0o000, 0o640],
  ] as const) {
    test(`a new file under umask ${umask.toString(8)}, which only its writer may read until then`, () =>
      withUmask(umask, async () => {
        const destination = await openFolder(root, { token: 'run-1', signal });
        const staged = await destination.stage('a/b.csv', { ...replace, existing: 'never' });
        const [temporary = ''] = await readdir(join(root, 'a'));
        assert.equal(await modeOf(join('a', temporary)), 0o600);
        assert.equal(await modeOf('a'), 0o777 & ~umask);
        await staged.publish();
        assert.equal(await modeOf('a/b.csv'), mode);
      }));
  }

  test('a setting opens new files to others, and the umask still closes them', async () => {
    const publish = async (key: string) => {
      const destination = await openFolder(root, { token: 'run-1', signal, fileMode: 0o664 });
      return (await destination.stage(key, replace)).publish();
    };
    await withUmask(0o002, () => publish('a.csv'));
    await withUmask(0o027, () => publish('b.csv'));
    assert.deepEqual([await modeOf('a.csv'), await modeOf('b.csv')], [0o664, 0o640]);
  });

  for (const mode of [0o600, 0o644, 0o660, 0o755]) {
    test(`a file of mode ${mode.toString(8)} keeps it, replaced by -o and by a run`, async () => {
      await writeFile(join(root, 'a.csv'), 'former');
      await chmod(join(root, 'a.csv'), mode);
      await write('a.csv');
      assert.deepEqual([await textOf('a.csv'), await modeOf('a.csv')], ['new', mode]);
      const destination = await openFolder(root, { token: 'run-1', signal });
      const version = (await destination.stat('a.csv'))?.version ?? '';
      await (await destination.stage('a.csv', { ...replace, existing: { version } })).publish();
      assert.deepEqual([await textOf('a.csv'), await modeOf('a.csv')], ['', mode]);
    });
  }

  test('root keeps the owner and the group', { skip: NEEDS_ROOT }, async () => {
    await writeFile(join(root, 'a.csv'), 'former');
    await chmod(join(root, 'a.csv'), 0o640);
    await chown(join(root, 'a.csv'), 1234, 4321);
    await write('a.csv');
    const { uid, gid } = await stat(join(root, 'a.csv'));
    assert.deepEqual([uid, gid, await modeOf('a.csv'), await textOf('a.csv')], [1234, 4321, 0o640, 'new']);
  });

  for (const { mode, groups, after, group } of [
    // In the group of the file, so the group stays.
    { mode: 0o660, groups: [4321], after: 0o660, group: 4321 },
    // Another group: nobody may read the file who was not one of the others, and none of the others who was in the group.
    { mode: 0o646, groups: [], after: 0o644, group: NOBODY },
    { mode: 0o662, groups: [], after: 0o622, group: NOBODY },
    { mode: 0o606, groups: [], after: 0o600, group: NOBODY },
  ]) {
    const title = `a file of mode ${mode.toString(8)} that loses its owner${groups.length > 0 ? ', not its group,' : ''} gains no readers`;
    test(title, { skip: NEEDS_ROOT }, async () => {
      await chmod(root, 0o777);
      await writeFile(join(root, 'a.csv'), 'former');
      await chmod(join(root, 'a.csv'), mode);
      await chown(join(root, 'a.csv'), 1234, 4321);
      assert.equal(await writeAsUser(join(root, 'a.csv'), 'new', groups), 'written');
      const { uid, gid } = await stat(join(root, 'a.csv'));
      assert.deepEqual([uid, gid, await modeOf('a.csv')], [NOBODY, group, after]);
      assert.equal(await textOf('a.csv'), 'new');
    });
  }

  test('a new file gets the group of a folder that hands its group on', { skip: NEEDS_ROOT }, async () => {
    await mkdir(join(root, 'shared'));
    await chown(join(root, 'shared'), 0, 4321);
    await chmod(join(root, 'shared'), 0o2775);
    await write('shared/a.csv');
    assert.equal((await stat(join(root, 'shared/a.csv'))).gid, 4321);
  });

  test('of a file with two names the other one keeps the former content', async () => {
    await writeFile(join(root, 'a.csv'), 'former');
    await link(join(root, 'a.csv'), join(root, 'b.csv'));
    await write('a.csv');
    assert.deepEqual([await textOf('a.csv'), await textOf('b.csv')], ['new', 'former']);
  });
});

describe('what may not be replaced', () => {
  test('a file that its user may not write stays', async () => {
    await chmod(root, 0o777);
    const path = join(root, 'a.csv');
    await writeFile(path, 'former');
    await chmod(path, 0o444);
    if (IS_ROOT) await chown(path, NOBODY, NOBODY);
    assert.match(await writeAsUser(path, 'new'), /^could not write \S+: it is write-protected \(EACCES\)$/);
    assert.deepEqual([await textOf('a.csv'), await modeOf('a.csv')], ['former', 0o444]);
    assert.deepEqual(await readdir(root), ['a.csv']);
  });

  test('a file in a folder where nothing can be written is not written in place', async () => {
    const path = join(root, 'a.csv');
    await writeFile(path, 'former');
    await chmod(path, 0o666);
    await chmod(root, 0o555);
    const said = await writeAsUser(path, 'new');
    assert.equal(said, `could not write ${path}: nothing can be written in its folder ${root} (EACCES)`);
    assert.equal(await textOf('a.csv'), 'former');
  });

  test("another user's file in a sticky folder stays", { skip: NEEDS_ROOT }, async () => {
    await chmod(root, 0o1777);
    const path = join(root, 'a.csv');
    await writeFile(path, 'former');
    await chmod(path, 0o666);
    await chown(path, 1234, 4321);
    assert.match(await writeAsUser(path, 'new'), /^could not publish \S+: permission is denied \(EPERM\)$/);
    assert.equal(await textOf('a.csv'), 'former');
    assert.deepEqual(await readdir(root), ['a.csv']);
  });

  test('a folder', async () => {
    await mkdir(join(root, 'a.csv'));
    await assert.rejects(write('a.csv'), refusal(/could not write \S+a\.csv: it is a folder$/));
  });

  test('a disk', async (context) => {
    try {
      execFileSync('mknod', [join(root, 'disk'), 'b', '7', '250'], { stdio: 'pipe' });
    } catch {
      context.skip('making a device is not permitted here');
      return;
    }
    await assert.rejects(write('disk'), refusal(/could not write \S+disk: it is a disk$/));
  });
});

describe('links', () => {
  test('are followed, and the file at their end is replaced in its own folder', async () => {
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere/real.csv'), 'former');
    await chmod(join(root, 'elsewhere/real.csv'), 0o604);
    await symlink('elsewhere', join(root, 'folder'));
    await symlink('folder/real.csv', join(root, 'second'));
    await symlink(join(root, 'second'), join(root, 'first'));
    assert.equal(await write('first'), join(root, 'first'));
    assert.equal(await readlink(join(root, 'first')), join(root, 'second'));
    assert.equal(await textOf('elsewhere/real.csv'), 'new');
    assert.equal(await modeOf('elsewhere/real.csv'), 0o604);
    assert.deepEqual(await readdir(join(root, 'elsewhere')), ['real.csv']);
  });

  test('to no file make the file, but not its folder', async () => {
    await symlink('later.csv', join(root, 'a'));
    await symlink(join(root, 'unmounted/later.csv'), join(root, 'b'));
    await write('a');
    assert.deepEqual([await readlink(join(root, 'a')), await textOf('later.csv')], ['later.csv', 'new']);
    await assert.rejects(
      write('b'),
      refusal(/could not write \S+b: it is a link into \S+unmounted, which does not exist$/),
    );
    assert.deepEqual((await readdir(root)).sort(), ['a', 'b', 'later.csv']);
  });

  test('in a circle are refused', async () => {
    await symlink('b', join(root, 'a'));
    await symlink('a', join(root, 'b'));
    await assert.rejects(write('a'), refusal(/it is a link that leads back to itself \(ELOOP\)$/));
  });

  test('to a device lead to the device', async () => {
    await symlink('/dev/null', join(root, 'a'));
    assert.equal(await write('a'), join(root, 'a'));
    assert.equal(await readlink(join(root, 'a')), '/dev/null');
    assert.deepEqual(await readdir(root), ['a']);
    assert.ok((await stat('/dev/null')).isCharacterDevice());
  });
});

describe('what is written through', () => {
  const fifo = (name = 'fifo') => {
    execFileSync('mkfifo', [join(root, name)]);
    return join(root, name);
  };

  test('a FIFO, larger than it can hold', async () => {
    const path = fifo();
    const content = 'x'.repeat(1_000_003);
    const [read] = await Promise.all([readFile(path, 'utf8'), write('fifo', content)]);
    assert.equal(read, content);
    assert.ok((await lstat(path)).isFIFO());
    assert.deepEqual(await readdir(root), ['fifo']);
  });

  test('a FIFO that nobody reads is waited for until the signal', async () => {
    fifo();
    const controller = new AbortController();
    const writing = write('fifo', 'new', controller.signal);
    const reason = new Error('interrupted');
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(writing, (error) => error === reason);
  });

  test('a FIFO whose reader has stopped reading is waited for until the signal', async () => {
    const path = fifo();
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const reader = spawn('sh', ['-c', 'exec 5<"$0"; echo opened; exec sleep 600', path]);
    const writing = write('fifo', 'x'.repeat(1_000_000), controller.signal);
    await once(reader.stdout, 'data');
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(writing, (error) => error === reason);
    reader.kill();
  });

  test('a socket', async () => {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    const received = new Promise<Buffer>((resolve) => server.on('connection', (s) => resolve(buffer(s))));
    await write('socket', 'x'.repeat(1_000_003));
    assert.equal((await received).length, 1_000_003);
    server.close();
  });

  test('a device that is full', {
    skip: process.platform !== 'linux' && '/dev/full is of Linux',
  }, async () => {
    await symlink('/dev/full', join(root, 'full'));
    await assert.rejects(write('full'), (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.match(error.message, /^could not write \S+full: the disk is full \(ENOSPC\)$/);
      assert.deepEqual([error.exitCode, error.retryable], [5, true]);
      return true;
    });
  });
});

describe('a run finds at one of its keys', () => {
  for (const { what, make, said } of [
    { what: 'a link', make: (path: string) => symlink('outside', path), said: /it is a symbolic link$/ },
    { what: 'a link to nowhere', make: (path: string) => symlink('nowhere', path), said: /symbolic link$/ },
    { what: 'a device', make: (path: string) => symlink('/dev/null', path), said: /symbolic link$/ },
    {
      what: 'a FIFO',
      make: async (path: string) => void execFileSync('mkfifo', [path]),
      said: /it is a FIFO$/,
    },
    { what: 'a folder', make: (path: string) => mkdir(path), said: /it is a folder$/ },
  ]) {
    test(`${what}: it is refused and stays as it is`, async () => {
      await mkdir(join(root, 'out'));
      await writeFile(join(root, 'out/outside'), 'of somebody else');
      await writeFile(join(root, 'out/other.csv'), 'x');
      await make(join(root, 'out/a.csv'));
      const before = await lstat(join(root, 'out/a.csv'));
      const destination = await openFolder(join(root, 'out'), { token: 'run-1', signal });
      const version = (await destination.stat('other.csv'))?.version ?? '';
      for (const existing of ['never', 'replace', { version }] as const)
        await assert.rejects(destination.stage('a.csv', { ...replace, existing }), refusal(said));
      await assert.rejects(destination.copy({ key: 'other.csv', version }, 'a.csv'), refusal(said));
      if (what !== 'a link to nowhere' && what !== 'a link')
        await assert.rejects(destination.read('a.csv'), { code: 'destination' });
      assert.equal((await lstat(join(root, 'out/a.csv'))).ino, before.ino);
      assert.equal(await textOf('out/outside'), 'of somebody else');
      assert.deepEqual((await readdir(join(root, 'out'))).sort(), ['a.csv', 'other.csv', 'outside']);
    });
  }
});
