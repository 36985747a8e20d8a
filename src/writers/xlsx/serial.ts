// Converts dates and times to Excel's serial numbers and back (ECMA-376 part 1, 18.17.4: the 1900 system), in integers.

const DASH = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;
const SPACE = 32;
const PLUS = 43;
const DATE_LENGTH = 10;
const TIME_LENGTH = 19;
/** 1900-03-01. Before it Excel's serial numbers are wrong: they count a 29 February 1900. */
const FIRST_SERIAL = 61;
/** 9999-12-31, Excel's last day. */
const LAST_SERIAL = 2_958_465;
/** The last millisecond of that day: what is later is the next day to Excel, which shows milliseconds. */
const LAST_MICROS = 86_399_999_000;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** For a text that is no date in Excel's range. */
export const NO_SERIAL = -1;

/** The serial number of the `YYYY-MM-DD` from `start` to `end`, or NO_SERIAL. */
export function dateSerial(bytes: Uint8Array, start: number, end: number): number {
  return end - start === DATE_LENGTH ? daySerial(bytes, start) : NO_SERIAL;
}

/** The day's serial number of `YYYY-MM-DD HH:MM:SS[.f][±HH[:MM[:SS]]]`, or NO_SERIAL; timeOfDay() gives the time. */
export function timestampSerial(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < TIME_LENGTH || bytes[start + DATE_LENGTH] !== SPACE) return NO_SERIAL;
  const micros = timeOfDay(bytes, start, end);
  if (micros < 0) return NO_SERIAL;
  const serial = daySerial(bytes, start);
  return serial === LAST_SERIAL && micros > LAST_MICROS ? NO_SERIAL : serial;
}

/** The microseconds since midnight of such a timestamp, or -1; finer digits are cut off. */
export function timeOfDay(bytes: Uint8Array, start: number, end: number): number {
  const hours = twoDigits(bytes, start + 11);
  const minutes = twoDigits(bytes, start + 14);
  const seconds = twoDigits(bytes, start + 17);
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return -1;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return -1;
  let at = start + TIME_LENGTH;
  let micros = 0;
  if (at < end && bytes[at] === DOT) {
    at += 1;
    let unit = 100_000;
    for (; at < end && isDigit(bytes[at] as number); at++) {
      micros += ((bytes[at] as number) - ZERO) * unit;
      unit = Math.floor(unit / 10);
    }
    if (bytes[at - 1] === DOT) return -1;
  }
  if (at < end && bytes[at] !== PLUS && bytes[at] !== DASH) return -1;
  for (let offset = at + 1; offset < end; offset++) {
    if (!isDigit(bytes[offset] as number) && bytes[offset] !== COLON) return -1;
  }
  return (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + micros;
}

/** The decimals of a day that distinguish one microsecond from the next. */
export const DAY_DECIMALS = 12;

/** Microseconds as a part of a day in units of 10^-12 (a day has 86.4 × 10^9 of them). */
export function dayFraction(micros: number): number {
  // × 10^12 / 86.4 × 10^9 in lowest terms; the product stays below 2^53.
  return Math.round((micros * 625) / 54);
}

function daySerial(bytes: Uint8Array, start: number): number {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return NO_SERIAL;
  if (!(year >= 1900 && month >= 1 && month <= 12 && day >= 1)) return NO_SERIAL;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (month === 2 && !isLeap ? 28 : (MONTH_DAYS[month - 1] as number))) return NO_SERIAL;
  // Days since 0000-03-01, the leap day being a year's last (Hinnant, "days_from_civil"); 1899-12-30, Excel's day 0, is 693,899.
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const days =
    marchYear * 365 +
    Math.floor(marchYear / 4) -
    Math.floor(marchYear / 100) +
    Math.floor(marchYear / 400) +
    dayOfYear;
  const serial = days - 693_899;
  return serial < FIRST_SERIAL ? NO_SERIAL : serial;
}

/** The number of two digits, or NaN. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] as number;
  const ones = bytes[at + 1] as number;
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

const SERIAL = /^(\d+)(?:\.(\d{1,12}))?$/;
/** The serial number of 1970-01-01. */
const EPOCH_SERIAL = 25_569;
const DAY_MS = 86_400_000;

/** A serial number as `YYYY-MM-DD`, with a fraction as `YYYY-MM-DD HH:MM:SS.ffffff`. Other texts stay unchanged. */
export function serialToIso(text: string): string {
  const [, days, fraction] = SERIAL.exec(text) ?? [];
  if (days === undefined) return text;
  const day = new Date((Number(days) - EPOCH_SERIAL) * DAY_MS).toISOString().slice(0, 10);
  if (fraction === undefined) return day;
  // The inverse of dayFraction(): × 86.4 × 10^9 / 10^12 in lowest terms; the product stays below 2^53.
  const micros = Math.round((Number(fraction.padEnd(DAY_DECIMALS, '0')) * 54) / 625);
  const clock = new Date(Math.floor(micros / 1000)).toISOString().slice(11, 19);
  return `${day} ${clock}.${String(micros % 1_000_000).padStart(6, '0')}`;
}
