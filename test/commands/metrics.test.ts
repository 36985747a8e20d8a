// The metrics file: read back by a parser that is as strict as the format's grammar, not by the code that wrote it.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { formatSamples, METRICS, parseSamples } from '../../src/jobs/notify/exposition.js';
import { ROOT, reportctl } from '../support/cli.js';
import { DAY, startPlace } from '../support/heard-run.js';

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details: HELP and TYPE once and before the
 * samples of a metric, all lines of a metric together, no sample twice, a line feed at the end.
 */
function strictly(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends with a line feed');
  const families = new Map<string, Family>();
  let current: Family | undefined;
  let name = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (help) {
      name = help[1] ?? '';
      assert.ok(!families.has(name), `${name} is not in one group`);
      current = { type: '', help: help[2] ?? '', samples: [] };
      families.set(name, current);
    } else if (type) {
      assert.equal(type[1], name);
      assert.ok(current && current.samples.length === 0 && current.type === '', line);
      current = { ...current, type: type[2] ?? '' };
      families.set(name, current);
    } else {
      const [, metric, inner = '', value] =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} ([-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|Inf)|NaN)$/.exec(line) ??
        [];
      assert.equal(metric, name, `a stray line: ${line}`);
      const labels: Record<string, string> = {};
      let rest = inner;
      while (rest !== '') {
        const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/.exec(rest);
        assert.ok(label, `labels: ${line}`);
        labels[label[1] ?? ''] = (label[2] ?? '').replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
        rest = rest.slice(label[0].length);
      }
      assert.ok(current?.type, `a sample before its TYPE: ${line}`);
      const twin = current.samples.some((other) => JSON.stringify(other.labels) === JSON.stringify(labels));
      assert.ok(!twin, `twice: ${line}`);
      current.samples.push({ labels, value: Number(value) });
    }
  }
  return families;
}

async function metricsPlace() {
  const place = await startPlace();
  await mkdir(join(place.folder, 'textfile'));
  const file = join(place.folder, 'textfile', 'reportctl.prom');
  return {
    ...place,
    file,
    run: (...args: string[]) => place.run({ REPORTCTL_METRICS_FILE: file }, ...args),
    value: async (metric: string, report: string, outcome?: string) =>
      strictly(await readFile(file, 'utf8'))
        .get(`reportctl_${metric}`)
        ?.samples.find(({ labels }) => labels.report === report && labels.outcome === outcome)?.value,
  };
}

const seconds = () => Date.now() / 1000;

describe('the metrics file', { concurrency: 3 }, () => {
  test('status --notify says how late a report is, and leaves what runs have written', async () => {
    const { folder, env, file, fill, run, value } = await metricsPlace();
    await fill(3);
    assert.equal((await run()).code, 0);
    const rows = await value('last_success_rows', 'vendas');
    const withFile = { ...env, REPORTCTL_METRICS_FILE: file };
    const { code, stdout } = await reportctl(['status', 'vendas', '--since', DAY, '--notify', '--json'], {
      env: withFile,
    });
    assert.equal(code, 3);
    const statuses = (JSON.parse(stdout) as { status: string }[]).map(({ status }) => status);
    const count = (...words: string[]) => statuses.filter((status) => words.includes(status)).length;
    assert.equal(await value('late_periods', 'vendas'), count('late'));
    assert.equal(await value('faulty_periods', 'vendas'), count('late', 'missing', 'unfinished', 'damaged'));
    assert.ok(((await value('last_status_timestamp_seconds', 'vendas')) ?? 0) > 0);
    assert.equal(await value('last_success_rows', 'vendas'), rows);
    // The next run leaves what status has written.
    assert.equal((await run()).code, 0);
    assert.equal(await value('late_periods', 'vendas'), count('late'));
    await rm(folder, { recursive: true });
  });

  test('says what became of a report, and a failure leaves what was before', async () => {
    const { folder, file, out, fill, run, value } = await metricsPlace();
    const before = seconds();
    assert.equal((await run()).code, 0);
    const success = (await value('last_success_timestamp_seconds', 'vendas')) ?? 0;
    assert.ok(success >= Math.floor(before) && success <= seconds(), `${success}`);
    assert.equal(await value('last_success_rows', 'vendas'), 3);
    assert.equal(
      await value('last_success_bytes', 'vendas'),
      (await stat(join(out, 'vendas_20241005.csv'))).size,
    );
    assert.equal(await value('last_run_attempts', 'vendas'), 1);
    assert.equal(await value('last_run_outcome', 'vendas', 'published'), 1);
    assert.equal(await value('last_run_outcome', 'vendas', 'failed'), 0);
    const duration = (await value('last_run_duration_seconds', 'vendas')) ?? -1;
    assert.ok(duration >= 0 && duration < 60);
    assert.equal((await stat(file)).mode & 0o777, 0o644);

    await fill(1);
    assert.equal((await run('vendas', '--date', DAY, '--restate', 'teste')).code, 3);
    assert.equal(await value('last_run_outcome', 'vendas', 'failed'), 1);
    assert.equal(await value('last_run_outcome', 'vendas', 'published'), 0);
    assert.equal(await value('last_success_timestamp_seconds', 'vendas'), success);
    assert.equal(await value('last_success_rows', 'vendas'), 3);
    assert.ok(((await value('last_run_timestamp_seconds', 'vendas')) ?? 0) > success);
    assert.deepEqual(
      await readdir(join(folder, 'textfile')),
      ['reportctl.prom'],
      'nothing temporary is left',
    );
    await rm(folder, { recursive: true });
  });

  test('one that never ended well has no success', async () => {
    const { folder, fill, run, value } = await metricsPlace();
    await fill(1);
    await run();
    assert.equal(await value('last_success_timestamp_seconds', 'vendas'), undefined);
    assert.equal(await value('last_run_outcome', 'vendas', 'failed'), 1);
    await rm(folder, { recursive: true });
  });

  test('a run of one report keeps the samples of the others', async () => {
    const { folder, report, run, value } = await metricsPlace();
    await report('compras', 'gates: { min-rows: 4 }');
    assert.equal((await run('vendas', 'compras', '--date', DAY)).code, 6);
    const former = await value('last_run_timestamp_seconds', 'vendas');
    await report('compras', 'gates: { min-rows: 1 }');
    assert.equal((await run('compras', '--date', DAY)).code, 0);
    assert.equal(await value('last_run_timestamp_seconds', 'vendas'), former);
    assert.equal(await value('last_success_rows', 'vendas'), 3);
    assert.equal(await value('last_run_outcome', 'compras', 'published'), 1);
    await rm(folder, { recursive: true });
  });

  test('of several periods the worst outcome and the last rows', async () => {
    const { folder, report, run, value } = await metricsPlace();
    await report('compras', 'gates: { min-rows: 1 }');
    assert.equal((await run('compras', '--since', '2024-10-04', '--until', DAY)).code, 6);
    assert.equal(await value('last_run_outcome', 'compras', 'failed'), 1);
    assert.equal(await value('last_success_rows', 'compras'), 3);
    await rm(folder, { recursive: true });
  });

  for (const [what, text] of [
    ['of somebody else', 'node_cpu_seconds_total{cpu="0"} 1\n'],
    ['that was cut', 'reportctl_last_run_attempts{report="ven'],
  ] as const) {
    test(`a former file ${what} is replaced with a warning`, async () => {
      const { folder, file, run, value } = await metricsPlace();
      await writeFile(file, text);
      const { code, stderr } = await run();
      assert.equal(code, 0);
      assert.match(stderr, /warn the metrics file .* is replaced, .*line 1 was not written by reportctl/);
      assert.equal(await value('last_success_rows', 'vendas'), 3);
      await rm(folder, { recursive: true });
    });
  }

  test('a folder that is not there is one line of warning', async () => {
    const { folder, run } = await metricsPlace();
    await rm(join(folder, 'textfile'), { recursive: true });
    const { code, stderr } = await run();
    assert.equal(code, 0);
    assert.match(stderr, /^\S+ warn the metrics file \S+ could not be written: ENOENT[^\n]*\n$/);
    await rm(folder, { recursive: true });
  });
});

// Not among the concurrent tests: the umask is of the whole process.
test('the metrics file is for every user to read as far as the umask permits, and keeps the mode that it was given', async () => {
  const { folder, file, run } = await metricsPlace();
  const former = process.umask(0o077);
  try {
    await run();
  } finally {
    process.umask(former);
  }
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await chmod(file, 0o604);
  assert.equal((await run()).code, 0);
  assert.equal((await stat(file)).mode & 0o777, 0o604);
  await rm(folder, { recursive: true });
});

test('labels with every character that has to be escaped come back', () => {
  const samples = ['a\\n"b"', 'linha\nnova', '\\', '"', 'ção{},= #'].map((report, value) => ({
    metric: 'reportctl_last_run_attempts' as const,
    report,
    value,
  }));
  const text = formatSamples(samples);
  const read = strictly(text).get('reportctl_last_run_attempts')?.samples;
  assert.deepEqual(
    read?.map(({ labels, value }) => ({ report: labels.report, value })),
    samples.map(({ report, value }) => ({ report, value })),
  );
  assert.deepEqual(parseSamples(text), samples);
});

test('the alert rules are rules, over metrics that there are', async () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly annotations: { readonly summary: string };
  }
  const text = await readFile(join(ROOT, 'docs/alerts.yml'), 'utf8');
  const { groups } = parse(text) as { groups: { name: string; rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 4);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, expr, annotations } of rules) {
    assert.ok(annotations.summary, alert);
    const named = expr.match(/reportctl_[a-z_]+/g) ?? [];
    for (const metric of named) assert.ok(Object.hasOwn(METRICS, metric), `${alert} asks for ${metric}`);
    const depth = [...expr].reduce((sum, each) => sum + (each === '(' ? 1 : each === ')' ? -1 : 0), 0);
    assert.equal(depth, 0, alert);
  }
});
