// The lease of a run: held by one, renewed, taken over from the dead, given back without a word.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Destination } from '../../src/core/destination.js';
import { ReportError } from '../../src/core/errors.js';
import { LEASE_LIFE_MS, LeaseHeld, removeAbandoned } from '../../src/publish/lease/files.js';
import { forget } from '../../src/publish/lease/holder.js';
import { lockOnHost } from '../../src/publish/lease/host-lock.js';
import { Lease } from '../../src/publish/lease.js';
import { type MemoryStore, memoryStore } from '../support/memory-destination.js';

const KEY = '_reportctl/vendas/20241005.lease';

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly identity: string;
  readonly pid: number;
  readonly began: string;
  readonly renewal: string;
  readonly epoch: number;
  readonly fenced: readonly string[];
}

const holderIn = (store: MemoryStore) => store.json(KEY) as Holder;

/** Makes the lease that is there one of another holder. */
function handOver(store: MemoryStore, more: Partial<Holder>): void {
  store.put(KEY, JSON.stringify({ ...holderIn(store), ...more }));
}

function running(error: unknown): boolean {
  assert.ok(error instanceof ReportError, String(error));
  assert.equal(error.code, 'already-running');
  assert.equal(error.exitCode, 75);
  assert.ok(error instanceof LeaseHeld);
  assert.match(
    error.hint ?? '',
    error.isAlive ? /^Wait for it, or end that process if it hangs/ : /within 60 seconds/,
  );
  return true;
}

const lost = (why: RegExp) => (error: unknown) =>
  error instanceof ReportError && error.code === 'already-running' && why.test(error.message);

/** A clock that goes on when the test says so, and does what is due by then. */
function clock(t: TestContext, store: MemoryStore) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = performance.now();
  t.mock.method(performance, 'now', () => now);
  return async (milliseconds: number) => {
    now += milliseconds;
    store.pass(milliseconds);
    t.mock.timers.tick(milliseconds);
    for (let count = 0; count < 50; count++) await turn();
  };
}

/** The store; after loseNext() one file is published, and its writer is told that this failed. */
function losing(store: MemoryStore) {
  let loses = false;
  const inner = store.open();
  const destination: Destination = {
    ...inner,
    async stage(key, how) {
      const staged = await inner.stage(key, how);
      const publish = async () => {
        const published = await staged.publish();
        if (!loses) return published;
        loses = false;
        throw new ReportError('destination', 'the answer was lost');
      };
      return { write: (chunk) => staged.write(chunk), discard: () => staged.discard(), publish };
    },
  };
  const loseNext = () => {
    loses = true;
  };
  return { destination, loseNext };
}

test('one holds it, another is told who, and it is given back', async () => {
  const store = memoryStore();
  const lease = await Lease.take(store.open(), KEY, 'run-1');
  await lease.confirm();
  assert.deepEqual([holderIn(store).token, holderIn(store).pid], ['run-1', process.pid]);
  await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), (error) => {
    assert.match(
      String(error),
      new RegExp(
        `process ${process.pid} on .* is running the same report and period; its lease is ${KEY} at memory`,
      ),
    );
    return running(error);
  });
  assert.equal(holderIn(store).token, 'run-1');
  await lease.release();
  assert.deepEqual([store.keys(), store.staged()], [[], []]);
});

test('of many at once exactly one gets it', async () => {
  const store = memoryStore();
  const takers = Array.from({ length: 20 }, (_, index) => Lease.take(store.open(), KEY, `run-${index}`));
  const outcomes = await Promise.allSettled(takers);
  const holders = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  assert.equal(holders.length, 1);
  for (const one of outcomes) if (one.status === 'rejected') running(one.reason);
  await holders[0]?.release();
});

describe('while it is held', () => {
  test('it is renewed, and stays the same holder', async (t) => {
    const store = memoryStore();
    const pass = clock(t, store);
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    const first = holderIn(store).renewal;
    for (let passed = 0; passed < 3 * LEASE_LIFE_MS; passed += 15_000) {
      await pass(15_000);
      await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), running);
    }
    await lease.confirm();
    assert.notEqual(holderIn(store).renewal, first);
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });

  test('one that another took is lost, and not removed', async (t) => {
    const store = memoryStore();
    const pass = clock(t, store);
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    handOver(store, { token: 'run-2', host: 'elsewhere', identity: 'another' });
    await pass(15_000);
    await assert.rejects(lease.confirm(), lost(/was lost: another run took it$/));
    await lease.release();
    assert.equal(holderIn(store).token, 'run-2');
  });

  test('one that somebody removed is lost', async (t) => {
    const store = memoryStore();
    const pass = clock(t, store);
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    store.remove(KEY);
    await pass(15_000);
    await assert.rejects(lease.confirm(), lost(/another run took it$/));
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });

  test('a store that fails for a while does not cost it, one that fails for longer does', async (t) => {
    let fails = false;
    const before = () => {
      if (fails) throw new ReportError('destination', 'the store is busy');
    };
    const store = memoryStore({ before });
    const pass = clock(t, store);
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    fails = true;
    await pass(15_000);
    await pass(15_000);
    await assert.rejects(lease.confirm(), /the store is busy/);
    assert.equal(lease.isLost, false);
    fails = false;
    await pass(15_000);
    await lease.confirm();
    fails = true;
    for (let count = 0; count < 3; count++) await pass(15_001);
    await assert.rejects(lease.confirm(), lost(/it could not be renewed in time$/));
    await lease.release();
  });

  /** The store; of every second reading only a half arrives, or of each one. */
  function cutting(store: MemoryStore) {
    const inner = store.open();
    const cut = { always: false };
    let reads = 0;
    const destination: Destination = {
      ...inner,
      async read(key) {
        const found = await inner.read(key);
        const isCut = cut.always || ++reads % 2 === 1;
        return found && isCut ? { ...found, content: found.content.subarray(0, found.bytes / 2) } : found;
      },
    };
    return { destination, cut };
  }

  test('one of which a part was read is read again, and nobody took it', async (t) => {
    const store = memoryStore();
    const { destination, cut } = cutting(store);
    const pass = clock(t, store);
    const lease = await Lease.take(destination, KEY, 'run-1');
    await lease.confirm();
    // What is there has another version than this run knows.
    handOver(store, {});
    await pass(15_000);
    await lease.confirm();
    await assert.rejects(Lease.take(destination, KEY, 'run-2'), /process \d+ on .* is running the same/);
    cut.always = true;
    await assert.rejects(lease.confirm(), (error) => {
      assert.ok(error instanceof ReportError);
      assert.match(error.message, /^could not read the lease .*: the file holds something else$/);
      assert.deepEqual([error.code, error.retryable], ['destination', true]);
      return true;
    });
    assert.equal(lease.isLost, false);
    cut.always = false;
    await lease.confirm();
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });

  test('a renewal whose answer was lost is ours', async (t) => {
    const store = memoryStore();
    const { destination, loseNext } = losing(store);
    const pass = clock(t, store);
    const lease = await Lease.take(destination, KEY, 'run-1');
    loseNext();
    for (let count = 0; count < 8; count++) {
      await pass(15_000);
      await lease.confirm();
    }
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });

  test('one that was taken, and whose answer was lost, does not stay', async () => {
    const store = memoryStore();
    const { destination, loseNext } = losing(store);
    loseNext();
    await assert.rejects(Lease.take(destination, KEY, 'run-1'), /the answer was lost/);
    assert.deepEqual(store.keys(), []);
  });

  test('a process that stood still renews it before it trusts it', async (t) => {
    const store = memoryStore();
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    const first = holderIn(store).renewal;
    const now = performance.now();
    t.mock.method(performance, 'now', () => now + 3_600_000);
    await lease.confirm();
    assert.notEqual(holderIn(store).renewal, first);
    handOver(store, { token: 'run-2' });
    await assert.rejects(lease.confirm(), lost(/another run took it$/));
    await lease.release();
  });

  test('questions that come at the same time are one or two requests', async () => {
    let reads = 0;
    const before = (step: string) => {
      if (step === 'read') reads += 1;
    };
    const store = memoryStore({ before });
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    reads = 0;
    await Promise.all(Array.from({ length: 100 }, () => lease.confirm()));
    assert.ok(reads <= 2, `${reads} requests`);
    await lease.release();
  });

  test('an answer is never older than its question', async () => {
    const store = memoryStore();
    let hold: Promise<void> | undefined;
    const before = async (step: string) => {
      if (step === 'read') await hold;
    };
    const slow = memoryStore({ before });
    const lease = await Lease.take(slow.open(), KEY, 'run-1');
    let answer = () => {};
    hold = new Promise((resolve) => {
      answer = resolve;
    });
    const early = lease.confirm();
    await turn();
    const late = lease.confirm();
    hold = undefined;
    answer();
    await early;
    await late;
    handOver(slow, { token: 'run-2' });
    await assert.rejects(lease.confirm(), lost(/another run took it$/));
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });
});

describe('giving it back', () => {
  test('never throws, and never waits long', { timeout: 600_000 }, async () => {
    for (const answer of [
      () => Promise.reject(new ReportError('destination', 'the store is gone')),
      () => new Promise<never>(() => {}),
    ]) {
      const store = memoryStore();
      const lease = await Lease.take({ ...store.open(), remove: answer }, KEY, 'run-1');
      const started = Date.now();
      await lease.release();
      assert.ok(Date.now() - started < 30_000);
    }
  });
});

describe('of one that is dead', { skip: process.platform === 'linux' ? false : 'asks /proc' }, () => {
  async function held(more: Partial<Holder>): Promise<MemoryStore> {
    const store = memoryStore();
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    const content = holderIn(store);
    await lease.release();
    store.put(KEY, JSON.stringify({ ...content, process: 'another', ...more }));
    return store;
  }

  async function free(store: MemoryStore): Promise<void> {
    const lease = await Lease.take(store.open(), KEY, 'run-2');
    assert.equal(holderIn(store).token, 'run-2');
    await lease.release();
  }

  test('on this host it is free at once', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    await free(await held({ pid: child.pid ?? 0 }));
  });

  test('and when another process has its id by now', async () => {
    await free(await held({ pid: process.pid, began: '1' }));
  });

  test('one of an attempt of this process that could not give it back', async () => {
    const store = memoryStore();
    const failing = { ...store.open(), remove: () => Promise.reject(new ReportError('destination', 'gone')) };
    const lease = await Lease.take(failing, KEY, 'run-1');
    await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), running);
    await lease.release();
    assert.equal(holderIn(store).token, 'run-1');
    await free(store);
  });

  test('the epoch and the tokens of former holders are passed on', async () => {
    const store = await held({ pid: process.pid, began: '1', epoch: 7, fenced: ['run-0'] });
    const lease = await Lease.take(store.open(), KEY, 'run-2');
    assert.deepEqual(lease.fenced, ['run-0', 'run-1']);
    assert.equal(lease.mayWake, false);
    assert.deepEqual([lease.epochAfter(3), lease.epochAfter(10)], [8, 11]);
    await lease.release();
  });

  test('a zombie is dead', async () => {
    // The shell replaces itself by a process that never asks what became of its child.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30']);
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(`${said}`);
    await sleep(400);
    try {
      await free(await held({ pid }));
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });

  test('one that stands still is not', async () => {
    const child = spawn('sleep', ['30']);
    try {
      await once(child, 'spawn');
      child.kill('SIGSTOP');
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
      const store = await held({ pid: child.pid ?? 0, began });
      // However old its lease is.
      store.pass(100 * LEASE_LIFE_MS);
      await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), running);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test('from another host only after its life, by the clock of the store', async () => {
    for (const identity of ['another boot/pid:[1]', '']) {
      const store = await held({ pid: 1, began: 'x', host: 'elsewhere', identity });
      store.pass(LEASE_LIFE_MS - 1);
      await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), running);
      store.pass(2);
      await free(store);
    }
  });

  test('the clock of the store counts, not that of this host', async () => {
    const store = await held({ pid: 1, began: 'x', host: 'elsewhere', identity: 'another' });
    // This host is five minutes ahead: the lease looks old, and is not.
    store.pass(300_000);
    const ahead = { ...store.open(), clockSkew: async () => -300_000 };
    await assert.rejects(Lease.take(ahead, KEY, 'run-2'), running);
    const lease = await Lease.take({ ...store.open(), clockSkew: async () => 0 }, KEY, 'run-2');
    assert.equal(lease.mayWake, true);
    await lease.release();
  });

  test('what nobody can read is another run until its life is over', async () => {
    const store = memoryStore();
    store.put(KEY, 'x');
    await assert.rejects(Lease.take(store.open(), KEY, 'run-2'), (error) => {
      assert.match(String(error), /another run is running the same/);
      return running(error);
    });
    store.pass(LEASE_LIFE_MS + 1);
    await free(store);
  });

  test('who has nothing to run removes it, and no other', async () => {
    const abandoned = await held({ began: '1' });
    await removeAbandoned(abandoned.open(), KEY);
    assert.deepEqual(abandoned.keys(), []);
    await removeAbandoned(abandoned.open(), KEY);
    const alive = await held({});
    await removeAbandoned(alive.open(), KEY);
    assert.deepEqual(alive.keys(), [KEY]);
  });
});

test('a holder that lives is at work, until it has held the lease for longer than runs last', (t) => {
  const holder = {
    lease: 1,
    token: 'x',
    host: 'h',
    identity: 'other',
    pid: 1,
    began: '',
    renewal: 'r',
  } as const;
  const since = new Date().toISOString();
  const unknown = new LeaseHeld('a lease', { ...holder, since });
  assert.deepEqual([unknown.isAlive, unknown.isAtWork], [false, false]);
  unknown.sawRenewal();
  assert.equal(unknown.isAtWork, true);
  const alive = new LeaseHeld('a lease', { ...holder, since }, 'lock');
  assert.deepEqual([alive.isAlive, alive.isAtWork], [true, true]);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 7 * 3_600_000 });
  assert.deepEqual([alive.isAlive, alive.isAtWork], [true, false]);
});

describe('the lock of the host', {
  skip: process.platform === 'linux' ? false : 'Linux alone has it',
}, () => {
  test('keeps a second run away even when the lease is gone, and is free after the first', async () => {
    const store = memoryStore();
    const hostLockName = `lease-test-${process.pid}`;
    const open = () => ({ ...store.open(), hostLockName });
    const lease = await Lease.take(open(), KEY, 'run-1');
    store.remove(KEY);
    forget('run-1');
    await assert.rejects(Lease.take(open(), KEY, 'run-2'), running);
    await lease.release();
    await (await Lease.take(open(), KEY, 'run-2')).release();
  });

  test('is freed by the kernel when its process is killed', async () => {
    const code = `import { lockOnHost } from ${JSON.stringify(new URL('../../src/publish/lease/host-lock.js', import.meta.url).href)};
      process.stdout.write(String(await lockOnHost('killed-${process.pid}') !== 'busy'));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(`${said}`, 'true');
    assert.equal(await lockOnHost(`killed-${process.pid}`), 'busy');
    child.kill('SIGKILL');
    await once(child, 'close');
    const lock = await lockOnHost(`killed-${process.pid}`);
    assert.ok(typeof lock === 'object');
    await lock.release();
  });
});
