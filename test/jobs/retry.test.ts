// Attempts: what is tried again, when, for how long, and that nothing holds up an end from outside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortable, pauseAfter, withRetries } from '../../src/jobs/retry.js';

const FAILURE = new Error('lost');
const never = new AbortController().signal;

/** Fails so often, then says how often it was called. */
function failing(times: number) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw FAILURE;
    return calls;
  };
}

test('what can heal is tried until it succeeds', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const told: number[] = [];
  const result = await withRetries(failing(3), {
    retryForMs: 60_000,
    signal: never,
    canHeal: (error) => error === FAILURE,
    onFailed: (_, attempt) => told.push(attempt),
  });
  assert.deepEqual([result, told], [4, [1, 2, 3]]);
});

test('what cannot heal is not, nor is anything without time for it', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const onFailed = () => assert.fail('tried again');
  for (const options of [
    { retryForMs: 60_000, canHeal: () => false },
    { retryForMs: 0, canHeal: () => true },
  ])
    await assert.rejects(withRetries(failing(1), { ...options, signal: never, onFailed }), FAILURE);
  t.mock.method(Math, 'random', () => 1);
  await assert.rejects(
    withRetries(failing(1), { retryForMs: 2_000, canHeal: () => true, signal: never, onFailed }),
    FAILURE,
    'the pause would not be over in time',
  );
});

test('pauses double up to a minute, and may be anything below that', () => {
  assert.deepEqual(
    [1, 2, 3, 5, 6, 7, 1000].map((attempts) => pauseAfter(attempts, 1)),
    [2_000, 4_000, 8_000, 32_000, 60_000, 60_000, 60_000],
  );
  assert.equal(pauseAfter(7, 0), 0);
  assert.equal(pauseAfter(7, 0.5), 30_000);
});

test('an end from outside ends a pause at once, with its reason', async (t) => {
  t.mock.method(Math, 'random', () => 1);
  const controller = new AbortController();
  const reason = new Error('enough');
  const options = { retryForMs: 60_000, signal: controller.signal, canHeal: () => true };
  let failures = 0;
  const onFailed = () => {
    failures += 1;
    setTimeout(() => controller.abort(reason), 20);
  };
  await assert.rejects(withRetries(failing(9), { ...options, onFailed }), reason);
  assert.equal(failures, 1, 'the pause lasted until the next attempt');
});

test('a result that came before the end stays one', async () => {
  const controller = new AbortController();
  const work = async () => {
    controller.abort(new Error('too late'));
    return 'published';
  };
  const options = { retryForMs: 0, signal: controller.signal, canHeal: () => false, onFailed: () => {} };
  assert.equal(await withRetries(work, options), 'published');
});

test('who waits for another stops waiting when the end comes', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = abortable(new Promise<void>(() => {}), controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(abortable(Promise.resolve(), controller.signal), reason);
  assert.equal(await abortable(Promise.resolve(1), never), 1);
});
