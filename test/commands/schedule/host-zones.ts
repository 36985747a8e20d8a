// When a host in one zone starts the runs of a report in another, held against Temporal over changes of the clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cron } from 'croner';
import { Temporal } from 'temporal-polyfill';
import { crontab } from '../../../src/commands/schedule/as/crontab.js';
import { CHOICES, NOW, planWith, RUN } from './plans.js';

/** The five fields of each line that is a job. */
export function jobs(text: string): string[] {
  return [...text.matchAll(/^(\d+ \d+ \* \* \*) /gm)].map((match) => match[1] ?? '');
}

/** When a host in that zone would start the job, for more than a year. */
export function starts(fields: string, hostZone: string, zone: string): Temporal.ZonedDateTime[] {
  return new Cron(fields, { timezone: hostZone })
    .nextRuns(400, new Date(NOW))
    .map((date) => Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(zone));
}

const ZONES = [
  ['America/Sao_Paulo', 'UTC'],
  ['America/Sao_Paulo', 'America/Sao_Paulo'],
  ['America/Sao_Paulo', 'Europe/Berlin'],
  ['America/New_York', 'UTC'],
  ['America/New_York', 'Europe/Berlin'],
  ['America/New_York', 'Australia/Lord_Howe'],
  ['Asia/Kolkata', 'America/New_York'],
  ['Pacific/Kiritimati', 'Pacific/Pago_Pago'],
] as const;
const TIMES = ['00:10', '01:00', '23:30'];

/** Defines the tests. A probe tries one time of each two zones. */
export function hostZones(extent: 'probe' | 'all'): void {
  for (const [index, [zone, hostZone]] of ZONES.entries()) {
    for (const at of extent === 'all' ? TIMES : TIMES.slice(index % 3, (index % 3) + 1)) {
      test(`${at} in ${zone} on a host in ${hostZone}: every day once, never before the day is over`, () => {
        const plan = planWith({ runs: [{ ...RUN, zone, at }], choices: { ...CHOICES, hostZone } });
        const text = crontab(plan);
        const [fields = ''] = jobs(text);
        const found = starts(fields, hostZone, zone);
        const allowed = new Set<number>();
        let latest = 0;
        for (const [night, start] of found.entries()) {
          // How long after --at; counted on, since 23:30 may become 00:30.
          const wanted = start.with({ hour: Number(at.slice(0, 2)), minute: Number(at.slice(3)), second: 0 });
          let late = wanted.until(start).total('minutes');
          if (late < -600) late += 24 * 60;
          assert.ok(late >= 0 && late <= 120, `${start} is ${late} minutes after ${at}`);
          latest = Math.max(latest, late);
          allowed.add(late);
          const before = found[night - 1];
          if (before === undefined) continue;
          const hours = before.until(start).total('hours');
          assert.ok(hours > 22 && hours < 26, `${before} to ${start}`);
        }
        // The hour is no later than it has to be, and what is said of later ones is so.
        assert.ok(allowed.has(0), 'on some nights exactly then');
        assert.equal(/do not change together/.test(text), latest > 0);
      });
    }
  }
}
