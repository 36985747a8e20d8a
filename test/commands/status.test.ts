// reportctl status: what the binary published, and what happened to it since.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addDays, compactDate, lastClosedPeriod, todayIn } from '../../src/core/calendar.js';
import { assertRefused, reportctl, temporaryFolder } from '../support/cli.js';

const YAML = `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text } }
columns: { id: { kind: text, path: _id } }
`;
const OUTPUTS = 'outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]\n';
const HEADER = 'REPORT  PERIOD';

let folder: string;
let count = 0;
/** The last days that are over, the latest first. */
let days: readonly string[];

before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries', 'dia.yaml'), YAML + OUTPUTS);
  await writeFile(join(folder, 'queries', 'livre.yaml'), YAML);
  await writeFile(join(folder, 'docs.ndjson'), '{"_id":"a","em":"2024-10-05T10:00:00Z"}\n');
  // A test that runs into midnight would be told of another day.
  const left = 86_400_000 - (Date.now() % 86_400_000);
  if (left < 30_000) await new Promise((resolve) => setTimeout(resolve, left + 1000));
  const today = todayIn('UTC', Date.now());
  days = [1, 2, 3, 4, 5, 6, 7].map((before) => addDays(today, -before));
});
after(() => rm(folder, { recursive: true }));

/** A destination of its own for a test. */
function destination(queries = 'queries') {
  const out = join(folder, `out-${++count}`);
  const env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, queries),
    REPORTCTL_DESTINATION: out,
  };
  const day = (index: number) => days[index] ?? '';
  return {
    out,
    day,
    run: async (index: number) => {
      const { code, stderr } = await reportctl(['run', 'dia', '--date', day(index)], { env });
      assert.equal(code, 0, stderr);
    },
    status: (...args: string[]) => reportctl(['status', ...args], { env }),
    /** Rows of the table as cells, without the header. */
    table: (stdout: string) =>
      stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ {2,}/)),
  };
}

describe('status', { concurrency: 3 }, () => {
  test('nothing was ever published: the last closed period is missing', async () => {
    const { day, status, table } = destination();
    const { code, stdout, stderr } = await status();
    assert.equal(code, 3);
    assert.ok(stdout.startsWith(HEADER), stdout);
    assert.deepEqual(table(stdout), [['dia', day(0), 'missing', '-', '-', '-']]);
    assert.match(
      stderr,
      /^reportctl: status: of 1 periods, 1 missing\. Publish missing, late or unfinished periods: reportctl run/,
    );
    assert.equal(stderr.split('\n').length, 2);
  });

  test('published, from the first one on', async () => {
    const { day, run, status, table } = destination();
    await run(1);
    await run(0);
    const { code, stdout, stderr } = await status('dia');
    assert.deepEqual([code, stderr], [0, '']);
    const [first, second, ...more] = table(stdout);
    assert.deepEqual(more, []);
    assert.deepEqual([first?.slice(0, 4), first?.[5]], [['dia', day(1), 'published', '0'], '1']);
    assert.match(first?.[4] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d\+00$/);
    assert.deepEqual(second?.slice(0, 4), ['dia', day(0), 'published', '0']);
  });

  test('missing, unfinished and damaged at once', async () => {
    const { out, day, run, status, table } = destination();
    await run(3);
    await writeFile(join(out, `dia_${compactDate(day(3))}.csv`), 'something else');
    const note = { pending: 1, report: 'dia', token: 'x', revision: 1, outputs: [] };
    await writeFile(join(out, `_reportctl/dia/${compactDate(day(1))}.pending.json`), JSON.stringify(note));
    await run(0);
    const { code, stdout, stderr } = await status();
    assert.equal(code, 3);
    assert.match(stderr, /^reportctl: status: of 4 periods, 1 missing, 1 unfinished, 1 damaged\. /);
    assert.deepEqual(
      table(stdout).map((cells) => [cells[1], cells[2], cells[6]]),
      [
        [day(3), 'damaged', `dia_${compactDate(day(3))}.csv has 14 bytes instead of 3`],
        [day(2), 'missing', undefined],
        [
          day(1),
          'unfinished',
          `a run stopped before its run record, leaving _reportctl/dia/${compactDate(day(1))}.pending.json`,
        ],
        [day(0), 'published', undefined],
      ],
    );
  });

  test('a long gap is one line of the table, and every period in --json', async () => {
    const { day, run, status, table } = destination();
    await run(0);
    const since = ['--since', day(6)];
    const { code, stdout } = await status(...since);
    assert.equal(code, 3);
    assert.deepEqual(table(stdout)[0], [
      'dia',
      `${day(6)}..${day(1)}`,
      'missing',
      '-',
      '-',
      '-',
      '6 periods',
    ]);
    assert.equal(table(stdout).length, 2);
    const json = await status(...since, '--json');
    assert.equal(json.code, 3);
    const lines: { report: string; period: unknown; status: string }[] = JSON.parse(json.stdout);
    assert.equal(lines.length, 7);
    assert.deepEqual(lines[5], {
      report: 'dia',
      period: lastClosedPeriod('day', day(0)),
      status: 'missing',
      detail: '',
    });
    assert.equal(lines[6]?.status, 'published');
  });

  test('since a day that is not over there is nothing to tell', async () => {
    const { status } = destination();
    const { code, stdout, stderr } = await status('--since', 'today');
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout.split('\n').length, 2);
    assert.deepEqual(JSON.parse((await status('--since', 'today', '--json')).stdout), []);
  });

  test('a broken report does not hide the others', async () => {
    const { run, status, table } = destination();
    await run(0);
    const queries = `queries-${count}`;
    await mkdir(join(folder, queries));
    await writeFile(join(folder, queries, 'dia.yaml'), YAML + OUTPUTS);
    await writeFile(join(folder, queries, 'quebrado.yaml'), 'nada');
    const other = destination(queries);
    const { code, stdout, stderr } = await other.status();
    assert.equal(code, 3, 'what is missing matters more');
    assert.equal(table(stdout)[0]?.[0], 'dia');
    assert.match(stderr, /error .*quebrado\.yaml:1: /);
    await other.run(0);
    const broken = await other.status();
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /reportctl: status: 1 of the reports cannot be read\.\n$/);
    assert.equal((await status()).code, 0);
  });

  test('wrong usage', async () => {
    const { status } = destination();
    assertRefused(await status('livre'), 2, /report "livre" has no outputs/);
    assertRefused(await status('nada'), 2, /no report "nada"/);
    assertRefused(await status('--since', '..2024'), 2, /--since \.\.2024 has no first day/);
    assertRefused(await status('--since', '31/01/2026'), 2, /2026-01-31/);
  });

  test('a destination that cannot be read is 5, not a missing period', async () => {
    const env = {
      REPORTCTL_QUERIES: join(folder, 'queries'),
      REPORTCTL_DESTINATION: 's3://reports',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    };
    assertRefused(await reportctl(['status'], { env }), 5, /list s3:\/\/reports/);
  });
});
