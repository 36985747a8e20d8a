// Reads numbers, days, instants and Extended JSON from bytes without making strings, in their common spellings.
import { COLON, DOT, isDigit, MINUS, OBJECT, QUOTE, SPACE, ZERO } from './ascii.js';

const DOLLAR = 0x24;
const DAY = 86_400_000;

/** Numbers spelled as PostgreSQL prints them: no exponent, no leading 0, no minus zero. `other` is every other spelling. */
export const SHAPE = { other: 0, whole: 1, decimal: 2 } as const;

export function numberShape(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = first;
  while (at < end && isDigit(bytes[at] as number)) at += 1;
  if (at === first || (bytes[first] === ZERO && at > first + 1)) return SHAPE.other;
  if (at === end) return bytes[start] === MINUS && bytes[first] === ZERO ? SHAPE.other : SHAPE.whole;
  if (bytes[at] !== DOT || at + 1 === end) return SHAPE.other;
  at += 1;
  while (at < end && isDigit(bytes[at] as number)) at += 1;
  return at === end ? SHAPE.decimal : SHAPE.other;
}

/** Powers of ten; exact as doubles. */
const TENS = Float64Array.from({ length: 16 }, (_, power) => 10 ** power);

/**
 * The double nearest to a number of at most 15 digits; NaN for other numbers. Such numbers can be compared as doubles:
 * different ones are different doubles, in the same order (DBL_DIG is 15), and the one division here rounds once (IEEE 754).
 */
export function numberAt(bytes: Buffer, start: number, end: number): number {
  if (end - start > 17 || numberShape(bytes, start, end) === SHAPE.other) return Number.NaN;
  let units = 0;
  let digits = 0;
  let scale = -1;
  for (let at = bytes[start] === MINUS ? start + 1 : start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (scale >= 0) scale += 1;
    if (byte === DOT) scale = 0;
    else {
      units = units * 10 + byte - ZERO;
      digits += 1;
    }
  }
  if (digits > 15) return Number.NaN;
  const size = scale > 0 ? units / (TENS[scale] as number) : units;
  return bytes[start] === MINUS ? -size : size;
}

/** Days from 1970-01-01 to the day `YYYY-MM-DD`; NaN for text that is no day, and for years below 100. */
export function dayAt(bytes: Buffer, at: number): number {
  const year = pair(bytes, at) * 100 + pair(bytes, at + 2);
  const month = pair(bytes, at + 5);
  const day = pair(bytes, at + 8);
  // The comparison is false for NaN too.
  if (!(year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)))
    return Number.NaN;
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return Number.NaN;
  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * Milliseconds since the epoch of text like `2024-10-05T13:45:10.5Z`: at most three decimals, `Z` or `±HH:MM`. NaN for any
 * other spelling and for instants that do not exist.
 */
export function instantAt(bytes: Buffer, start: number, end: number): number {
  if (end - start < 20 || end - start > 29 || bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) {
    return Number.NaN;
  }
  const between = bytes[start + 10];
  if (between !== 0x54 && between !== SPACE) return Number.NaN;
  const hours = pair(bytes, start + 11);
  const minutes = pair(bytes, start + 14);
  const seconds = pair(bytes, start + 17);
  if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return Number.NaN;
  let at = start + 19;
  let fraction = 0;
  if (bytes[at] === DOT) {
    const first = at + 1;
    for (at = first; isDigit(bytes[at] as number); at += 1)
      fraction = fraction * 10 + (bytes[at] as number) - ZERO;
    if (at === first || at > first + 3) return Number.NaN;
    if (at < first + 3) fraction *= at === first + 1 ? 100 : 10;
  }
  const clock = ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction;
  return dayAt(bytes, start) * DAY + clock - offsetAt(bytes, at, end);
}

/** Milliseconds ahead of UTC. */
function offsetAt(bytes: Buffer, at: number, end: number): number {
  const sign = bytes[at];
  if (sign === 0x5a) return at + 1 === end ? 0 : Number.NaN;
  if ((sign !== MINUS && sign !== 0x2b) || at + 6 !== end || bytes[at + 3] !== COLON) return Number.NaN;
  const hours = pair(bytes, at + 1);
  const minutes = pair(bytes, at + 4);
  if (!(hours <= 15 && minutes <= 59)) return Number.NaN;
  return (hours * 60 + minutes) * (sign === MINUS ? -60_000 : 60_000);
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** A number of two digits; NaN for other bytes. */
function pair(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

export const EXTENDED = { other: 0, oid: 1, instant: 2, int: 3, long: 4, decimal: 5, double: 6 } as const;

/** Bytes to be read together with a view of them. */
interface Viewed {
  readonly bytes: Buffer;
  readonly view: DataView;
}

const word = (text: string) => Buffer.from(text).readInt32LE();
const OID = word('oid"');
const DATE = word('date');
const NUMB = word('numb');
const INT = word('Int"');
const LONG = word('Long');
const DECI = word('Deci');
const DOUB = word('Doub');
const LE = Buffer.from('le').readInt16LE();
const MAL = word('mal"');

/** Finds the type and the text of an Extended JSON object with one text in it, as mongoexport spells such objects. */
export class ExtendedPlace {
  /** The text, without its quotes. */
  start = 0;
  end = 0;
  /** Since the epoch, when the object is an instant. */
  milliseconds = 0;

  /** @returns the type. The text is checked only when it is an instant. */
  find(source: Viewed, start: number, end: number): number {
    const { bytes } = source;
    const type = this.#name(source, start);
    const colon = this.start;
    if (type === EXTENDED.other || bytes[colon] !== COLON) return EXTENDED.other;
    const at = bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
    if (type === EXTENDED.instant && bytes[at] === OBJECT) return this.#long(source, at, end - 1);
    if (bytes[at] !== QUOTE || bytes[end - 2] !== QUOTE) return EXTENDED.other;
    this.start = at + 1;
    this.end = end - 2;
    if (type !== EXTENDED.instant) return type;
    this.milliseconds = instantAt(bytes, this.start, this.end);
    return Number.isNaN(this.milliseconds) ? EXTENDED.other : type;
  }

  /** The value of `{"$date":{"$numberLong":"1704067200000"}}` */
  #long(source: Viewed, start: number, end: number): number {
    const { bytes } = source;
    if (this.find(source, start, end) !== EXTENDED.long) return EXTENDED.other;
    if (numberShape(bytes, this.start, this.end) !== SHAPE.whole) return EXTENDED.other;
    this.milliseconds = numberAt(bytes, this.start, this.end);
    return Number.isNaN(this.milliseconds) ? EXTENDED.other : EXTENDED.instant;
  }

  /** Sets `start` to the position after the name. */
  #name({ bytes, view }: Viewed, start: number): number {
    if (bytes[start + 1] !== QUOTE || bytes[start + 2] !== DOLLAR) return EXTENDED.other;
    const [type, length] = typeOfName(bytes, view, start + 3);
    this.start = start + length;
    return type === EXTENDED.other || bytes[this.start - 1] === QUOTE ? type : EXTENDED.other;
  }
}

const NONE = [EXTENDED.other, 0] as const;
/** Types with the number of bytes from the brace to the name's closing quote. */
const OIDS = [EXTENDED.oid, 7] as const;
const DATES = [EXTENDED.instant, 8] as const;
const INTS = [EXTENDED.int, 13] as const;
const LONGS = [EXTENDED.long, 14] as const;
const DECIMALS = [EXTENDED.decimal, 17] as const;
const DOUBLES = [EXTENDED.double, 16] as const;

function typeOfName(bytes: Buffer, view: DataView, at: number): readonly [number, number] {
  const first = view.getInt32(at, true);
  if (first === OID) return OIDS;
  if (first === DATE) return DATES;
  if (first !== NUMB || bytes[at + 4] !== 0x65 || bytes[at + 5] !== 0x72) return NONE;
  const second = view.getInt32(at + 6, true);
  if (second === INT) return INTS;
  if (second === LONG) return LONGS;
  if (second === DOUB) return view.getInt16(at + 10, true) === LE ? DOUBLES : NONE;
  return second === DECI && view.getInt32(at + 10, true) === MAL ? DECIMALS : NONE;
}
