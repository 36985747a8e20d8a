// What bounds work and its cleaning up: a signal, a deadline, and then nobody waits any more.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deadline, DeadlineReached, deadlineError } from '../../src/core/deadline.js';
import { Effect } from '../../src/core/effect.js';
import { ReportError } from '../../src/core/errors.js';
import { Unconfirmed, Watchdog } from '../../src/core/watchdog.js';

const never = new AbortController().signal;
const forEver = () => new Promise<never>(() => {});

describe('a watchdog', () => {
  test('waits for work that cleans up after a signal, and throws what it throws', async () => {
    const outer = new AbortController();
    const watchdog = new Watchdog(outer.signal, 60_000);
    const work = async () => {
      await new Promise((resolve) => watchdog.signal.addEventListener('abort', resolve));
      throw new Error(`cleaned up after ${watchdog.signal.reason}`);
    };
    const end = watchdog.watch(work, () => []);
    outer.abort('SIGTERM');
    await assert.rejects(end, /^Error: cleaned up after SIGTERM$/);
  });

  test('leaves work that hangs, and names it', async () => {
    const outer = new AbortController();
    const watchdog = new Watchdog(outer.signal, 20);
    const end = watchdog.watch(forEver, () => [['vendas 2024-10-05', new Effect()]]);
    outer.abort();
    await assert.rejects(end, (error: unknown) => {
      assert.ok(error instanceof Unconfirmed);
      assert.match(
        error.message,
        /^in 0\.02 seconds it could not be confirmed that the query of vendas 2024/,
      );
      return true;
    });
  });

  test('began after its signal: the work has the same time', async () => {
    const watchdog = new Watchdog(AbortSignal.abort('too late'), 20);
    assert.equal(watchdog.signal.reason, 'too late');
    await assert.rejects(
      watchdog.watch(forEver, () => []),
      Unconfirmed,
    );
    assert.equal(
      await watchdog.watch(
        async () => 'done',
        () => [],
      ),
      'done',
    );
  });

  test('is closed: neither its deadline nor the other signal reaches the work', async () => {
    const outer = new AbortController();
    const watchdog = new Watchdog(outer.signal, 20);
    watchdog.abortAfter(30, () => 'deadline');
    watchdog.close();
    outer.abort();
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(watchdog.signal.aborted, false);
  });
});

describe('a deadline', () => {
  test('ends what hangs, and says so with its own code', async () => {
    const watchdog = new Watchdog(never, 20);
    const deadline = new Deadline('--deadline', '1s', Date.now() - 990);
    deadline.start(watchdog, 'UTC');
    const error = await watchdog.watch(forEver, () => []).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Unconfirmed);
    assert.ok(deadline.isReached);
    const { reason } = watchdog.signal;
    assert.ok(reason instanceof DeadlineReached);
    const told = deadlineError(reason, error, 'x was not published');
    assert.ok(told instanceof ReportError);
    assert.equal(told.code, 'not-ready');
    assert.match(
      told.message,
      /^x was not published: the deadline 1s \(\S+Z\) was reached; in 0\.02 seconds it could not be confirmed/,
    );
  });

  test('that is over already ends work at once; other errors stay what they are', () => {
    const watchdog = new Watchdog(never, 20);
    new Deadline('--deadline', '1s', Date.now() - 5_000).start(watchdog, 'UTC');
    assert.ok(watchdog.signal.aborted);
    const gate = new ReportError('gate', 'min-rows');
    assert.equal(deadlineError(watchdog.signal.reason, gate, 'x'), gate);
  });

  test('`none` never comes; what is no time, is over or too far is refused by its name', () => {
    const now = Date.parse('2026-01-31T03:00:00Z');
    const watchdog = new Watchdog(never, 20);
    for (const none of ['none', '0']) new Deadline('--deadline', none, now).start(watchdog, 'UTC');
    assert.equal(watchdog.signal.aborted, false);
    for (const [text, said] of [
      ['soon', /^REPORTCTL_DEADLINE "soon" is no time$/],
      ['2026-01-31T02:59:59Z', /is over$/],
      ['25d', /is more than 24d away$/],
    ] as const) {
      assert.throws(() => new Deadline('REPORTCTL_DEADLINE', text, now), { code: 'usage', message: said });
    }
  });
});
