// A time of day in one zone on the clock of another, and the nights on which a change of the clock matters.
import { Temporal } from 'temporal-polyfill';

/** How far ahead changes of the clock are told: tables of zones know no more, and governments less. */
const YEARS = 2;
const MINUTES_A_DAY = 24 * 60;

export interface HostTime {
  /** Gives `HH:MM` on the host's clock for one in the other zone. */
  readonly onHost: (time: string) => string;
  /** From which day on it is what time in the other zone; one entry when that never changes. */
  readonly inZone: readonly { readonly from: string; readonly time: string }[];
}

/**
 * The time on the host's clock that is never *before* `at` in `zone`, over the next two years. The two clocks change on
 * different days or not at all; a job that came too early would find the period still open and publish it a day late.
 */
export function hostTime(at: string, zone: string, hostZone: string, now: number): HostTime {
  const start = Temporal.Instant.fromEpochMilliseconds(now);
  const moments = [start, ...changesOf(zone, start), ...changesOf(hostZone, start)]
    .sort(Temporal.Instant.compare)
    .map((instant) => {
      const there = instant.toZonedDateTimeISO(zone);
      const ahead = minutesAhead(instant.toZonedDateTimeISO(hostZone)) - minutesAhead(there);
      return { there, ahead };
    });
  const most = Math.max(...moments.map(({ ahead }) => ahead));
  const inZone = moments
    .map(({ there, ahead }) => {
      const time = shifted(at, most - ahead);
      const isOver = Temporal.PlainTime.compare(there.toPlainTime(), time) > 0;
      return {
        from: there
          .toPlainDate()
          .add({ days: isOver ? 1 : 0 })
          .toString(),
        time,
      };
    })
    .filter(({ time }, index, all) => all[index - 1]?.time !== time);
  return { onHost: (time) => shifted(time, most), inZone };
}

/** The moments within the next two years at which the zone's clock changes. */
function changesOf(zone: string, start: Temporal.Instant): Temporal.Instant[] {
  const found: Temporal.Instant[] = [];
  let at = start.toZonedDateTimeISO(zone);
  const end = at.add({ years: YEARS });
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || Temporal.ZonedDateTime.compare(next, end) > 0) return found;
    found.push(next.toInstant());
    at = next;
  }
}

function minutesAhead({ offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return offsetNanoseconds / 60e9;
}

/** `HH:MM` so many minutes later, around the clock. */
export function shifted(time: string, minutes: number): string {
  const total = aroundTheClock(minutesOf(time) + minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(total / 60))}:${two(total % 60)}`;
}

/** From one `HH:MM` to the next time that it is the other. */
export function minutesBetween(from: string, to: string): number {
  return aroundTheClock(minutesOf(to) - minutesOf(from));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function aroundTheClock(minutes: number): number {
  return ((minutes % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY;
}

export interface OddNight {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** That day has no such time, or has it twice. */
  readonly is: 'skipped' | 'doubled';
}

/** The days of the next two years on which a time of day in a zone does not exist, or comes twice. */
export function oddNights(time: string, zone: string, now: number): OddNight[] {
  const start = Temporal.Instant.fromEpochMilliseconds(now);
  return changesOf(zone, start).flatMap((instant): OddNight[] => {
    // A change may skip the hour around midnight, so that it ends on the day after it began.
    const after = instant.toZonedDateTimeISO(zone).toPlainDate();
    const before = instant.subtract({ nanoseconds: 1 }).toZonedDateTimeISO(zone).toPlainDate();
    const days = before.equals(after) ? [after] : [before, after];
    return days.flatMap((day): OddNight[] => {
      const wall = day.toPlainDateTime(time);
      const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
      const later = wall.toZonedDateTime(zone, { disambiguation: 'later' });
      if (earlier.equals(later)) return [];
      const exists = later.toPlainDateTime().equals(wall);
      return [{ date: day.toString(), is: exists ? 'doubled' : 'skipped' }];
    });
  });
}
