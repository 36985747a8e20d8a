// When the webhook is told of failures, and how often: by a clock that the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ReportError } from '../../../src/core/errors.js';
import { SecretEndpoint } from '../../../src/core/secret-url.js';
import type { JobResult } from '../../../src/jobs/events.js';
import { webhookListener } from '../../../src/jobs/notify/webhook.js';
import { startListener } from '../../support/listener.js';
import { eventually } from '../../support/postgres.js';

/** Of a report that cannot be read: it has no period, and so no note. */
function failure(report: string, message: string): JobResult {
  const error = new ReportError('source', message);
  const times = { started: 0, finished: 0, attempts: 1 };
  return {
    report,
    title: undefined,
    period: undefined,
    outcome: 'failed',
    record: undefined,
    error,
    ...times,
  };
}

async function heardWebhook() {
  const listener = await startListener();
  const warnings: string[] = [];
  const webhook = webhookListener({
    webhook: { url: new SecretEndpoint(`${listener.url}/x`), format: 'json' },
    openDestination: () => Promise.reject(new Error('no note is wanted')),
    sender: () => ({ run: 'r', host: 'h', now: 0 }),
    warn: (message) => warnings.push(message),
  });
  const failed = async (report: string, message: string) => {
    await webhook.jobEnded?.(failure(report, message));
    await turn();
  };
  const end = async () => {
    const signal = new AbortController().signal;
    await webhook.ended?.([], { exitCode: 6, failure: undefined, signal });
    assert.deepEqual(warnings, []);
    await listener.stop();
    return listener.json();
  };
  return { listener, failed, end };
}

test('a minute after the first failure, and what comes later for the same cause at the end', async (context) => {
  const { listener, failed, end } = await heardWebhook();
  context.mock.timers.enable({ apis: ['setTimeout'] });
  await failed('a', 'connecting: refused');
  await failed('b', 'connecting: refused');
  assert.equal(listener.heard.length, 0);
  context.mock.timers.tick(60_000);
  context.mock.timers.reset();
  await eventually(async () => listener.heard.length === 1, 'the first message');
  await failed('c', 'connecting: refused');
  await failed('d', 'connecting: refused');
  const told = await end();
  assert.deepEqual(
    told.map(({ report, count }) => [report, count]),
    [
      ['a', 2],
      ['c', 2],
    ],
  );
});

test('twenty messages at most: the last one counts what has other causes', async () => {
  const { failed, end } = await heardWebhook();
  for (let number = 0; number < 30; number++)
    await failed(`r${number}`, `a cause of its own: ${'x'.repeat(number)}`);
  const told = await end();
  assert.equal(told.length, 20);
  assert.deepEqual([told[18]?.count, told[19]?.count], [1, 11]);
  assert.match(String(told[19]?.message), /; 10 of these have other causes, see the log$/);
});
