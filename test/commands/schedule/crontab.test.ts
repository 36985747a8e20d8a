// What is printed for cron: read by croner and by Debian's own crontab, and held against Temporal over changes of the clock.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { crontab } from '../../../src/commands/schedule/as/crontab.js';
import { temporaryFolder } from '../../support/cli.js';
import { hostZones, jobs, starts } from './host-zones.js';
import { CHOICES, planWith, RUN } from './plans.js';

const run = promisify(execFile);

describe('a line of a crontab', () => {
  hostZones('probe');

  test('the nights that are said to be later are those that are', () => {
    const zone = 'America/New_York';
    const hostZone = 'Europe/Berlin';
    const plan = planWith({ runs: [{ ...RUN, zone }], choices: { ...CHOICES, hostZone } });
    const text = crontab(plan);
    const said = [...text.matchAll(/from (\d{4}-\d\d-\d\d) at (\d\d:\d\d),/g)];
    assert.ok(said.length >= 8);
    const nights = new Map(
      starts(jobs(text)[0] ?? '', hostZone, zone).map((start) => [
        start.toPlainDate().toString(),
        start.toPlainTime().toString({ smallestUnit: 'minute' }),
      ]),
    );
    let checked = 0;
    for (const [, day = '', time] of said) {
      const before = Temporal.PlainDate.from(day).subtract({ days: 1 }).toString();
      if (!nights.has(day)) continue;
      assert.equal(nights.get(day), time, day);
      assert.notEqual(nights.get(before), time, before);
      checked += 1;
    }
    assert.ok(checked >= 4);
  });

  test('an hour that a change of the host clock skips or doubles is told with its date', () => {
    const inBerlin = (at: string) =>
      crontab(
        planWith({
          runs: [{ ...RUN, zone: 'Europe/Berlin', at }],
          choices: { ...CHOICES, hostZone: 'Europe/Berlin' },
        }),
      );
    assert.match(
      inBerlin('02:30'),
      /WARNING: 2027-03-28 has no 02:30 in Europe\/Berlin: cron runs the job right/,
    );
    assert.match(inBerlin('02:30'), /WARNING: 2027-10-31 has 02:30 twice in Europe\/Berlin/);
    assert.doesNotMatch(inBerlin('01:59'), /WARNING/);
    assert.doesNotMatch(inBerlin('03:00'), /WARNING/);
  });

  test('cronie is told the zone, Debian is not: it would take it for a plain variable', () => {
    const plan = planWith({ choices: { ...CHOICES, cron: 'cronie' } });
    assert.match(crontab(plan), /^CRON_TZ=America\/Sao_Paulo\n0 1 \* \* \* /m);
    assert.doesNotMatch(crontab(planWith()), /CRON_TZ/);
    assert.match(crontab(planWith()), /^0 4 \* \* \* /m);
  });

  test('zones have a line each, and name their reports', () => {
    const runs = [
      { ...RUN, reports: ['transacoes'] },
      { ...RUN, zone: 'UTC', reports: ['pedidos', '/srv/it\'s 5% "new"/x.sql'] },
    ];
    const text = crontab(planWith({ runs, choices: { ...CHOICES, user: 'reports' } }));
    assert.match(text, /^0 4 \* \* \* reports \/usr\/local\/bin\/reportctl run transacoes --catch-up 3 /m);
    assert.match(
      text,
      /^0 1 \* \* \* reports \S+ run pedidos '\/srv\/it'\\''s 5\\% "new"\/x\.sql' --catch-up/m,
    );
  });

  test('a shell reads the words of the line back, once cron has undone its own escapes', async () => {
    const path = '/srv/it\'s 5% "new" $HOME/x.sql';
    const text = crontab(planWith({ runs: [{ ...RUN, reports: [path] }] }));
    const [, line = ''] = /^0 4 \* \* \* (.*) >> /m.exec(text) ?? [];
    const { stdout } = await run('sh', ['-c', `printf '%s\\n' ${line.replaceAll('\\%', '%')}`]);
    assert.deepEqual(stdout.trimEnd().split('\n').slice(0, 3), ['/usr/local/bin/reportctl', 'run', path]);
  });

  test('no value of a secret, and a setting that no line can hold is refused', () => {
    const secrets = { PGPASSWORD: undefined, REPORTCTL_SOURCE_VENDAS: '/run/secrets/vendas' };
    const text = crontab(planWith({ secrets, settings: { PGOPTIONS: ' -c a=b ' } }));
    assert.match(text, /^PGPASSWORD_FILE=\/etc\/reportctl\/secrets\/PGPASSWORD$/m);
    assert.match(text, /^REPORTCTL_SOURCE_VENDAS_FILE=\/run\/secrets\/vendas$/m);
    assert.match(text, /^PGOPTIONS=" -c a=b "$/m);
    assert.throws(
      () => crontab(planWith({ settings: { PGOPTIONS: 'a\nb' } })),
      /cannot contain the value of PGOPTIONS/,
    );
  });

  test("Debian's crontab reads it", async (context) => {
    const there = await run('sh', ['-c', 'command -v crontab && crontab -h 2>&1 | grep -e "-n"']).catch(
      () => undefined,
    );
    if (there === undefined) return context.skip('there is no crontab that can check a file (-n) here');
    const folder = await temporaryFolder();
    const check = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return run('crontab', ['-n', join(folder, name)]);
    };
    await check('good', crontab(planWith({ settings: { PGOPTIONS: ' -c a=b ' } })));
    // And does it look at all?
    await assert.rejects(check('bad', crontab(planWith()).replace('0 4 * * *', '0 44 * * *')));
  });
});
