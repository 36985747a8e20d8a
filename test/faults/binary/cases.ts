// The sweep's cases: errors, kills, signals and freezes at every call of a clean run.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE } from '../../support/period-run.js';
import { type Expectation, Failure, judged, judgeEnd, judgeRepair } from './judge.js';
import { type Destinations, isTemporary, type Place } from './places.js';
import { randomOf } from './random.js';
import { type Documents, ONE_THREAD, type Prepared, type StartOptions } from './scenarios.js';
import type { Call, Fault } from './shim.js';

export type Kind =
  | 'error'
  | 'lasting error'
  | 'kill'
  | 'signal'
  | 'freeze'
  | 'renewal'
  | 'restart'
  | 'power cut';

export interface BinaryCase {
  readonly kind: Kind;
  /** `folder/split/EIO@12`: what `--only` takes to run it again. */
  readonly id: string;
  /** The call that is hit, for people. */
  readonly about: string;
  /** Milliseconds that it takes, about, nearly all of them waiting: such cases run beside each other. */
  readonly waitsMs?: number;
  /** @throws Failure. @returns what happened, if more than that it survived is counted */
  readonly run: () => Promise<string | undefined>;
}

const CREATES = 0o100;
/** Which errors a call can end with; after `after-` the call has been made all the same, and its answer is lost. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  write: ['EIO', 'ENOSPC', 'EDQUOT', 'ESTALE', 'short', 'half+ENOSPC', 'half+EIO'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT', 'ESTALE', 'after-EIO'],
  fdatasync: ['EIO', 'ENOSPC', 'EDQUOT', 'ESTALE'],
  link: ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ENOENT', 'ESTALE', 'after-EIO'],
  rename: ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ENOENT', 'ESTALE', 'after-EIO'],
  unlink: ['EIO', 'EACCES', 'EROFS', 'ESTALE', 'after-EIO'],
  mkdir: ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ESTALE'],
  rmdir: ['EIO', 'EACCES', 'ESTALE'],
  stat: ['EIO', 'EACCES', 'ESTALE'],
  fstat: ['EIO', 'ESTALE'],
  readdir: ['EIO', 'EACCES', 'ESTALE', 'EMFILE'],
  close: ['EIO', 'ENOSPC', 'EDQUOT'],
  read: ['EIO', 'ESTALE', 'short'],
  sendfile: ['EIO', 'ENOSPC', 'EDQUOT', 'short'],
};
const OTHERS = ['EIO', 'EACCES'];
const OPENING_TO_READ = ['EIO', 'EACCES', 'ESTALE', 'EMFILE'];
const OPENING_TO_WRITE = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ESTALE', 'EMFILE', 'ENOENT'];
const OF_CONNECTIONS: Readonly<Record<string, readonly string[]>> = {
  connect: ['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  write: ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'short', 'half+ECONNRESET', 'half+EPIPE', 'after-ECONNRESET'],
  read: ['ECONNRESET', 'ETIMEDOUT', 'after-ECONNRESET', 'short', 'eof'],
};
/** Errors that last: a full disk, one that became read-only, a server that lost the export, a broken disk. */
const LASTING: readonly Omit<Fault, 'at'>[] = [
  { action: 'ENOSPC', only: ['write', 'mkdir', 'link', 'rename', 'fsync', 'sendfile'] },
  { action: 'EROFS', only: ['write', 'mkdir', 'link', 'rename', 'unlink', 'rmdir', 'sendfile'] },
  { action: 'ESTALE' },
  { action: 'EIO' },
];
const LASTING_CONNECTIONS: readonly Omit<Fault, 'at'>[] = [
  { action: 'ECONNRESET', only: ['write', 'read'] },
  { action: 'ECONNREFUSED', only: ['connect'] },
  { action: 'eof', only: ['read'] },
];

function errorsOf(call: Call, isFolder: boolean): readonly string[] {
  if (!isFolder) return OF_CONNECTIONS[call.name] ?? ['ECONNRESET'];
  if (call.name === 'open') return call.flags & CREATES ? OPENING_TO_WRITE : OPENING_TO_READ;
  const errors = ERRORS[call.name] ?? OTHERS;
  // Somebody may remove a temporary file; a file that is there and said to be gone is no error of any system.
  return isTemporary(call.path) ? errors : errors.filter((error) => error !== 'ENOENT');
}

/** Errors, kills and signals at each call, and freezes while another run takes over. */
export function casesOf(prepared: Prepared): BinaryCase[] {
  const { destinations, scenario, calls } = prepared;
  const isFolder = destinations.kind === 'folder';
  const one = (kind: Kind, fault: Fault, run: () => Promise<string | undefined>, more = ''): BinaryCase => {
    const call = calls[fault.at - 1];
    const lasts = fault.times === 0 ? '..' : '';
    return {
      kind,
      id: `${destinations.kind}/${scenario.name}/${fault.action}${more}@${fault.at}${lasts}`,
      about: call === undefined ? '' : textOf(call),
      run,
    };
  };
  return calls.flatMap((call, index) => {
    const at = index + 1;
    const kills = call.name === 'write' ? ['kill', 'after-kill', 'half+kill'] : ['kill', 'after-kill'];
    return [
      ...errorsOf(call, isFolder).map((action) =>
        one('error', { action, at }, () =>
          fails(prepared, { action, at }, action === 'short' ? { codes: [0] } : {}),
        ),
      ),
      ...(isFolder ? LASTING : LASTING_CONNECTIONS).map((lasting) =>
        one('lasting error', { ...lasting, at, times: 0 }, () =>
          fails(prepared, { ...lasting, at, times: 0 }, { isLasting: true }),
        ),
      ),
      ...kills.map((action) =>
        one('kill', { action, at }, () => fails(prepared, { action, at }, { isKilled: true })),
      ),
      ...(['term', 'int', 'quit'] as const).map((action) =>
        one('signal', { action, at }, () =>
          fails(prepared, { action, at }, { codes: [0, 5, CODES[action]] }),
        ),
      ),
      ...(scenario.isExport
        ? []
        : whoTakesOver(destinations).map((who) =>
            one('freeze', { action: 'stop', at }, () => freezes(prepared, at, who), `-${who}`),
          )),
    ];
  });
}

/** The call with its paths; random parts of names are left out. */
export function textOf({ name, path, second }: Pick<Call, 'name' | 'path' | 'second'>): string {
  const paths = [path, second].filter((one) => one !== '').join(', ');
  return `${name}(${paths.replace(/\.reportctl-[^/,]*\.tmp/g, '.reportctl-….tmp')})`;
}

/** On a real store a lease cannot be made old. */
function whoTakesOver({ kind }: Destinations): readonly ('elsewhere' | 'midway' | 'here')[] {
  return kind === 'real-s3' ? ['here'] : ['elsewhere', 'midway', 'here'];
}

const CODES = { term: 143, int: 130, quit: 131 };

async function fails(
  prepared: Prepared,
  fault: Fault,
  expectation: Expectation,
): Promise<string | undefined> {
  const { bench, destinations, scenario, template, during } = prepared;
  const place = await destinations.make(template);
  const end = await bench.start(scenario, place, { documents: during, fault, env: ONE_THREAD }).ended;
  const isKilled = expectation.isKilled && end.code === 'SIGKILL';
  await judgeEnd(prepared, place, end, { ...expectation, isKilled: isKilled ?? false });
  await judgeRepair(prepared, place);
  await place.remove();
  return undefined;
}

/** As users have it: a request of the first run may arrive after the other one has looked, which then tries again. */
const RETRYING = { REPORTCTL_RETRY_FOR: '1m' };

/**
 * The process freezes at a call, another run starts, and the first one wakes up. `elsewhere`: the first one was on another host and
 * its lease is old, so that the other takes it over. `midway`: the same, and the other freezes as well, until the first one has
 * ended. `here`: both are on one host, where a living process keeps its lease.
 */
async function freezes(
  prepared: Prepared,
  at: number,
  who: 'elsewhere' | 'midway' | 'here',
): Promise<string> {
  const { bench, destinations, scenario, template, during, after, runs, calls } = prepared;
  const place = await destinations.make(template);
  const start = (documents: Documents, at: number, more: Pick<StartOptions, 'host' | 'env'>) =>
    stopped(bench.start(scenario, place, { documents, fault: { action: 'stop', at }, ...more }));
  const frozen = await start(during, at, who === 'here' ? {} : { host: bench.otherHost });
  if (who !== 'here') await makeOld(place);
  const hadLease = (await place.files()).has(LEASE);
  const second =
    who === 'midway'
      ? await start(after, 1 + Math.floor(randomOf(at)() * calls.length), { env: RETRYING })
      : await bench.again(scenario, place, after);
  frozen.kill('SIGCONT');
  const end = await frozen.ended;
  if ('kill' in second) second.kill('SIGCONT');
  const other = 'kill' in second ? await second.ended : second;
  const said = `\n      frozen: exit ${end.code}: ${end.stderr.trim()}\n      other: exit ${other.code}: ${other.stderr.trim()}`;
  if (end.isHanging || ('isHanging' in other && other.isHanging))
    throw new Failure('hang', `not over after three minutes${said}`);
  await judged('wrong sentence', said, () => {
    const expected = who === 'here' ? [75, 0] : who === 'midway' ? [0, 5, 75] : [0];
    assert.ok(expected.includes(Number(other.code)), `the other run ends with ${other.code}`);
    assert.ok([0, 5, 75].includes(Number(end.code)), `the frozen run ends with ${end.code}`);
    assert.doesNotMatch(end.stderr + other.stderr, /\n {4}at |node:internal/, 'a stack');
    assert.ok(other.code === 0 || end.code === 0, 'neither run publishes');
  });
  if (other.code === 0) {
    await judged('wrong file', said, async () => {
      const verified = await bench.verify(scenario, place);
      assert.equal(verified.code, 0, `verify: ${verified.stdout}${verified.stderr}`);
    });
  }
  await judgeRepair(prepared, place, [runs.during, runs.after], true).catch((error) => {
    throw error instanceof Failure ? new Failure(error.wrong, `${error.message}${said}`) : error;
  });
  await place.remove();
  const outcome = other.code === 75 ? 'kept the lease' : hadLease ? 'lost the lease' : 'had no lease';
  return `a frozen run ${outcome}`;
}

/** Waits until the process has stopped or ended. */
async function stopped<T extends { readonly pid: number; readonly ended: Promise<unknown> }>(
  run: T,
): Promise<T> {
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  while (!isOver && !(await isStopped(run.pid))) await sleep(20);
  return run;
}

async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) [Tt] /.test(stat);
}

/** Milliseconds after which a lease is free for other hosts, and a bit. */
const LEASE_AGE_MS = 90_000;

/** Makes the lease one that was not renewed for long. */
async function makeOld(place: Place): Promise<void> {
  const lease = (await place.files()).get(LEASE);
  if (lease !== undefined) await place.replace(LEASE, lease, LEASE_AGE_MS);
}
