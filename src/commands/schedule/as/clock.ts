// Converts a time of day from one zone to the clock of another, and finds the days on which a clock change skips or repeats it.
import { Temporal } from 'temporal-polyfill';

/** Clock changes further ahead are not known reliably. */
const LOOKAHEAD_YEARS = 2;
const MINUTES_A_DAY = 24 * 60;

export interface HostTime {
  /** Converts `HH:MM` in the other zone to `HH:MM` on the host's clock. */
  readonly onHost: (time: string) => string;
  /** The time in the other zone at which the job runs, from each day on; one entry when it never changes. */
  readonly inZone: readonly { readonly from: string; readonly time: string }[];
}

/**
 * The time on the host's clock that is never *before* `at` in `zone` within the next LOOKAHEAD_YEARS. The two clocks can change on
 * different days; a job that runs too early finds the period still open and publishes it a day late.
 * @param at `HH:MM` in `zone`
 * @param now epoch milliseconds
 */
export function hostTime(at: string, zone: string, hostZone: string, now: number): HostTime {
  const start = Temporal.Instant.fromEpochMilliseconds(now);
  const offsets = [start, ...clockChanges(zone, start), ...clockChanges(hostZone, start)]
    .sort(Temporal.Instant.compare)
    .map((instant) => {
      const zoned = instant.toZonedDateTimeISO(zone);
      const hostAhead = offsetMinutes(instant.toZonedDateTimeISO(hostZone)) - offsetMinutes(zoned);
      return { zoned, hostAhead };
    });
  const maxAhead = Math.max(...offsets.map(({ hostAhead }) => hostAhead));
  const inZone = offsets
    .map(({ zoned, hostAhead }) => {
      const time = addMinutes(at, maxAhead - hostAhead);
      const isOver = Temporal.PlainTime.compare(zoned.toPlainTime(), time) > 0;
      return {
        from: zoned
          .toPlainDate()
          .add({ days: isOver ? 1 : 0 })
          .toString(),
        time,
      };
    })
    .filter(({ time }, index, all) => all[index - 1]?.time !== time);
  return { onHost: (time) => addMinutes(time, maxAhead), inZone };
}

/** The instants within the next LOOKAHEAD_YEARS at which the zone's clock changes. */
function clockChanges(zone: string, start: Temporal.Instant): Temporal.Instant[] {
  const found: Temporal.Instant[] = [];
  let at = start.toZonedDateTimeISO(zone);
  const end = at.add({ years: LOOKAHEAD_YEARS });
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || Temporal.ZonedDateTime.compare(next, end) > 0) return found;
    found.push(next.toInstant());
    at = next;
  }
}

/** Minutes ahead of UTC. */
function offsetMinutes({ offsetNanoseconds }: Temporal.ZonedDateTime): number {
  return offsetNanoseconds / 60e9;
}

/** Adds minutes to `HH:MM`, past midnight if needed. */
export function addMinutes(time: string, minutes: number): string {
  const total = withinDay(minutesOf(time) + minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(total / 60))}:${two(total % 60)}`;
}

/** Minutes from one `HH:MM` to the next occurrence of the other. */
export function minutesBetween(from: string, to: string): number {
  return withinDay(minutesOf(to) - minutesOf(from));
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function withinDay(minutes: number): number {
  return ((minutes % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY;
}

export interface IrregularDay {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** The time of day does not exist on this day, or occurs twice. */
  readonly occurrence: 'skipped' | 'doubled';
}

/**
 * The days within the next LOOKAHEAD_YEARS on which a time of day does not exist in a zone, or occurs twice.
 * @param time `HH:MM`
 * @param now epoch milliseconds
 */
export function irregularDays(time: string, zone: string, now: number): IrregularDay[] {
  const start = Temporal.Instant.fromEpochMilliseconds(now);
  return clockChanges(zone, start).flatMap((instant): IrregularDay[] => {
    // A change that skips midnight affects two days.
    const after = instant.toZonedDateTimeISO(zone).toPlainDate();
    const before = instant.subtract({ nanoseconds: 1 }).toZonedDateTimeISO(zone).toPlainDate();
    const days = before.equals(after) ? [after] : [before, after];
    return days.flatMap((day): IrregularDay[] => {
      const wall = day.toPlainDateTime(time);
      const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
      const later = wall.toZonedDateTime(zone, { disambiguation: 'later' });
      if (earlier.equals(later)) return [];
      const exists = later.toPlainDateTime().equals(wall);
      return [{ date: day.toString(), occurrence: exists ? 'doubled' : 'skipped' }];
    });
  });
}
