// The lease of a run: held by one, renewed, taken over from the dead, given back without a word.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Destination } from '../../src/core/destination.js';
import { ReportError } from '../../src/core/errors.js';
import { LEASE_LIFE_MS, Lease, removeAbandoned } from '../../src/publish/lease.js';
import { type MemoryStore, memoryStore } from '../support/memory-destination.js';

const KEY = '_reportctl/vendas/20241005.lease';

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly identity: string;
  readonly pid: number;
  readonly began: string;
  readonly renewal: string;
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
  assert.match(error.hint ?? '', /within 60 seconds/);
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

test('one holds it, another is told who, and it is given back', async () => {
  const store = memoryStore();
  const lease = await Lease.take(store.open(), KEY, 'run-1');
  lease.assertHeld();
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
    lease.assertHeld();
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
    assert.throws(() => lease.assertHeld(), lost(/was lost: another run took it$/));
    await lease.release();
    assert.equal(holderIn(store).token, 'run-2');
  });

  test('one that somebody removed is lost', async (t) => {
    const store = memoryStore();
    const pass = clock(t, store);
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    store.remove(KEY);
    await pass(15_000);
    assert.throws(() => lease.assertHeld(), lost(/another run took it$/));
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
    lease.assertHeld();
    fails = false;
    await pass(15_000);
    lease.assertHeld();
    fails = true;
    for (let count = 0; count < 3; count++) await pass(15_001);
    assert.throws(() => lease.assertHeld(), lost(/it could not be renewed in time$/));
    await lease.release();
  });

  test('a renewal whose answer was lost is ours', async (t) => {
    const store = memoryStore();
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
    const pass = clock(t, store);
    const lease = await Lease.take(destination, KEY, 'run-1');
    loses = true;
    for (let count = 0; count < 8; count++) {
      await pass(15_000);
      lease.assertHeld();
    }
    await lease.release();
    assert.deepEqual(store.keys(), []);
  });

  test('a process that stood still for too long does not trust it', async (t) => {
    const store = memoryStore();
    const lease = await Lease.take(store.open(), KEY, 'run-1');
    const now = performance.now();
    t.mock.method(performance, 'now', () => now + 46_000);
    assert.throws(() => lease.assertHeld(), lost(/it could not be renewed in time$/));
    await lease.release();
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
    store.put(KEY, JSON.stringify({ ...content, ...more }));
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
