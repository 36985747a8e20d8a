// Writes instants as cells. Remembers for each hour its local day, its offset and the time of day at its start.

import { writeDigits, writePair } from './digits.js';
import type { Lines } from './lines.js';
import type { ToCell } from './value.js';

const HOUR = 3_600_000;
const SPACE = 32;
const DOT = 46;
const COLON = 58;
/** Hours that are remembered: more than a year. */
const MAX_HOURS = 10_000;
/** Bytes of the longest timestamp or date; the year 275760 BC has 42. */
const MAX_DATE_BYTES = 64;

/** An hour since the epoch in which neither the local day nor the offset changes. */
interface Hour {
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds of the local day that had passed by then. */
  readonly inDay: number;
  readonly day: Uint8Array;
  /** The offset and the era. */
  readonly rest: Uint8Array;
  /** The cell of kind `date`. */
  readonly date: Uint8Array;
}

export class DateWriter {
  readonly #lines: Lines;
  readonly #toTimestamp: ToCell;
  readonly #toDate: ToCell;
  readonly #hours = new Map<number, Hour | undefined>();
  #number = Number.NaN;
  #hour: Hour | undefined;

  /** @param toTimestamp converts instants to the texts to write; so does toDate */
  constructor(lines: Lines, toTimestamp: ToCell, toDate: ToCell) {
    this.#lines = lines;
    this.#toTimestamp = toTimestamp;
    this.#toDate = toDate;
  }

  /**
   * @param milliseconds since the epoch, a safe integer
   * @returns false, and writes nothing, in an hour in which the local day or the offset changes
   */
  timestamp(milliseconds: number): boolean {
    const hour = this.#hourOf(milliseconds);
    if (hour === undefined) return false;
    // A 32-bit integer from here on, because dividing those is faster.
    const inDay = (hour.inDay + (milliseconds - hour.start)) | 0;
    const seconds = (inDay / 1000) | 0;
    const minutes = (seconds / 60) | 0;
    const hours = (minutes / 60) | 0;
    this.#lines.reserve(MAX_DATE_BYTES);
    const { out } = this.#lines;
    let at = writeAscii(out, this.#lines.at, hour.day);
    out.setUint8(at, SPACE);
    writePair(out, at + 1, hours);
    out.setUint8(at + 3, COLON);
    writePair(out, at + 4, minutes - hours * 60);
    out.setUint8(at + 6, COLON);
    at = writePair(out, at + 7, seconds - minutes * 60);
    const fraction = inDay - seconds * 1000;
    if (fraction !== 0) at = writeFraction(out, at, fraction);
    this.#lines.at = writeAscii(out, at, hour.rest);
    return true;
  }

  /** The local day; see timestamp(). */
  date(milliseconds: number): boolean {
    const hour = this.#hourOf(milliseconds);
    if (hour === undefined) return false;
    this.#lines.reserve(MAX_DATE_BYTES);
    this.#lines.at = writeAscii(this.#lines.out, this.#lines.at, hour.date);
    return true;
  }

  #hourOf(milliseconds: number): Hour | undefined {
    const number = Math.floor(milliseconds / HOUR);
    if (number === this.#number) return this.#hour;
    this.#number = number;
    this.#hour = this.#hours.get(number);
    if (this.#hour === undefined && !this.#hours.has(number)) {
      if (this.#hours.size === MAX_HOURS) this.#hours.clear();
      this.#hour = this.#describe(number * HOUR);
      this.#hours.set(number, this.#hour);
    }
    return this.#hour;
  }

  /** A zone changes at most once in six hours (core/calendar.ts): equal at both ends of an hour means equal in between. */
  #describe(start: number): Hour | undefined {
    const first = this.#parts(start);
    const last = this.#parts(start + HOUR - 1);
    if (first === undefined || first.day !== last?.day || first.rest !== last.rest) return undefined;
    return {
      start,
      inDay: first.inDay,
      day: Buffer.from(first.day),
      rest: Buffer.from(first.rest),
      date: Buffer.from(first.date),
    };
  }

  #parts(milliseconds: number): { day: string; inDay: number; rest: string; date: string } | undefined {
    const value = { type: 'instant', instant: { milliseconds, microseconds: 0 } } as const;
    const [, day, hours, minutes, seconds, fraction = '', rest = ''] =
      /^(\S+) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(.*)$/.exec(this.#toTimestamp(value) ?? '') ?? [];
    const date = this.#toDate(value);
    if (day === undefined || typeof date !== 'string') return undefined;
    const inDay = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
    return { day, inDay: inDay + Number(fraction.padEnd(3, '0')), rest, date };
  }
}

/** Milliseconds without trailing zeros: `.5` */
function writeFraction(out: DataView, at: number, milliseconds: number): number {
  out.setUint8(at, DOT);
  const tens = (milliseconds / 10) | 0;
  if (tens * 10 !== milliseconds) return writeDigits(out, at + 1, milliseconds, 3);
  const hundreds = (tens / 10) | 0;
  return hundreds * 10 === tens ? writeDigits(out, at + 1, hundreds, 1) : writePair(out, at + 1, tens);
}

function writeAscii(out: DataView, at: number, text: Uint8Array): number {
  for (let index = 0; index < text.length; index++) out.setUint8(at + index, text[index] as number);
  return at + text.length;
}
