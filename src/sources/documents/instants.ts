// Converts instants to PostgreSQL's ISO text in a time zone, for any year, and ISO 8601 text to instants.
import { createOffsetLookup } from '../../core/calendar.js';

/** An exact instant: milliseconds since the epoch, rounded down, and the remaining microseconds (0 to 999). */
export interface Instant {
  /** A bigint only beyond the safe integers, as for MongoDB's greatest date. */
  readonly milliseconds: number | bigint;
  readonly microseconds: number;
}

/** `2024-10-05 13:45:10.5-03`, as PostgreSQL prints a timestamptz in the zone. */
export type SpellInstant = (instant: Instant) => string;

/** The end of JavaScript's time range (ECMA-262, "Time Values"). Beyond it time zones are unknown, and UTC is used. */
const MAX_MILLISECONDS = 8.64e15;

export function instantSpeller(timezone: string): SpellInstant {
  const offsetAt = createOffsetLookup(timezone);
  const dayOf = remembering(dateText);
  const offsetOf = remembering(offsetText);
  return ({ milliseconds, microseconds }) => {
    if (typeof milliseconds === 'bigint') return hugeText(milliseconds, microseconds);
    // One day less, because offsetsOf() also asks for the offsets at the ends of a block of hours.
    const offset = Math.abs(milliseconds) < MAX_MILLISECONDS - 86_400_000 ? offsetAt(milliseconds) : 0;
    const local = milliseconds + offset * 1000;
    return localText(local, microseconds, dayOf) + offsetOf(offset) + eraText(local);
  };
}

/** Remembers the text of the last value: rows of one report are close in time. */
function remembering(spell: (value: number) => string): (value: number) => string {
  let last = { value: 0, text: spell(0) };
  return (value) => {
    if (value !== last.value) last = { value, text: spell(value) };
    return last.text;
  };
}

/** The text of an instant beyond the safe integers, in UTC. */
function hugeText(milliseconds: bigint, microseconds: number): string {
  const inDay = ((milliseconds % 86_400_000n) + 86_400_000n) % 86_400_000n;
  const days = Number((milliseconds - inDay) / 86_400_000n);
  return `${clockText(dateText(days), Number(inDay), microseconds)}+00${days < 0 ? ' BC' : ''}`;
}

/** `2024-10-05 13:45:10.5`. @param milliseconds of local time */
function localText(milliseconds: number, microseconds: number, dayOf = dateText): string {
  const days = Math.floor(milliseconds / 86_400_000);
  return clockText(dayOf(days), milliseconds - days * 86_400_000, microseconds);
}

function clockText(day: string, inDay: number, microseconds: number): string {
  const seconds = Math.floor(inDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const text = `${day} ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  const fraction = (inDay - seconds * 1000) * 1000 + microseconds;
  return fraction === 0
    ? text
    : `${text}.${String(fraction)
        .padStart(6, '0')
        .replace(/(?<!0)0+$/, '')}`;
}

/** The date `days` after 1970-01-01 in the proleptic Gregorian calendar; a year BC without its era. */
function dateText(days: number): string {
  const { year, month, day } = civil(days);
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

function eraText(localMilliseconds: number): string {
  return localMilliseconds < -62_135_596_800_000 ? ' BC' : '';
}

/** Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: exact for any safe integer. */
function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** `-03`, `+05:30`, `-03:06:28`, as PostgreSQL prints it. */
function offsetText(seconds: number): string {
  const size = Math.abs(seconds);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop();
  return (seconds < 0 ? '-' : '+') + parts.map(two).join(':');
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?$/;

/** What ISO 8601 text says: an instant, or a local time without an offset (`date` when it has no time of day). */
export type IsoText =
  | { readonly is: 'instant'; readonly instant: Instant }
  | { readonly is: 'local' | 'date'; readonly text: string };

/** @returns undefined for text that is no date and for dates that do not exist; drops decimals after the sixth */
export function parseIso(text: string): IsoText | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour, minute = '00', second = '00', fraction = '', offset] =
    match;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC reads years below 100 as 19xx and turns 02-30 into 03-01: compare the text of its result.
  if (Number(year) < 100 || dateText(midnight / 86_400_000) !== `${year}-${month}-${day}`) return undefined;
  if (hour === undefined) return { is: 'date', text };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const micros = fraction.padEnd(6, '0').slice(0, 6);
  const clock = midnight + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000;
  const milliseconds = clock + Number(micros.slice(0, 3));
  const microseconds = Number(micros.slice(3));
  if (offset === undefined) return { is: 'local', text: localText(milliseconds, microseconds) };
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
  const ahead = (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1);
  return { is: 'instant', instant: { milliseconds: milliseconds - ahead, microseconds } };
}
