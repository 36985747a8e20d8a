// What only a folder can do wrong: permissions, full disks, names that are folders.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openFolder } from '../../src/destinations/file.js';
import { isAlreadyExists } from '../../src/destinations/index.js';
import { ReportError } from '../../src/errors.js';

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
  const staged = await (await open()).stage('a.csv', replace);
  await assert.rejects(staged.publish(), destinationError(/it is a folder/, false));
  assert.deepEqual(await readdir(root), ['a.csv']);
  await assert.rejects(
    (await open()).read('a.csv'),
    destinationError(/could not read .*it is a folder/, false),
  );
});

test('a name that is too long is refused', async () => {
  const staged = await (await open()).stage(`${'x'.repeat(300)}.csv`, never);
  await assert.rejects(staged.publish(), destinationError(/the name is too long/, false));
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
    destinationError(/we may not write there \(EACCES\)/, false),
  );
  assert.deepEqual(
    (await (await open()).check()).map(({ subject, ok }) => ({ subject, ok })),
    [{ subject: 'write', ok: false }],
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
  assert.equal(findings.length, 1);
  assert.equal(findings[0]?.ok, false);
  assert.match(findings[0]?.detail ?? '', new RegExp(`${basename(root)}.*a part of the path is a file`));
});
