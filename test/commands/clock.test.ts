// The date of a run is read once, at its start, in the zone of the report: neither midnight nor the host changes it.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { filesBelow, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import { sessions, type TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const { TZ: OWN_ZONE } = process.env;

/** Waits for an answer without the clock, which stands still here. */
async function until(question: () => Promise<boolean>): Promise<void> {
  while (!(await question())) await sleep(20);
}

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(async () => {
  if (OWN_ZONE === undefined) delete process.env.TZ;
  else process.env.TZ = OWN_ZONE;
  await rm(folder, { recursive: true });
});

test('begun before midnight and continued after it, a run does what it began', async () => {
  const server: TestPostgres = await createDatabase();
  const watcher = await server.connect();
  try {
    const queries = join(folder, 'noite');
    const outputs = 'outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]';
    const yaml = `source: base\ntimezone: America/Sao_Paulo\nfilters: { date: quando }\ncolumns: { dia: date }\n${outputs}`;
    const rows =
      "SELECT quando, quando::date AS dia FROM (VALUES (timestamp '2024-10-03 12:00'), ('2024-10-04 12:00'), ('2024-10-05 12:00')) AS v (quando)";
    // The first report waits for a lock: one at a time, the second begins when the new day has.
    await writeReport(queries, 'a', yaml, `${rows}, pg_advisory_xact_lock(7)`);
    await writeReport(queries, 'b', yaml, rows);
    const out = join(folder, 'noite-out');
    await watcher.query('SELECT pg_advisory_lock(7)');
    // 23:59:50 of 5 October in São Paulo: the last day that is over is the 4th.
    mock.timers.enable({ apis: ['Date'], now: Date.parse('2024-10-06T02:59:50Z') });
    const end = reportctl(['run', '--all', '--json'], {
      env: {
        REPORTCTL_SOURCE_BASE: server.url,
        REPORTCTL_QUERIES: queries,
        REPORTCTL_DESTINATION: out,
        REPORTCTL_JOBS: '1',
      },
    });
    await until(async () => (await sessions(watcher, '%pg_advisory_xact_lock%')) > 0);
    mock.timers.setTime(Date.parse('2024-10-06T03:00:01Z'));
    await watcher.query('SELECT pg_advisory_unlock(7)');
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    const results: { report: string; started: string; finished: string }[] = JSON.parse(stdout);
    const midnight = '2024-10-06T03:00:00.000Z';
    const [a, b] = results;
    assert.ok(a && b && a.started < midnight && a.finished > midnight, JSON.stringify([a, b]));
    for (const name of ['a', 'b']) {
      assert.deepEqual(
        (await filesBelow(out)).filter((file) => file.startsWith(name) && file.endsWith('.csv')),
        [`${name}_20241004.csv`],
      );
      assert.equal(await readFile(join(out, `${name}_20241004.csv`), 'utf8'), 'dia\n2024-10-04\n');
    }
  } finally {
    mock.timers.reset();
    await watcher.end();
    await server.stop();
  }
});

describe('what is due is what the zone of the report says, wherever the host is', () => {
  const ZONES = ['America/Sao_Paulo', 'UTC', 'Pacific/Apia', 'Asia/Kolkata'];
  before(async () => {
    const queries = join(folder, 'zonas');
    await mkdir(queries, { recursive: true });
    for (const [index, zone] of ZONES.entries()) {
      for (const period of ['day', 'month']) {
        const yaml = `source: docs\ncollection: docs\ntimezone: ${zone}\nperiod: ${period}\nfilters: { date: em }\ncolumns: { id: text }\n`;
        await writeFile(
          join(queries, `z${index}_${period}.yaml`),
          `${yaml}outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]\n`,
        );
      }
    }
    await writeFile(join(folder, 'docs.ndjson'), '{"id":"a","em":{"$date":"2024-10-05T10:00:00Z"}}\n');
  });

  // Of São Paulo, UTC, Apia (UTC+13 then) and Kolkata, in that order: the last day that is over, and the last month.
  const cases: readonly [instant: string, days: string[], months: string[]][] = [
    ['2024-11-01T02:59:59Z', ['1030', '1031', '1031', '1031'], ['0930', '1031', '1031', '1031']],
    ['2024-11-01T03:00:00Z', ['1031', '1031', '1031', '1031'], ['1031', '1031', '1031', '1031']],
    ['2024-10-31T18:29:00Z', ['1030', '1030', '1031', '1030'], ['0930', '0930', '1031', '0930']],
    ['2024-10-31T18:30:00Z', ['1030', '1030', '1031', '1031'], ['0930', '0930', '1031', '1031']],
  ];
  for (const [index, [instant, days, months]] of cases.entries()) {
    for (const TZ of ['America/Los_Angeles', 'Pacific/Kiritimati']) {
      test(`${instant}, seen from ${TZ}`, async () => {
        const out = join(folder, `out-${index}-${TZ.slice(-4)}`);
        // The zone of the host is the process's.
        process.env.TZ = TZ;
        const { code, stderr } = await reportctl(['run', '--all'], {
          now: instant,
          env: {
            REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
            REPORTCTL_QUERIES: join(folder, 'zonas'),
            REPORTCTL_DESTINATION: out,
          },
        });
        assert.equal(code, 0, stderr);
        const expected = ZONES.flatMap((_, zone) => [
          `z${zone}_day_2024${days[zone]}.csv`,
          `z${zone}_month_2024${months[zone]}.csv`,
        ]);
        assert.deepEqual(
          (await filesBelow(out)).filter((file) => file.endsWith('.csv')),
          expected,
        );
      });
    }
  }
});
