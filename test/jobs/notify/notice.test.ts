// What is told of a failure: within bounds, on one line, in both forms, and never what may hold a secret.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { periodContaining } from '../../../src/core/calendar.js';
import { ReportError } from '../../../src/core/errors.js';
import { BODIES } from '../../../src/jobs/notify/bodies.js';
import { failureNotice, formatDuration } from '../../../src/jobs/notify/notice.js';
import { type Notice, noticeShape } from '../../../src/jobs/notify/shapes.js';
import { ROOT } from '../../support/cli.js';

const TELLER = { run: '3f0c1d62-2d0a-4c57-9a35-5f2f3f6f7b11', host: 'noite-1', now: 1_728_180_000_000 };

function noticeOf(error: unknown): Notice {
  const period = periodContaining('day', '2024-10-05');
  const times = { started: 1000, finished: 2500, attempts: 2 };
  const result = {
    report: 'vendas',
    title: undefined,
    period,
    outcome: 'failed' as const,
    record: undefined,
  };
  return failureNotice({ ...result, ...times, error }, TELLER);
}

function slackText(notice: Notice): string {
  return (BODIES.slack(notice) as { text: string }).text;
}

test('every code of an error is a notice that fits its shape', () => {
  for (const [error, event, code, exitCode] of [
    [new ReportError('gate', 'm'), 'refused', 'gate', 3],
    [new ReportError('contract', 'm'), 'refused', 'contract', 3],
    [new ReportError('source', 'm', { retryable: true }), 'failed', 'source', 4],
    [new ReportError('not-ready', 'm'), 'failed', 'not-ready', 7],
    [Object.assign(new Error('interrupted by SIGTERM'), { exitCode: 143 }), 'failed', 'interrupted', 143],
    [new TypeError('x'), 'failed', 'unexpected', 1],
    ['a text', 'failed', 'unexpected', 1],
    [undefined, 'failed', 'unexpected', 1],
  ] as const) {
    const notice = noticeOf(error);
    assert.deepEqual(noticeShape.parse(notice), notice);
    assert.deepEqual([notice.event, notice.code, notice.exitCode], [event, code, exitCode]);
    assert.equal(notice.seconds, 1.5);
  }
});

test('an error that is not ours may quote anything: its kind is told, not its words', () => {
  const error = new TypeError('fetch failed for https://ana:S3nha@host/');
  error.stack = 'S3nha';
  const notice = noticeOf(error);
  assert.equal(notice.message, 'unexpected error (TypeError)');
  assert.doesNotMatch(JSON.stringify(BODIES.json(notice)) + slackText(notice), /S3nha/);
});

test('control characters, line breaks and what Slack interprets', () => {
  const text = slackText(noticeOf(new ReportError('source', 'a\n\u001b[31mb <!channel> &lt; <@U1> \u0000')));
  const [first, second, ...more] = text.split('\n');
  assert.deepEqual(more, []);
  assert.equal(
    first,
    '*failed* vendas 2024-10-05: a \ufffd[31mb &lt;!channel&gt; &amp;lt; &lt;@U1&gt; \ufffd.',
  );
  assert.equal(second, 'on noite-1, exit 4, run 3f0c1d62-2d0a-4c57-9a35-5f2f3f6f7b11');
});

test('a long message is cut, and stays valid text', () => {
  const notice = noticeOf(new ReportError('source', '<&😀'.repeat(2000), { hint: 'h'.repeat(5000) }));
  assert.ok(notice.message.length <= 2000);
  assert.ok(notice.message.endsWith('…'));
  assert.equal(Buffer.from(notice.message).toString(), notice.message, 'no half of a character');
  assert.ok(slackText(notice).length < 12_000);
});

test('whether trying again can help is said in words', () => {
  const again = (retryable: boolean) =>
    slackText(noticeOf(new ReportError('source', 'm', { hint: 'H.', retryable })));
  assert.match(again(true), /: m\. H\. Trying again can help\.\n/);
  assert.match(again(false), /Trying again will not help\.\n/);
});

test('durations', () => {
  const spelt = [-5, 0, 59_000, 60_000, 3_540_000, 12_000_000, 187_200_000].map(formatDuration);
  assert.deepEqual(spelt, ['0 s', '0 s', '59 s', '1 min', '59 min', '3 h 20 min', '2 d 4 h']);
});

test('the JSON Schema of a notice is what the code writes', async () => {
  const file = join(ROOT, 'schemas/notice.schema.json');
  const { $schema, ...rest } = z.toJSONSchema(noticeShape, { io: 'input' });
  const generated = { $schema, title: 'What a webhook is sent', ...rest };
  if (process.env.UPDATE === '1') await writeFile(file, JSON.stringify(generated));
  const hint = 'run this test again with UPDATE=1, then npm run format';
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), generated, hint);
  for (const [field, schema] of Object.entries(generated.properties ?? {})) {
    const { description, anyOf = [] } = schema as {
      description?: string;
      anyOf?: { description?: string }[];
    };
    assert.ok(description ?? anyOf.some((each) => each.description), `${field} has no description`);
  }
});
