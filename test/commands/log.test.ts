// With --log-format json every line on stderr is one JSON object; of a run there is one for each outcome.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { outcomeShape } from '../../src/jobs/notify/shapes.js';
import { reportctl } from '../support/cli.js';
import { DAY, type Place, startPlace } from '../support/heard-run.js';

type Line = Readonly<Record<string, unknown>>;
const linesOf = (text: string) =>
  text.split('\n').flatMap((line): Line[] => (line === '' ? [] : [JSON.parse(line)]));

let place: Place;
before(async () => {
  place = await startPlace();
});
after(() => rm(place.folder, { recursive: true }));

test('one line for each outcome of a run, and nothing on stdout', async () => {
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await place.run({ REPORTCTL_LOG_FORMAT: 'json' }, ...args);
    assert.equal(stdout, '');
    return linesOf(stderr);
  };
  const [published, ...more] = await run();
  assert.deepEqual(more, []);
  assert.deepEqual(outcomeShape.strip().parse(published), published);
  assert.deepEqual(
    [
      published?.level,
      published?.event,
      published?.report,
      published?.period,
      published?.code,
      published?.rows,
    ],
    ['info', 'published', 'vendas', { kind: 'day', from: DAY, lastDay: DAY }, null, 3],
  );
  assert.deepEqual([published?.exitCode, published?.attempts, published?.retryable], [0, 1, null]);
  assert.ok(Number(published?.bytes) > 0);
  assert.match(String(published?.message), /^published vendas 2024-10-05: 3 rows in 1 file$/);
  assert.deepEqual(
    (await run()).map(({ event }) => event),
    ['unchanged'],
  );

  const [refused, error, ...others] = await run('vendas', '--date', '2024-10-06');
  assert.deepEqual(others, []);
  assert.deepEqual(outcomeShape.strip().parse(refused), refused);
  assert.deepEqual([refused?.level, refused?.event, refused?.code], ['error', 'refused', 'gate']);
  assert.deepEqual(
    [error?.event, error?.code, error?.exitCode, error?.retryable],
    ['error', 'gate', 3, null],
  );

  const gone = { REPORTCTL_SOURCE_DOCS: 'file:gone/', REPORTCTL_LOG_FORMAT: 'json' };
  const [failed] = linesOf((await place.run(gone, 'vendas', '--date', '2024-10-07')).stderr);
  assert.deepEqual([failed?.event, failed?.code, failed?.retryable], ['failed', 'source', false]);
});

test('a failed attempt and a note are lines with fields of their own', async () => {
  await writeFile(join(place.folder, 'docs.ndjson'), `{"_id":"1","em":"${DAY}T10:00:00Z","x":1}\n`.repeat(2));
  const { stderr } = await reportctl(
    ['run', 'vendas', '--date', DAY, '--restate', 'r', '--log-format', 'json'],
    {
      env: place.env,
    },
  );
  const [note, outcome] = linesOf(stderr);
  assert.deepEqual([note?.level, note?.event, note?.report], ['warn', 'note', 'vendas']);
  assert.equal(outcome?.event, 'restated');
});

test('without a terminal status has a line for each period', async () => {
  const { stdout, stderr } = await reportctl(['status', '--since', '2024-10-05', '--log-format', 'json'], {
    env: place.env,
    now: '2024-10-07T12:00:00Z',
  });
  assert.equal(stdout, '');
  const lines = linesOf(stderr);
  assert.deepEqual(
    lines.map(({ level, event, status }) => [level, event, status]),
    [
      ['info', 'status', 'restated'],
      ['error', 'status', 'missing'],
      ['error', 'error', undefined],
    ],
  );
  const shown = await reportctl(['status', '--since', '2024-10-05', '--log-format', 'json'], {
    env: place.env,
    now: '2024-10-07T12:00:00Z',
    terminal: { columns: 80, rows: 25 },
  });
  assert.match(shown.stdout, /missing/i);
});

test('with --json an error is JSON, too, whatever fails', async () => {
  const cases: readonly [args: string[], code: string, exitCode: number, hint: RegExp][] = [
    [['list', '--json', '--nada'], 'usage', 2, /See --help/],
    [['export', 'nada', '--json', '-o', 'x.csv'], 'usage', 2, /./],
    [['run', 'vendas', '--json', '--date', '2999-01-01'], 'usage', 2, /./],
  ];
  for (const [args, code, exitCode, hint] of cases) {
    const { code: ended, stdout, stderr } = await reportctl(args, { env: place.env, cwd: place.folder });
    const [line, ...more] = linesOf(stderr);
    assert.deepEqual([ended, stdout, more], [exitCode, '', []], args.join(' '));
    assert.deepEqual([line?.level, line?.event, line?.exitCode], ['error', 'error', exitCode]);
    assert.equal(line?.code, code, args.join(' '));
    assert.match(String(line?.hint), hint);
  }
  const text = await reportctl(['list', '--json', '--log-format', 'text', '--nada'], { env: place.env });
  assert.match(text.stderr, /^reportctl: unknown option '--nada'/);
  const rows = await reportctl(['list', '--', '--json'], { env: place.env });
  assert.match(rows.stderr, /^reportctl: /);
});
