// Plain dates, the periods that reports cover, and where a local day begins. Dates are texts 'YYYY-MM-DD' of the
// years 0001 to 9999, so that `<` compares them. Temporal does the arithmetic: a JavaScript Date knows one zone only.

import { Temporal } from 'temporal-polyfill';
import { ReportError } from './errors.js';

/** Days from `from` up to but not including `to`; an undefined end is open. */
export interface DateSpan {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export const PERIOD_KINDS = ['day', 'fortnight', 'month'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

/** The days that one run of a report covers. */
export interface Period {
  readonly kind: PeriodKind;
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  /** Names the file. */
  readonly lastDay: string;
}

/** A fortnight is the days 1 to 15 or 16 to the end of a month (docs/en/report-file.md). */
export function periodContaining(kind: PeriodKind, date: string): Period {
  const day = Temporal.PlainDate.from(date);
  let from = day;
  let to = day.add({ days: 1 });
  if (kind !== 'day') {
    from = day.with({ day: 1 });
    to = from.add({ months: 1 });
    const middle = day.with({ day: 16 });
    if (kind === 'fortnight' && day.day < 16) to = middle;
    else if (kind === 'fortnight') from = middle;
  }
  const lastDay = to.subtract({ days: 1 });
  return { kind, from: from.toString(), to: to.toString(), lastDay: lastDay.toString() };
}

/** The period before the one that contains `today`. */
export function lastClosedPeriod(kind: PeriodKind, today: string): Period {
  return periodContaining(kind, addDays(periodContaining(kind, today).from, -1));
}

/** The last `count` (at least 1) periods that are over, the oldest first. */
export function lastClosedPeriods(kind: PeriodKind, today: string, count: number): Period[] {
  const periods = [lastClosedPeriod(kind, today)];
  while (periods.length < count) periods.push(lastClosedPeriod(kind, periods.at(-1)?.from ?? today));
  return periods.reverse();
}

/**
 * Every period that contains a day from `since` to `until`, both included, in order.
 * @throws ReportError `usage` when `since` is after `until`
 */
export function periodsBetween(kind: PeriodKind, since: string, until: string): Period[] {
  if (since > until) {
    throw new ReportError(
      'usage',
      `cannot list the periods from ${since} to ${until}: the end is before the start`,
      {
        hint: `swap them: since ${until}, until ${since}`,
      },
    );
  }
  const periods: Period[] = [];
  let period = periodContaining(kind, since);
  while (period.from <= until) {
    periods.push(period);
    period = periodContaining(kind, period.to);
  }
  return periods;
}

/** Is the period over? */
export function isClosed(period: Period, today: string): boolean {
  return period.to <= today;
}

export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** `2026-01-31` as `20260131`, as keys of files have it. */
export function compactDate(date: string): string {
  return date.replaceAll('-', '');
}

/** @throws ReportError `definition` when `name` is not the IANA name of a time zone */
export function assertTimeZone(name: string): void {
  try {
    // An offset is refused: PostgreSQL reads `SET TimeZone = '+03:00'` as three hours *behind* UTC.
    if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(name)) throw new RangeError('not an IANA name');
    todayIn(name, 0);
  } catch (cause) {
    throw new ReportError('definition', `unknown time zone ${JSON.stringify(name)}`, {
      hint: 'write an IANA name, for example America/Sao_Paulo or UTC',
      cause,
    });
  }
}

/** The local date in `timezone`. @param now in epoch milliseconds */
export function todayIn(timezone: string, now: number): string {
  return Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone).toPlainDate().toString();
}

/** The next instant after `now` at which the local time is `HH:MM`; both in epoch milliseconds. */
export function nextLocalTime(time: string, timezone: string, now: number): number {
  const here = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone);
  const today = here.toPlainDate();
  const instants = [today, today.add({ days: 1 })].map(
    (day) => day.toZonedDateTime({ timeZone: timezone, plainTime: time }).epochMilliseconds,
  );
  return instants.find((instant) => instant > now) ?? now;
}

/**
 * The first instant of a local day as `YYYY-MM-DD HH:MM:SS±HH:MM` (old local times have seconds in the offset too).
 * Where a change of the clock skips midnight, the day begins later; where midnight happens twice, it begins at the first
 * one. A day that a zone skipped altogether is empty: it begins when the next day does.
 */
export function startOfDay(date: string, timezone: string): string {
  const start = Temporal.PlainDate.from(date).toZonedDateTime(timezone);
  const local = start.toPlainDateTime().toString({ smallestUnit: 'second' });
  // toString() would round the seconds of the offset.
  return local.replace('T', ' ') + start.offset;
}

/**
 * The instant of the local time `HH:MM` on a day, in epoch milliseconds. Where a change of the clock repeats that time, the
 * second one; where it skips that time, as long after midnight as without the change.
 */
export function instantAt(date: string, time: string, timezone: string): number {
  const local = Temporal.PlainDate.from(date).toPlainDateTime(time);
  return local.toZonedDateTime(timezone, { disambiguation: 'later' }).epochMilliseconds;
}

/** A zone's offset changes at most once within a block of this length. */
const BLOCK_MS = 6 * 3_600_000;

/**
 * A function from an instant in epoch milliseconds to the seconds that the zone is ahead of UTC. It caches the offset of
 * each block, since the rows of one report are close to each other in time.
 */
export function createOffsetLookup(timezone: string): (epochMilliseconds: number) => number {
  const known = new Map<number, number>();
  const ask = (milliseconds: number) =>
    Temporal.Instant.fromEpochMilliseconds(milliseconds).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e9;
  return (milliseconds) => {
    const block = Math.floor(milliseconds / BLOCK_MS);
    const found = known.get(block);
    if (found !== undefined) return found;
    const first = ask(block * BLOCK_MS);
    if (first !== ask((block + 1) * BLOCK_MS - 1)) return ask(milliseconds);
    known.set(block, first);
    return first;
  };
}

const NAMED_DATES: Readonly<Record<string, (today: string) => Period>> = {
  today: (today) => periodContaining('day', today),
  yesterday: (today) => lastClosedPeriod('day', today),
  'this-month': (today) => periodContaining('month', today),
  'last-month': (today) => lastClosedPeriod('month', today),
  'this-fortnight': (today) => periodContaining('fortnight', today),
  'last-fortnight': (today) => lastClosedPeriod('fortnight', today),
};

/** Names of days and spans, such as `yesterday`. */
export const DATE_WORDS: readonly string[] = Object.keys(NAMED_DATES);

const ALLOWED = `YYYY-MM-DD, YYYY-MM, YYYY, YYYY-MM-H1, YYYY-MM-H2, ${DATE_WORDS.join(', ')}, or a range A..B, A.., ..B of these`;
const LAST_YEAR = 9998; // The day after its last day still has a year of four digits.

/**
 * Reads one value of `--date` (docs/en/filters.md); a range includes both ends whole.
 * @throws ReportError `usage` when the text is malformed, names no day, or ends before it starts
 */
export function parseDates(text: string, today: string): DateSpan {
  const [first = '', last, ...more] = text.split('..');
  if (more.length > 0 || text === '..') throw malformed(text, text);
  if (last === undefined) return parseTerm(first, text, today);
  const from = first === '' ? undefined : parseTerm(first, text, today).from;
  const to = last === '' ? undefined : parseTerm(last, text, today).to;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new ReportError(
      'usage',
      `cannot read the date ${JSON.stringify(text)}: the range ends before it starts`,
      {
        hint: `write the earlier end first: ${last}..${first}`,
      },
    );
  }
  return { from, to };
}

/** The span as parseDates() reads it: `2026-01-31`, or `2026-01-01..2026-01-31` with both ends included. */
export function formatDates(span: DateSpan): string {
  const last = span.to === undefined ? undefined : addDays(span.to, -1);
  return span.from !== undefined && span.from === last ? last : `${span.from ?? ''}..${last ?? ''}`;
}

function parseTerm(term: string, text: string, today: string): { from: string; to: string } {
  const named = Object.hasOwn(NAMED_DATES, term) ? NAMED_DATES[term]?.(today) : undefined;
  if (named) return { from: named.from, to: named.to };
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}|H[12]))?)?$/.exec(term) ?? [];
  if (year === undefined) throw malformed(term, text);
  const fortnight = day === 'H1' ? '01' : day === 'H2' ? '16' : undefined;
  const start = `${year}-${month ?? '01'}-${fortnight ?? day ?? '01'}`;
  if (!isDay(start)) throw impossible(term, text, start);
  if (month === undefined) return { from: start, to: periodContaining('month', `${year}-12-01`).to };
  const kind = day === undefined ? 'month' : fortnight === undefined ? 'day' : 'fortnight';
  const { from, to } = periodContaining(kind, start);
  return { from, to };
}

function isDay(date: string): boolean {
  try {
    const { year } = Temporal.PlainDate.from(date);
    return year >= 1 && year <= LAST_YEAR;
  } catch {
    return false;
  }
}

function malformed(term: string, text: string): ReportError {
  const iso = text.split('..').map(isoSpelling).join('..');
  return new ReportError('usage', `cannot read ${place(term, text)}: allowed are ${ALLOWED}`, {
    hint:
      iso === text
        ? 'for example 2026-01-31, 2026-01 or 2026-01-01..2026-01-15'
        : `dates are written year-month-day: ${iso}`,
  });
}

function impossible(term: string, text: string, start: string): ReportError {
  const month = start.slice(0, 7);
  const lastDay = isDay(`${month}-01`) ? periodContaining('month', `${month}-01`).lastDay : undefined;
  return new ReportError(
    'usage',
    `cannot read ${place(term, text)}: the calendar from 0001 to ${LAST_YEAR} has no such date`,
    {
      hint: lastDay
        ? `the last day of that month is ${lastDay}; the whole month is ${month}`
        : 'for example 2026-01-31; an end is left open as in 2026-01-01..',
    },
  );
}

function place(term: string, text: string): string {
  const whole = `the date ${JSON.stringify(text)}`;
  return term === text ? whole : `${JSON.stringify(term)} in ${whole}`;
}

/** 31/01/2026, 1/2026 and 2026/1/31 in ISO order with `-`; any other text unchanged. */
function isoSpelling(term: string): string {
  const dayFirst = /^(?:(?<day>\d{1,2})[/.-])?(?<month>\d{1,2})[/.-](?<year>\d{4})$/.exec(term);
  const yearFirst = /^(?<year>\d{4})[/.-](?<month>\d{1,2})(?:[/.-](?<day>\d{1,2}))?$/.exec(term);
  const { year, month, day } = (dayFirst ?? yearFirst)?.groups ?? {};
  if (year === undefined || month === undefined) return term;
  const iso = `${year}-${month.padStart(2, '0')}`;
  const date = `${iso}-${(day ?? '01').padStart(2, '0')}`;
  if (!isDay(date)) return term;
  return day === undefined ? iso : date;
}

/** `2024-10-05`, or `2024-09-01..2024-09-30` */
export function formatPeriod({ from, lastDay }: Pick<Period, 'from' | 'lastDay'>): string {
  return from === lastDay ? lastDay : `${from}..${lastDay}`;
}

/** The period as `--date` takes it, at its shortest: `2024-10-05`, `2024-09-H1`, `2024-09`; several whole ones as `2024-09..2024-11`. */
export function spellPeriod({ kind, from, lastDay }: Period): string {
  const [first, last] = [from, lastDay].map((day) => {
    if (kind === 'day') return day;
    const half = day.slice(8) <= '15' ? 'H1' : 'H2';
    return kind === 'month' ? day.slice(0, 7) : `${day.slice(0, 7)}-${half}`;
  });
  return first === last ? `${first}` : `${first}..${last}`;
}

/** An instant in a zone to the minute: `2024-10-06 01:00-03`. @param instant ISO 8601 with an offset */
export function spellInstant(instant: string, timezone: string): string {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(timezone);
  const minute = local.toPlainDateTime().toString({ smallestUnit: 'minute', roundingMode: 'trunc' });
  return `${minute.replace('T', ' ')}${local.offset.replace(/(?<!:00)(:00)+$/, '')}`;
}
