// What is told of a failure: within bounds, on one line, in both forms, and never what may hold a secret.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { periodContaining } from '../../../src/core/calendar.js';
import { ReportError } from '../../../src/core/errors.js';
import { BODIES } from '../../../src/jobs/notify/bodies.js';
import { causeOf } from '../../../src/jobs/notify/causes.js';
import { failureNotice, formatDuration, withOthers } from '../../../src/jobs/notify/notice.js';
import { type Notice, noticeShape, outcomeShape } from '../../../src/jobs/notify/shapes.js';
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

for (const [name, shape, title] of [
  ['notice', noticeShape, 'What a webhook is sent'],
  ['log-outcome', outcomeShape, 'A line of the log about the end of one report and period'],
] as const) {
  test(`the JSON Schema ${name} is what the code writes`, async () => {
    const file = join(ROOT, `schemas/${name}.schema.json`);
    const { $schema, ...rest } = z.toJSONSchema(shape, { io: 'input' });
    const generated = { $schema, title, ...rest };
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
}

test('failures of one source, tried or not, have one cause; those of other reports have others', () => {
  const of = (report: string, error: unknown) => {
    const period = periodContaining('day', '2024-10-05');
    const result = { report, title: undefined, period, outcome: 'failed', record: undefined } as const;
    return causeOf({ ...result, error, started: 0, finished: 0, attempts: 1 });
  };
  const down = (at: string) => new ReportError('source', `connecting to source "x": ${at}`);
  const notTried = new ReportError('source', 'source "x" was not tried again', { cause: down('refused') });
  const first = of('a', down('refused'));
  assert.equal(of('b', notTried), first);
  assert.equal(
    of('c', new ReportError('source', 'reading "c": gone')),
    of('d', new ReportError('source', 'reading "d": gone')),
  );
  const reading = (report: string) =>
    of(report, new ReportError('source', `reading "${report}" of 2024-10-05: gone`));
  assert.equal(reading('vendas-sul (1).a+b'), reading('x'));
  assert.notEqual(of('a', down('other')), first);
  assert.notEqual(of('a', new ReportError('destination', 'connecting to source "x": refused')), first);
});

test('a list of many is cut, in JSON and for Slack', () => {
  const others = Array.from({ length: 150 }, (_, index) => ({ report: `r${index}`, period: undefined }));
  const notice = withOthers(noticeOf(new ReportError('source', 'm')), others);
  assert.deepEqual(noticeShape.parse(notice), notice);
  assert.deepEqual([notice.count, notice.also.length], [151, 100]);
  assert.match(
    slackText(notice),
    /^\*failed\* vendas 2024-10-05 and 150 more: m\.\nalso r0, r1, .*r19, and 130 more\non noite-1/,
  );
});
