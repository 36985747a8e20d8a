// -o and its siblings with the program itself: links, devices, descriptors, the mode of files, and what is beside them.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertRefused,
  BINARY,
  filesBelow,
  finished,
  reportctl,
  runReportctl,
  spawnReportctl,
  temporaryFolder,
} from '../support/cli.js';
import { openXlsx, valuesOf } from '../support/xlsx.js';

const YAML = `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text } }
columns: { id: { kind: text, path: _id }, em: { kind: text, path: em } }
order-by: [id]
outputs: [{ format: csv, key: "dia/{report}_{YYYYMMDD}.csv" }]
`;
const ROWS = 'id,em\n1,2024-10-05T10:00:00Z\n';

const isElsewhere = process.platform !== 'linux' && 'uses /proc of Linux';

let folder: string;
let env: Record<string, string>;
before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries/dia.yaml'), YAML);
  await writeFile(join(folder, 'docs.ndjson'), '{"_id":"1","em":"2024-10-05T10:00:00Z"}\n');
  env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
    REPORTCTL_DESTINATION: join(folder, 'out'),
  };
});
after(() => rm(folder, { recursive: true }));

const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  reportctl(args, { env: { ...env, ...more }, cwd: folder });
const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777;
const textOf = (name: string) => readFile(join(folder, name), 'utf8');

describe('export -o', () => {
  test('follows a link, keeps the mode of its file, and puts the manifest beside the link', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real/r.csv'), 'former');
    await chmod(join(folder, 'real/r.csv'), 0o600);
    await symlink('real/r.csv', join(folder, 'link.csv'));
    const args = ['export', 'dia', '-o', 'link.csv'];
    assertRefused(await run(args), 5, /link\.csv already exists\. Nothing was overwritten\. .*--overwrite/);
    assert.equal(await textOf('real/r.csv'), 'former');
    const { code, stdout, stderr } = await run([...args, '--overwrite']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\S+\/link\.csv: 1 row, /);
    assert.equal(await readlink(join(folder, 'link.csv')), 'real/r.csv');
    assert.deepEqual([await textOf('real/r.csv'), await modeOf('real/r.csv')], [ROWS, 0o600]);
    assert.deepEqual(await filesBelow(join(folder, 'real')), ['r.csv']);
    const verified = await run(['verify', 'link.csv']);
    assert.equal(verified.code, 0, verified.stderr);
  });

  test('makes no manifest beside a device, which stays one', async () => {
    await mkdir(join(folder, 'dev'));
    await symlink('/dev/null', join(folder, 'dev/null'));
    const { code, stderr } = await run(['export', 'dia', '-o', 'dev/null']);
    assert.equal(code, 0, stderr);
    assert.ok((await stat(join(folder, 'dev/null'))).isCharacterDevice());
    assert.deepEqual(await filesBelow(join(folder, 'dev')), ['null']);
  });

  for (const name of ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', 'stdout']) {
    test(`${name} is the same as -`, { skip: isElsewhere }, async () => {
      await symlink('/dev/stdout', join(folder, 'stdout')).catch(() => undefined);
      const before = await filesBelow(folder);
      const { code, stdout, stderr } = await run(['export', 'dia', '-o', name, '--json']);
      assertRefused({ code, stdout, stderr }, 2, /--json and the rows cannot both go to stdout/);
      assert.equal((await run(['export', 'dia', '-o', name])).stdout, ROWS);
      assert.equal(await readlink('/dev/stdout'), '/proc/self/fd/1');
      assert.deepEqual(await filesBelow(folder), before);
    });
  }

  test('/dev/fd/3 continues the file that the shell has open', async () => {
    const shared = await open(join(folder, 'three'), 'w');
    await shared.write('before\n');
    const args = [BINARY, 'export', 'dia', '-o', '/dev/fd/3'];
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...env, PATH },
      stdio: ['ignore', 'pipe', 'pipe', shared.fd],
    });
    const [code] = await new Promise<[number | null]>((resolve) =>
      child.on('close', (...ended) => resolve([ended[0]])),
    );
    await shared.write('after\n');
    await shared.close();
    assert.equal(code, 0);
    assert.equal(await textOf('three'), `before\n${ROWS}after\n`);
  });

  test("a descriptor that nobody opened is refused, although Node's own have such numbers", async () => {
    for (const descriptor of [3, 4, 5, 6]) {
      const { code, stderr } = await runReportctl(['export', 'dia', '-o', `/dev/fd/${descriptor}`], {
        env,
        cwd: folder,
      });
      assert.match(stderr, /could not write \/dev\/fd\/\d: .*Trying again will not help\.\n$/);
      assert.equal(code, 5);
    }
  });

  test('an XLSX goes through a FIFO whole', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const reader = spawn('cat', [join(folder, 'fifo')]);
    const [content, { code, stderr }] = await Promise.all([
      buffer(reader.stdout),
      run(['export', 'dia', '-o', 'fifo', '--format', 'xlsx']),
    ]);
    assert.equal(code, 0, stderr);
    const rows = (await openXlsx(content)).worksheets.flatMap((sheet) => valuesOf(sheet, 2));
    assert.ok(rows.some(([id, em]) => id === '1' && em === '2024-10-05T10:00:00Z'));
    assert.ok((await lstat(join(folder, 'fifo'))).isFIFO());
  });

  test('a process that waits for the reader of a FIFO ends with SIGTERM', { skip: isElsewhere }, async () => {
    execFileSync('mkfifo', [join(folder, 'unread')]);
    const child = spawnReportctl(['export', 'dia', '-o', 'unread'], { env, cwd: folder });
    // Not before the program handles signals. Node itself handles SIGTERM from its start, but SIGHUP, bit 0 of the mask, is of the
    // program, which comes to it after SIGTERM. Until exec(2) the mask is of this process.
    const handles = async () => {
      if (!(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).includes(BINARY)) return false;
      const [, mask = '0'] =
        /^SigCgt:\s*(\w+)/m.exec(await readFile(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return (BigInt(`0x${mask}`) & 1n) !== 0n;
    };
    while (!(await handles())) await sleep(50);
    await sleep(500);
    child.kill('SIGTERM');
    assert.equal((await finished(child)).code, 143);
  });

  test('a full device is one line and 5', async () => {
    await symlink('/dev/full', join(folder, 'full'));
    const { code, stdout, stderr } = await run(['export', 'dia', '-o', 'full']);
    assertRefused(
      { code, stdout, stderr: stderr.replace(/^.* warn .*\n/gm, '') },
      5,
      /full: the disk is full \(ENOSPC\)/,
    );
  });
});

test('every file of a run has the mode that the setting says, and other modes are refused', async () => {
  const places = {
    'out-a': {},
    'out-b': { REPORTCTL_FILE_MODE: '0644' },
    'out-c': { REPORTCTL_FILE_MODE: '600' },
  };
  const modes = { 'out-a': 0o640, 'out-b': 0o644, 'out-c': 0o600 };
  for (const [out, setting] of Object.entries(places)) {
    const { code, stderr } = await run(['run', 'dia', '--date', '2024-10-05'], {
      ...setting,
      REPORTCTL_DESTINATION: join(folder, out),
    });
    assert.equal(code, 0, stderr);
    const files = await filesBelow(join(folder, out));
    assert.ok(files.length >= 3, files.join(', '));
    for (const file of files)
      assert.equal(await modeOf(join(out, file)), modes[out as keyof typeof modes] & ~process.umask(), file);
  }
  for (const value of ['0777', '644x', '0244', '7', 'rw-r--r--', '0o1644'])
    assertRefused(
      await run(['list'], { REPORTCTL_FILE_MODE: value }),
      2,
      /REPORTCTL_FILE_MODE is ".*"\. Give the rights/,
    );
});

test('the metrics file may be a device or a link', async () => {
  await mkdir(join(folder, 'metrics'));
  await symlink('/dev/null', join(folder, 'metrics/null.prom'));
  await symlink('real.prom', join(folder, 'metrics/link.prom'));
  for (const name of ['null.prom', 'link.prom']) {
    const { code, stderr } = await run(['run', 'dia', '--date', '2024-10-05'], {
      REPORTCTL_METRICS_FILE: join(folder, 'metrics', name),
    });
    assert.deepEqual([code, stderr.includes('metrics')], [0, false], stderr);
    assert.ok((await lstat(join(folder, 'metrics', name))).isSymbolicLink());
  }
  assert.match(await textOf('metrics/real.prom'), /reportctl_last_run_outcome/);
  assert.deepEqual(await filesBelow(join(folder, 'metrics')), ['link.prom', 'null.prom', 'real.prom']);
});

test('diff -o follows a link and keeps the mode', async () => {
  for (const name of ['before.csv', 'after.csv']) await run(['export', 'dia', '-o', name]);
  await writeFile(join(folder, 'changes'), 'former');
  await chmod(join(folder, 'changes'), 0o600);
  await symlink('changes', join(folder, 'changes.csv'));
  const args = ['diff', 'before.csv', 'after.csv', '--key', 'id', '-o', 'changes.csv'];
  assertRefused(await run(args), 5, /changes\.csv already exists\. Nothing was overwritten\. .*--overwrite/);
  assert.equal(await textOf('changes'), 'former');
  const { code, stderr } = await run([...args, '--overwrite']);
  assert.equal(code, 0, stderr);
  assert.ok((await lstat(join(folder, 'changes.csv'))).isSymbolicLink());
  assert.deepEqual(
    [await textOf('changes'), await modeOf('changes')],
    ['change,id,column,before,after\n', 0o600],
  );
});

test('a golden that --update writes again keeps its mode, and a link stays', async () => {
  await mkdir(join(folder, 'golden/queries'), { recursive: true });
  await mkdir(join(folder, 'golden/fixtures'));
  await writeFile(join(folder, 'golden/queries/ouro.yaml'), `${YAML}tests: [{ run: 2024-10-05 }]\n`);
  const update = async (id: string) => {
    const fixture = `{"_id":"${id}","em":"2024-10-05T10:00:00Z"}\n`;
    await writeFile(join(folder, 'golden/fixtures/docs.ndjson'), fixture);
    const { code, stderr } = await reportctl(['test', '--update'], { cwd: join(folder, 'golden') });
    assert.equal(code, 0, stderr);
  };
  await update('1');
  const files = await filesBelow(join(folder, 'golden/fixtures/golden'));
  const csv = join('golden/fixtures/golden', files.find((name) => name.endsWith('.csv')) ?? '');
  assert.equal(await modeOf(csv), 0o666 & ~process.umask());
  await rename(join(folder, csv), join(folder, 'real-golden'));
  await chmod(join(folder, 'real-golden'), 0o600);
  await symlink(join(folder, 'real-golden'), join(folder, csv));
  await update('2');
  assert.match(await textOf('real-golden'), /^2,/m);
  assert.equal(await modeOf('real-golden'), 0o600);
  assert.ok((await lstat(join(folder, csv))).isSymbolicLink());
});

test('new -o /dev/stdout prints the draft', async () => {
  const [draft, printed] = [
    await run(['new', 'novo', '--from', 'docs', '-o', '-']),
    await run(['new', 'novo', '--from', 'docs', '-o', '/dev/stdout']),
  ];
  assert.equal(draft.code, 0, draft.stderr);
  assert.equal(printed.stdout, draft.stdout);
});
