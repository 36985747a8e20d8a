// What a webhook is told by run and status: of what, in which words, how often, and that it changes nothing.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { type Notice, noticeShape } from '../../src/jobs/notify/shapes.js';
import { reportctl } from '../support/cli.js';
import { DAY, interrupted, startPlace } from '../support/heard-run.js';
import { type Answer, startListener } from '../support/listener.js';

const ALARM = '_reportctl/vendas/20241005.alarm.json';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function heardPlace(format: 'slack' | 'json', answer: () => Answer = () => 200) {
  const place = await startPlace();
  const listener = await startListener(answer);
  const env = { REPORTCTL_WEBHOOK_URL: `${listener.url}/services/S3nha`, REPORTCTL_WEBHOOK_FORMAT: format };
  return {
    ...place,
    env: { ...place.env, ...env },
    listener,
    run: (more: Readonly<Record<string, string>> = {}, ...args: string[]) =>
      place.run({ ...env, ...more }, ...args),
    status: (...args: string[]) => reportctl(['status', ...args], { env: { ...place.env, ...env } }),
    stop: async () => {
      await listener.stop();
      await rm(place.folder, { recursive: true });
    },
  };
}

describe('the webhook', { concurrency: 3 }, () => {
  test('a gate that refuses, then recovery: two messages and a note in between', async () => {
    const { fill, run, read, listener, out, stop } = await heardPlace('json');
    await fill(1);
    const refused = await run();
    assert.equal(refused.code, 3);
    const [first] = listener.json();
    assert.deepEqual(noticeShape.parse(first), first);
    assert.deepEqual(first, {
      notice: 1,
      event: 'refused',
      report: 'vendas',
      title: 'Vendas <do dia> & mais',
      period: { kind: 'day', from: DAY, lastDay: DAY },
      count: 1,
      also: [],
      status: null,
      code: 'gate',
      exitCode: 3,
      message: first?.message,
      hint: first?.hint,
      retryable: null,
      attempts: 1,
      seconds: first?.seconds,
      rows: null,
      bytes: null,
      outputs: [],
      since: null,
      run: first?.run,
      host: hostname(),
      time: first?.time,
    });
    assert.match(String(first?.message), /min-rows/);
    assert.match(String(first?.run), UUID);
    assert.equal(listener.heard[0]?.headers['content-type'], 'application/json');

    // Told again by the next run, since when does not change.
    await run();
    const alarm = await read(ALARM);
    assert.equal(alarm?.event, 'refused');
    assert.equal(alarm?.times, 2);
    assert.equal(alarm?.since, first?.time);
    assert.equal(listener.heard.length, 2);

    await fill(3);
    const published = await run();
    assert.equal(published.code, 0, published.stderr);
    assert.equal(await read(ALARM), undefined);
    const last = listener.json()[2];
    assert.deepEqual(noticeShape.parse(last), last);
    assert.equal(last?.event, 'recovered');
    assert.equal(last?.since, first?.time);
    assert.equal(last?.rows, 3);
    assert.match(String(last?.message), /^published \d+ s after the first message about it: .*min-rows/);
    const [output] = (last?.outputs ?? []) as { key: string; bytes: number }[];
    assert.equal(output?.key, 'vendas_20241005.csv');
    assert.equal(output?.bytes, (await readFile(join(out, 'vendas_20241005.csv'))).length);

    // What is well and stays well is not told.
    assert.equal((await run()).code, 0);
    assert.equal(listener.heard.length, 3);
    await stop();
  });

  test('Slack: one text, its own characters escaped', async () => {
    const { fill, run, listener, stop } = await heardPlace('slack');
    await fill(1);
    await run();
    assert.deepEqual(Object.keys(listener.json()[0] ?? {}), ['text']);
    const text = String(listener.json()[0]?.text);
    assert.match(text, /^\*refused\* vendas 2024-10-05 \(Vendas &lt;do dia&gt; &amp; mais\): .*min-rows/);
    assert.match(text, /\non \S+, exit 3, run [0-9a-f-]{36}$/);
    assert.equal(text.split('\n').length, 2);
    await stop();
  });

  test('one message for each cause, which lists the periods, and one for all that recover', async () => {
    const { fill, run, report, listener, read, stop } = await heardPlace('json');
    for (let number = 0; number < 5; number++) await report(`r${number}`, '');
    await fill(1);
    const args = ['--all', '--date', DAY];
    await run({ REPORTCTL_SOURCE_DOCS: 'file:gone/' }, ...args);
    const [notice, ...more] = listener.json() as Notice[];
    assert.deepEqual(more, []);
    assert.deepEqual(noticeShape.parse(notice), notice);
    const reports = [notice?.report, ...(notice?.also ?? []).map((other) => other.report)];
    assert.deepEqual([notice?.code, notice?.count, new Set(reports).size], ['source', 6, 6]);
    assert.equal((await read('_reportctl/r4/20241005.alarm.json'))?.message, notice?.message);
    await fill(3);
    const { code, stderr } = await run({}, ...args);
    assert.equal(code, 0, stderr);
    const [, recovered, ...others] = listener.json() as Notice[];
    assert.deepEqual(others, []);
    assert.deepEqual([recovered?.event, recovered?.count], ['recovered', 6]);
    assert.equal(await read('_reportctl/r4/20241005.alarm.json'), undefined);
    await stop();
  });

  test('a report that cannot be read, beside one that runs', async () => {
    const { folder, run, listener, stop } = await heardPlace('json');
    await writeFile(join(folder, 'queries', 'torto.yaml'), 'source: docs\nsorce: x\n');
    await run({}, '--all');
    const told = listener.json().map(({ report, event, code, period }) => ({ report, event, code, period }));
    assert.ok(
      told.some(({ report, code, period }) => report === 'torto' && code === 'definition' && period === null),
    );
    await stop();
  });

  for (const answer of [404, 500, 'reset'] as const) {
    test(`that answers with ${answer} changes nothing but a line of warning`, async () => {
      const { fill, run, read, stop, listener } = await heardPlace('json', () => answer);
      await fill(1);
      const { code, stdout, stderr } = await run();
      assert.equal(code, 3);
      assert.equal(stdout, '');
      const lines = stderr.trimEnd().split('\n');
      assert.equal(lines.length, 2, stderr);
      assert.ok(
        lines[0]?.includes(`the webhook ${listener.url} did not get the message about vendas 2024-10-05: `),
        stderr,
      );
      assert.match(lines[1] ?? '', /^reportctl: .*min-rows/);
      assert.doesNotMatch(stderr, /S3nha|services/);
      assert.equal(await read(ALARM), undefined, 'a note says that somebody was told');
      await stop();
    });
  }

  test('a period that another run holds, of which nothing is heard, is told, too', async () => {
    const { fill, run, listener, out, stop } = await heardPlace('json');
    await fill(3);
    const lease = join(out, `_reportctl/vendas/${DAY.replaceAll('-', '')}.lease`);
    await mkdir(dirname(lease), { recursive: true });
    const holder = {
      lease: 1,
      token: 'x',
      host: 'elsewhere',
      identity: 'other',
      pid: 1,
      began: '',
      renewal: 'r',
    };
    await writeFile(lease, JSON.stringify(holder));
    assert.equal((await run()).code, 75);
    const [notice] = listener.json();
    assert.deepEqual([notice?.event, notice?.code, notice?.exitCode], ['failed', 'already-running', 75]);
    await rm(lease);
    assert.equal((await run()).code, 0);
    assert.equal(listener.json()[1]?.event, 'recovered');
    await stop();
  });

  test('a destination that fails is told without a note', async () => {
    const { folder, run, listener, stop } = await heardPlace('json');
    const env = { REPORTCTL_DESTINATION: join(folder, 'docs.ndjson') };
    const { code, stderr } = await run(env);
    assert.equal(code, 5);
    const [notice] = listener.json();
    assert.equal(notice?.event, 'failed');
    assert.equal(notice?.code, 'destination');
    assert.match(stderr, /the alarm note of vendas 2024-10-05 could not be written/);
    await stop();
  });

  test('an interrupted run is told, also to a webhook that hangs, and ends in time', async () => {
    for (const answer of [200, 'hang'] as const) {
      const { env, listener, stop } = await heardPlace('json', () => answer);
      const { finished, took } = await interrupted(env);
      assert.equal(finished.code, 143, finished.stderr);
      assert.ok(took < 60_000, `${took} ms`);
      const [notice] = listener.json();
      // A process that is told to end has nine seconds; on a machine so busy that they were over, it did not get to it.
      if (notice === undefined && took >= 8_500) {
        await stop();
        continue;
      }
      assert.equal(notice?.code, 'interrupted');
      assert.equal(notice?.exitCode, 143);
      assert.match(String(notice?.message), /^interrupted by SIGTERM/);
      await stop();
    }
  });

  test('an URL that is none is refused, unseen', async () => {
    const { run } = await startPlace();
    const { code, stderr } = await run({ REPORTCTL_WEBHOOK_URL: 'hooks.example/S3nha' });
    assert.equal(code, 2);
    assert.match(stderr, /REPORTCTL_WEBHOOK_URL is not a URL/);
    assert.doesNotMatch(stderr, /S3nha/);
  });
});

describe('status --notify', { concurrency: 3 }, () => {
  test('tells each fault once, and when it is over', async () => {
    const { run, read, listener, status, stop, folder } = await heardPlace('json');
    await run();
    await run({}, 'vendas', '--date', '2024-10-06', '--quarantine');
    const told = listener.heard.length;
    const since = ['vendas', '--since', '2024-10-05', '--notify', '--json'];
    const { code, stdout, stderr } = await status(...since);
    assert.equal(code, 3);
    const lines = JSON.parse(stdout) as { status: string; period: { lastDay: string } }[];
    const missing = lines.filter((line) => line.status === 'missing').map(({ period }) => period.lastDay);
    // The 6th was refused and told by the run itself; 101 are listed at most, the rest by the next call.
    const due = missing.filter((day) => day !== '2024-10-06');
    assert.equal(listener.heard.length, told + 1);
    assert.match(
      stderr,
      new RegExp(`the next \\\\"status --notify\\\\" tells of ${due.length - 101} more periods`),
    );
    const first = listener.json()[told] as Notice;
    assert.deepEqual(noticeShape.parse(first), first);
    assert.deepEqual(
      [first.event, first.status, first.exitCode, first.count],
      ['late', 'missing', null, 101],
    );
    const daysOf = ({ period, also }: Notice) =>
      [period, ...also.map((other) => other.period)].map((each) => each?.lastDay);
    assert.deepEqual(daysOf(first), due.slice(0, 101));
    const again = await status(...since);
    assert.equal(again.code, 3);
    const days = listener
      .json()
      .slice(told)
      .flatMap((notice) => daysOf(notice as Notice));
    assert.deepEqual(days, due.slice(0, 202), 'nothing is told twice');
    assert.equal((await read('_reportctl/vendas/20241007.alarm.json'))?.times, 1);

    // What was late and is published is told by the run; here the report publishes empty days.
    await writeFile(
      join(folder, 'docs.ndjson'),
      '{"_id":"1","em":"2024-10-07T10:00:00Z"}\n{"_id":"2","em":"2024-10-07T10:00:00Z"}\n',
    );
    assert.equal((await run({}, 'vendas', '--date', '2024-10-07')).code, 0);
    assert.equal(listener.json().at(-1)?.event, 'recovered');
    assert.equal(await read('_reportctl/vendas/20241007.alarm.json'), undefined);
    await stop();
  });

  test('a damaged period is told, again after a day, and well when its file is back', async () => {
    const { out, run, read, listener, status, stop } = await heardPlace('slack');
    await run();
    const file = join(out, 'vendas_20241005.csv');
    const content = await readFile(file);
    await rm(file);
    const of = () => status('vendas', '--since', DAY, '--notify');
    await of();
    const told = () => listener.json().filter(({ text }) => String(text).includes('vendas 2024-10-05'));
    assert.equal(told().length, 1);
    assert.match(
      String(told()[0]?.text),
      /^\*late\* vendas 2024-10-05 .*damaged: vendas_20241005\.csv is gone/,
    );
    await of();
    assert.equal(told().length, 1);
    const alarm = await read(ALARM);
    await writeFile(join(out, ALARM), JSON.stringify({ ...alarm, told: '2024-10-07T00:00:00.000Z' }));
    await of();
    assert.equal(told().length, 2, 'after a day');
    await writeFile(file, content);
    await of();
    assert.match(String(told()[2]?.text), /^\*recovered\* vendas 2024-10-05 /);
    assert.equal(await read(ALARM), undefined);
    await stop();
  });

  test('a webhook that fails leaves the exit code and the table', async () => {
    const { run, status, stop, listener } = await heardPlace('slack', () => 404);
    await run();
    const { code, stdout, stderr } = await status('vendas', '--since', DAY, '--notify');
    assert.equal(code, 3);
    assert.match(stdout, /^REPORT/);
    assert.ok(stderr.includes(`: ${listener.url}: HTTP 404`), stderr);
    assert.equal(listener.heard.length, 1, 'the first failure ends it');
    await stop();
  });

  test('without a webhook and a metrics file is wrong usage', async () => {
    const { env } = await startPlace();
    const { code, stderr } = await reportctl(['status', '--notify'], { env });
    assert.equal(code, 2);
    assert.match(stderr, /Set REPORTCTL_WEBHOOK_URL or REPORTCTL_METRICS_FILE/);
  });
});
