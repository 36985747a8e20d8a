// Organizations with a period of their own, and catching up: what the binary does at a certain moment of a certain night.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, filesBelow, reportctl, temporaryFolder } from '../support/cli.js';
import { startS3Server } from '../support/s3-server.js';

const COMMON = `source: docs
collection: docs
timezone: America/Sao_Paulo
columns: { id: integer, org: text }
order-by: [id]
`;
const FILTERS = 'filters: { date: em, organization: org }\n';
const OWN = '  - { format: csv, key: "{report}_{YYYYMMDD}.csv" }\n';
const THEIRS = '  - { format: csv, key: "{organization}/v_{YYYYMMDD}.csv" }\n';
const SCHEDULES = 'schedules: { ACME Ltda: month, "Órfão & Filhos": fortnight }\nexpect-by: "02:00"\n';
const REPORTS: Readonly<Record<string, string>> = {
  vendas: `${COMMON}${FILTERS}${SCHEDULES}outputs:\n${OWN}${THEIRS}`,
  soltas: `${COMMON}${FILTERS}schedules: { ACME Ltda: month }\noutputs:\n${THEIRS.replace('/v', '/s')}`,
  estoque: `${COMMON}outputs:\n${OWN}`,
};
const ORFAO = 'Órfão _ Filhos~1d8480bd';
/** 01:00 in São Paulo on the day after a day, a fortnight and a month have ended. */
const NIGHT = '2024-11-01T04:00:00Z';

let folder: string;
let count = 0;
before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  for (const [name, yaml] of Object.entries(REPORTS))
    await writeFile(join(folder, 'queries', `${name}.yaml`), yaml);
  // One row a day at noon of September to November, for each organization.
  const rows = Array.from({ length: 90 }, (_, day) =>
    ['ACME Ltda', 'Órfão & Filhos', 'Outra'].map((org, index) => {
      const em = new Date(Date.UTC(2024, 8, 1 + day, 15)).toISOString();
      return `${JSON.stringify({ id: day * 3 + index, org, em: { $date: em } })}\n`;
    }),
  );
  await writeFile(join(folder, 'docs.ndjson'), rows.flat().join(''));
});
after(() => rm(folder, { recursive: true }));

/** A destination of its own for a test. */
function destination(more: Readonly<Record<string, string>> = {}) {
  const out = join(folder, `out-${++count}`);
  const at = (instant: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    reportctl(args, {
      now: instant,
      env: {
        REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
        REPORTCTL_QUERIES: join(folder, 'queries'),
        REPORTCTL_DESTINATION: out,
        ...more,
        ...env,
      },
    });
  return { out, at, files: () => filesBelow(out) };
}

/** `published vendas 2024-10-31` of each line. */
/** Report by report, since several run at once; of one report in the order that they were told. */
const told = (stdout: string) => {
  const lines = stdout.split('\n').flatMap((line) => /^(.*?):/.exec(line)?.[1] ?? []);
  const report = (line: string) => line.replace(/^\w+ (.*) [\d.-]+$/, '$1');
  return lines.toSorted((a, b) => (report(a) < report(b) ? -1 : report(a) > report(b) ? 1 : 0));
};

describe('schedules', { concurrency: 3 }, () => {
  test('run REPORT publishes the report and each organization, with its own period and its own rows', async () => {
    const { out, at, files } = destination();
    const first = await at(NIGHT, ['run', 'vendas']);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    assert.deepEqual(told(first.stdout), [
      'published vendas 2024-10-31',
      'published vendas@ACME Ltda 2024-10-01..2024-10-31',
      `published vendas@${ORFAO} 2024-10-16..2024-10-31`,
    ]);
    assert.deepEqual(
      (await files()).filter((file) => !/manifest|schema/.test(file)).sort(),
      [
        '_reportctl/vendas/20241031.json',
        '_reportctl/vendas@ACME Ltda/20241031.json',
        `_reportctl/vendas@${ORFAO}/20241031.json`,
        'ACME Ltda/v_20241031.csv',
        'vendas_20241031.csv',
        `${ORFAO}/v_20241031.csv`,
        // Beside the files of each, to its newest period.
        'vendas.latest.json',
        'ACME Ltda/vendas@ACME Ltda.latest.json',
        `${ORFAO}/vendas@${ORFAO}.latest.json`,
      ].sort(),
    );
    const rowsOf = async (key: string) =>
      (await readFile(join(out, key), 'utf8')).trim().split('\n').slice(1);
    assert.equal((await rowsOf('vendas_20241031.csv')).length, 3);
    const acme = await rowsOf('ACME Ltda/v_20241031.csv');
    assert.equal(acme.length, 31);
    assert.ok(acme.every((row) => row.endsWith(',ACME Ltda')));
    assert.equal((await rowsOf(`${ORFAO}/v_20241031.csv`)).length, 16);

    const second = await at(NIGHT, ['run', '--all'], { REPORTCTL_SOURCE_DOCS: 'file:/nowhere' });
    assert.match(second.stdout, /^unchanged vendas@ACME Ltda /m);
    assert.doesNotMatch(second.stdout, /published/);
  });

  test('run --all in the middle of a month: what was closed last, of each', async () => {
    const { at } = destination();
    const { code, stdout } = await at('2024-11-11T04:00:00Z', ['run', '--all']);
    assert.equal(code, 0);
    assert.deepEqual(told(stdout), [
      'published estoque 2024-11-10',
      'published soltas@ACME Ltda 2024-10-01..2024-10-31',
      'published vendas 2024-11-10',
      'published vendas@ACME Ltda 2024-10-01..2024-10-31',
      `published vendas@${ORFAO} 2024-10-16..2024-10-31`,
    ]);
  });

  test('one of them by its name, and none twice', async () => {
    const { at } = destination();
    const names = ['vendas@Órfão & Filhos', `vendas@${ORFAO}`];
    const { code, stdout } = await at(NIGHT, ['run', ...names]);
    assert.equal(code, 0);
    assert.deepEqual(told(stdout), [`published vendas@${ORFAO} 2024-10-16..2024-10-31`]);
    assertRefused(await at(NIGHT, ['run', 'vendas@Orfao']), 2, /no report "vendas@Orfao"/);
    assertRefused(
      await at(NIGHT, ['run', 'estoque@ACME Ltda']),
      2,
      /has no schedule for it\. There are none/,
    );
  });

  test('with dates, those whose period is not over are passed over, unless it is all of them', async () => {
    const { at } = destination();
    const night = '2024-11-20T04:00:00Z';
    const one = await at(night, ['run', 'vendas', '--date', '2024-11-18']);
    assert.equal(one.code, 0, one.stderr);
    assert.deepEqual(told(one.stdout), ['published vendas 2024-11-18']);
    assert.match(
      one.stderr,
      /info vendas@ACME Ltda: skipped, because it is not over: the month 2024-11-01\.\.2024-11-30\n/,
    );
    assert.match(one.stderr, /info vendas@Órfão _ Filhos~1d8480bd: skipped, .* the fortnight 2024-11-16/);
    const several = await at(night, [
      'run',
      'vendas',
      '--since',
      '2024-11-17',
      '--until',
      '2024-11-19',
      '-q',
    ]);
    assert.deepEqual([several.code, several.stderr], [0, '']);
    assert.deepEqual(told(several.stdout), [
      'published vendas 2024-11-17',
      'unchanged vendas 2024-11-18',
      'published vendas 2024-11-19',
    ]);
    const open = await at(night, ['run', 'vendas', '--since', '2024-10-31', '-q']);
    assert.deepEqual(
      told(open.stdout).filter((line) => line.includes('@')),
      [
        'published vendas@ACME Ltda 2024-10-01..2024-10-31',
        `published vendas@${ORFAO} 2024-10-16..2024-10-31`,
        `published vendas@${ORFAO} 2024-11-01..2024-11-15`,
      ],
    );
    assertRefused(
      await at(night, ['run', 'vendas', '--date', '2024-11-20']),
      2,
      /the day 2024-11-20 of "vendas" is not over \(today is 2024-11-20 in America\/Sao_Paulo\)/,
    );
    assertRefused(
      await at(night, ['run', 'vendas@ACME Ltda', '--since', 'yesterday']),
      2,
      /the month 2024-11-01 .* is not over/,
    );
  });

  test('list, explain, check, verify and status know them', async () => {
    const { out, at } = destination();
    const list = await at(NIGHT, ['list']);
    assert.match(
      list.stdout,
      /^vendas@ACME Ltda .*\{organization\}\/v_\{YYYYMMDD\}\.csv +month to 2024-11-30$/m,
    );
    assert.match(list.stdout, /^soltas .* - +-$/m);
    const explain = await at(NIGHT, ['explain', 'vendas@ACME Ltda', '--date', '2024-10']);
    assert.match(explain.stdout, /^-- --organization "ACME Ltda": /m);
    const check = await at(NIGHT, ['check', 'vendas']);
    assert.match(check.stdout, /^ok {5}report vendas@ACME Ltda: one month at a time of "ACME Ltda"$/m);

    const verify = (...args: string[]) => at(NIGHT, ['verify', 'vendas', '--date', ...args]);
    const none = await verify('2024-10-31');
    assert.equal(none.code, 3);
    assert.equal(none.stdout.match(/not published/g)?.length, 3);
    await at(NIGHT, ['run', 'vendas']);
    const ok = await verify('2024-10-31', '--source');
    assert.deepEqual([ok.code, ok.stderr], [0, '']);
    assert.equal(ok.stdout.match(/^ok .*content as in a fresh read/gm)?.length, 3);
    await rm(join(out, 'vendas_20241031.csv'));
    const acme = await at(NIGHT, ['verify', 'vendas@ACME Ltda', '--date', '2024-10']);
    assert.deepEqual([acme.code, acme.stderr], [0, '']);
    assertRefused(
      await at(NIGHT, ['verify', 'vendas', '--date', '2024-10']),
      2,
      /not within one day of "vendas"/,
    );
    await at(NIGHT, ['run', 'vendas', '--date', '2024-10-29']);
    const past = await at('2024-10-30T12:00:00Z', ['verify', 'vendas', '--date', '2024-10-29']);
    assert.equal(past.code, 0);
    assert.match(past.stderr, /info vendas@ACME Ltda: passed over, because the month is not over/);

    const status = await at(NIGHT, ['status', 'vendas', '--json']);
    assert.equal(status.code, 3);
    assert.deepEqual(
      JSON.parse(status.stdout).map((line: Record<string, unknown>) => [
        line.report,
        line.status,
        line.expectedBy,
      ]),
      [
        ['vendas', 'published', '2024-10-30T05:00:00.000Z'],
        ['vendas', 'late', '2024-10-31T05:00:00.000Z'],
        ['vendas', 'damaged', '2024-11-01T05:00:00.000Z'],
        ['vendas@ACME Ltda', 'published', '2024-11-01T05:00:00.000Z'],
        [`vendas@${ORFAO}`, 'published', '2024-11-01T05:00:00.000Z'],
      ],
    );
  });

  test('late is a fault from the minute on by which it was expected', async () => {
    const { at } = destination();
    const names = ['vendas@ACME Ltda', 'estoque'];
    await at(NIGHT, ['run', 'estoque']);
    const due = await at('2024-11-01T04:59:00Z', ['status', ...names]);
    assert.deepEqual([due.code, due.stderr], [0, '']);
    assert.match(due.stdout, /^vendas@ACME Ltda +2024-10 +due .* expected by 2024-11-01 02:00-03$/m);
    const late = await at('2024-11-01T05:00:00Z', ['status', ...names]);
    assert.equal(late.code, 3);
    assert.match(late.stdout, /^vendas@ACME Ltda .* late /m);
    assert.match(
      late.stderr,
      /of 2 periods, 1 late\. Publish missing, late or unfinished periods: reportctl run/,
    );
  });

  test('in a bucket, where a name has blanks and accents', async () => {
    const server = await startS3Server({ bucket: 'bucket' });
    const { at } = destination({ ...server.environment, REPORTCTL_DESTINATION: 's3://bucket/x' });
    // The store tells the real time; a lease's age is its business.
    const run = await at(NIGHT, ['run', 'vendas', '--date', '2024-10-31']);
    assert.equal(run.code, 0, run.stderr);
    assert.ok(server.keys().includes(`x/_reportctl/vendas@${ORFAO}/20241031.json`));
    const again = await at(NIGHT, ['run', `vendas@${ORFAO}`, '--restate', 'outra vez']);
    assert.match(again.stdout, /^unchanged vendas@/);
    const verified = await at(NIGHT, ['verify', 'vendas', '--date', '2024-10-31', '--source']);
    assert.equal(verified.code, 0, verified.stderr);
    await server.close();
  });
});

describe('--catch-up', { concurrency: 3 }, () => {
  test('fills what is missing or unfinished of the last periods, the oldest first, and reads no other', async () => {
    const { out, at, files } = destination();
    const run = (date: string) => at(NIGHT, ['run', 'vendas', '--date', date]);
    for (const date of ['2024-10-28', '2024-10-30']) assert.equal((await run(date)).code, 0);
    const note = { pending: 1, report: 'vendas', token: 'x', revision: 1, outputs: [] };
    await writeFile(join(out, '_reportctl/vendas/20241029.pending.json'), JSON.stringify(note));
    const { code, stdout, stderr } = await at(NIGHT, ['run', '--all', '--catch-up', '5']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(told(stdout), [
      'published estoque 2024-10-31',
      'published soltas@ACME Ltda 2024-06-01..2024-06-30',
      'published soltas@ACME Ltda 2024-07-01..2024-07-31',
      'published soltas@ACME Ltda 2024-08-01..2024-08-31',
      'published soltas@ACME Ltda 2024-09-01..2024-09-30',
      'published soltas@ACME Ltda 2024-10-01..2024-10-31',
      'published vendas 2024-10-27',
      'published vendas 2024-10-29',
      'published vendas 2024-10-31',
      'published vendas@ACME Ltda 2024-06-01..2024-06-30',
      'published vendas@ACME Ltda 2024-07-01..2024-07-31',
      'published vendas@ACME Ltda 2024-08-01..2024-08-31',
      'published vendas@ACME Ltda 2024-09-01..2024-09-30',
      'unchanged vendas@ACME Ltda 2024-10-01..2024-10-31',
      `published vendas@${ORFAO} 2024-08-16..2024-08-31`,
      `published vendas@${ORFAO} 2024-09-01..2024-09-15`,
      `published vendas@${ORFAO} 2024-09-16..2024-09-30`,
      `published vendas@${ORFAO} 2024-10-01..2024-10-15`,
      `unchanged vendas@${ORFAO} 2024-10-16..2024-10-31`,
    ]);
    assert.ok(!(await files()).some((file) => file.includes('pending') || file.includes('history')));
    // Each with a window of its own: one day of three organizations.
    for (const day of ['27', '29', '31']) {
      const text = await readFile(join(out, `vendas_202410${day}.csv`), 'utf8');
      assert.equal(text.trim().split('\n').length, 4);
    }
    const next = await at(NIGHT, ['run', 'vendas', '--catch-up', '5']);
    assert.deepEqual(told(next.stdout), [
      'unchanged vendas 2024-10-31',
      'unchanged vendas@ACME Ltda 2024-10-01..2024-10-31',
      `unchanged vendas@${ORFAO} 2024-10-16..2024-10-31`,
    ]);
  });

  test('1 is the last period alone', async () => {
    const { at } = destination();
    const { stdout } = await at(NIGHT, ['run', 'vendas@ACME Ltda', '--catch-up', '1']);
    assert.deepEqual(told(stdout), ['published vendas@ACME Ltda 2024-10-01..2024-10-31']);
  });

  test('a destination that cannot be listed keeps no last period from being tried', async () => {
    const { at } = destination({
      REPORTCTL_DESTINATION: 's3://reports',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    });
    const { code, stdout, stderr } = await at(NIGHT, [
      'run',
      'vendas@ACME Ltda',
      '--catch-up',
      '3',
      '--json',
    ]);
    assert.equal(code, 6);
    const failures = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'failed');
    assert.deepEqual(
      failures.map(({ report, period, message }) => [
        report,
        period?.lastDay,
        /could not \w+ s3:\/\/reports/.exec(message)?.[0],
      ]),
      [
        ['vendas@ACME Ltda', undefined, 'could not list s3://reports'],
        ['vendas@ACME Ltda', '2024-10-31', 'could not read s3://reports'],
      ],
    );
    assert.equal(JSON.parse(stdout).length, 2);
  });

  test('wrong usage', async () => {
    const { at, files } = destination();
    for (const wrong of ['0', '367', '-1', 'x', '1.5', '']) {
      assertRefused(
        await at(NIGHT, ['run', '--all', '--catch-up', wrong]),
        2,
        /Give a whole number from 1 to 366/,
      );
    }
    for (const other of [
      ['--date', 'yesterday'],
      ['--since', 'yesterday'],
      ['--restate', 'x'],
    ]) {
      assertRefused(
        await at(NIGHT, ['run', 'vendas', '--catch-up', '3', ...other]),
        2,
        new RegExp(`--catch-up cannot be combined with ${other[0]}`),
      );
    }
    assertRefused(await at(NIGHT, ['run', '--catch-up', '3']), 2, /no report/);
    assert.deepEqual(await files(), []);
  });
});
