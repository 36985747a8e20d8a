// The date of a run is read once, at its start, in the zone of the report: neither midnight nor the host changes it.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  filesBelow,
  finished,
  reportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import { clockAt } from '../support/clock.js';
import { eventually, sessions, startPostgres, type TestPostgres } from '../support/postgres.js';

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

test('stopped before midnight and continued after it, a run does what it began', async () => {
  const server: TestPostgres = await startPostgres();
  const watcher = await server.connect();
  try {
    const queries = join(folder, 'noite');
    const outputs = 'outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]';
    const yaml = `source: base\ntimezone: America/Sao_Paulo\nfilters: { date: quando }\ncolumns: { dia: date }\n${outputs}`;
    // The first report takes a while: one at a time, the second begins when the new day has.
    const rows =
      "SELECT quando, quando::date AS dia FROM (VALUES (timestamp '2024-10-03 12:00'), ('2024-10-04 12:00'), ('2024-10-05 12:00')) AS v (quando)";
    await writeReport(queries, 'a', yaml, `${rows}, pg_sleep(1.5)`);
    await writeReport(queries, 'b', yaml, rows);
    const out = join(folder, 'noite-out');
    // 23:59:50 of 5 October in São Paulo: the last day that is over is the 4th.
    const begun = performance.now();
    const child = spawnReportctl(['run', '--all', '--json'], {
      env: {
        REPORTCTL_SOURCE_BASE: server.url,
        REPORTCTL_QUERIES: queries,
        REPORTCTL_DESTINATION: out,
        ...clockAt('2024-10-06T02:59:50Z'),
      },
    });
    child.stdin.end();
    const end = finished(child);
    await eventually(async () => (await sessions(watcher, '%pg_sleep%')) > 0, 'the query runs');
    child.kill('SIGSTOP');
    // However long it took until here, it is continued after midnight.
    await sleep(Math.max(1000, 11_000 - (performance.now() - begun)));
    child.kill('SIGCONT');
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
    await watcher.end();
    await server.stop();
  }
});

describe('what is due is what the zone of the report says, wherever the host is', { concurrency: 3 }, () => {
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
        const { code, stderr } = await reportctl(['run', '--all'], {
          env: {
            REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
            REPORTCTL_QUERIES: join(folder, 'zonas'),
            REPORTCTL_DESTINATION: out,
            TZ,
            ...clockAt(instant),
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
