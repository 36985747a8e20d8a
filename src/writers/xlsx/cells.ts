// The fast path for a cell of the data sheet: from the bytes of COPY text to XML. Unusual values are left to the caller.

import type { Column } from '../../core/table.js';
import type { Extent } from './extent.js';
import { DAY_DECIMALS, dateSerial, dayFraction, NO_SERIAL, timeOfDay, timestampSerial } from './serial.js';
import { put, putDecimals, putInteger, type Snippet, snippet } from './snippets.js';

const SPACE = 32;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const LETTER_X = 120;
/** The digits of a number that Excel shows ("Excel specifications and limits"). */
const SIGNIFICANT_DIGITS = 15;
/** The significant digits that distinguish every double from the next (IEEE 754, DBL_DECIMAL_DIG). */
const DOUBLE_DIGITS = 17;
/** A number of so many characters without an exponent is within Excel's range. */
const LONGEST_PLAIN_NUMBER = 48;
/** In bytes. Excel's limit is as many characters, which are at least one byte each. */
const LONGEST_PLAIN_TEXT = 32_767;

/** The most significant digits of a number that goes into a sheet as a number: of a whole one, and of any other. */
export interface DigitLimits {
  readonly whole: number;
  readonly other: number;
}

/**
 * A cell holds a double, so that of a floating-point column nothing is lost. A whole number is often a code, of which every
 * digit must show.
 */
export function digitLimits({ float, longNumbers }: Pick<Column, 'float' | 'longNumbers'>): DigitLimits {
  if (longNumbers === 'number') return { whole: Number.POSITIVE_INFINITY, other: Number.POSITIVE_INFINITY };
  return { whole: SIGNIFICANT_DIGITS, other: float ? DOUBLE_DIGITS : SIGNIFICANT_DIGITS };
}

const CLOSE = snippet('</v></c>');

/** The XML of a cell up to its value. @param reference such as `B7`. @param type the attribute `t`; empty for a number */
export function cellStart(reference: string, style: number, type: string): string {
  return `<c r="${reference}" s="${style}"${type === '' ? '' : ` t="${type}"`}><v>`;
}

/**
 * By byte: 0 is copied; 1 needs the slow path; 2 needs it before an x; 3 needs it before 0xBF (U+FFC0 to U+FFFF); 4 is copied,
 * and continues a character.
 */
const CLASSES = new Uint8Array(256);
const CONTINUES = 4;
CLASSES.fill(CONTINUES, 0x80, 0xc0);
CLASSES.fill(1, 0, SPACE);
for (const byte of Buffer.from('&<>\\')) CLASSES[byte] = 1;
CLASSES[95] = 2;
CLASSES[0xef] = 3;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * Writes cells one after the other. Each method writes a cell with the bytes of `source` from `start` to `end` behind `opening`,
 * which is everything up to its value. It returns false, and writes no cell, for bytes that need the slow path.
 */
export class CellWriter {
  /** Where cells are written; the caller sees to it that there is room. */
  target: DataView = new DataView(new ArrayBuffer(0));
  /** The position in `target` where the next cell begins. */
  at = 0;
  /** COPY text. */
  source: Uint8Array = new Uint8Array(0);

  /**
   * Plain text goes as the result of a formula that is not there, which is the shortest spelling and what SheetJS always
   * writes. Any other becomes an inline string, since some readers take entities, spaces and `_x000D_` right only there.
   */
  text(opening: Snippet, start: number, end: number, extent: Extent): boolean {
    const { target, source } = this;
    if (start === end || end - start > LONGEST_PLAIN_TEXT) return false;
    if (source[start] === SPACE || source[end - 1] === SPACE) return false;
    let to = put(target, this.at, opening);
    let continuations = 0;
    for (let from = start; from < end; from++) {
      const byte = source[from] as number;
      const found = CLASSES[byte] as number;
      if (found === CONTINUES) continuations += 1;
      else if (found !== 0) {
        const next = source[from + 1];
        if (found === 1 || (found === 2 ? next === LETTER_X : next === 0xbf)) return false;
      }
      target.setUint8(to++, byte);
    }
    this.at = put(target, to, CLOSE);
    if (end - start - continuations > extent.characters) extent.addLine(source, start, end);
    return true;
  }

  number(opening: Snippet, limits: DigitLimits, start: number, end: number, extent: Extent): boolean {
    const { target, source } = this;
    if (end - start > LONGEST_PLAIN_NUMBER) return false;
    let to = put(target, this.at, opening);
    let digits = 0;
    let dots = 0;
    let dot = -1;
    // Digits from the first that is not 0: up to here, and up to the last that is not 0.
    let counted = 0;
    let significant = 0;
    for (let from = start; from < end; from++) {
      const byte = source[from] as number;
      if (byte > ZERO && byte <= ZERO + 9) significant = ++counted;
      else if (byte === ZERO) counted += counted > 0 ? 1 : 0;
      else if (byte === DOT && digits > 0) {
        dots += 1;
        dot = from;
      } else if (byte !== MINUS || from > start) return false;
      digits += byte >= ZERO ? 1 : 0;
      target.setUint8(to++, byte);
    }
    const most = dots === 0 ? limits.whole : limits.other;
    if (digits === 0 || dots > 1 || significant > most) return false;
    this.at = put(target, to, CLOSE);
    extent.addNumber(source, start, end, dot, significant);
    return true;
  }

  date(opening: Snippet, start: number, end: number): boolean {
    const serial = dateSerial(this.source, start, end);
    if (serial === NO_SERIAL) return false;
    const { target } = this;
    this.at = put(target, putInteger(target, put(target, this.at, opening), serial), CLOSE);
    return true;
  }

  /** @param precise the opening for a timestamp with a fraction of a second */
  timestamp(opening: Snippet, precise: Snippet, start: number, end: number, extent: Extent): boolean {
    const serial = timestampSerial(this.source, start, end);
    if (serial === NO_SERIAL) return false;
    const { target } = this;
    const micros = timeOfDay(this.source, start, end);
    const hasFraction = micros % 1_000_000 !== 0;
    if (hasFraction) extent.hasFraction = true;
    const day = putInteger(target, put(target, this.at, hasFraction ? precise : opening), serial);
    this.at = put(target, putDecimals(target, day, dayFraction(micros), DAY_DECIMALS), CLOSE);
    return true;
  }

  boolean(opening: Snippet, start: number, end: number): boolean {
    const isTrue = this.#isText(TRUE, start, end);
    if (!isTrue && !this.#isText(FALSE, start, end)) return false;
    const { target } = this;
    this.at = put(target, putInteger(target, put(target, this.at, opening), isTrue ? 1 : 0), CLOSE);
    return true;
  }

  /** XML that does not depend on a value. */
  snippet(xml: Snippet): void {
    this.at = put(this.target, this.at, xml);
  }

  #isText(text: Uint8Array, start: number, end: number): boolean {
    if (end - start !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (this.source[start + at] !== text[at]) return false;
    return true;
  }
}

const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE][+-]?\d+)?$/;
/** Excel's range ("Excel specifications and limits", "Calculation"). */
const SMALLEST = 2.2251e-308;
const LARGEST = 9.99999999999999e307;

/** Why a text is no number that Excel can hold, or undefined when it is one. */
export function unfitNumber(
  text: string,
  limits: DigitLimits = digitLimits({}),
): 'digits' | 'special' | undefined {
  const match = NUMBER.exec(text);
  if (!match) return 'special';
  const [, whole, fraction = ''] = match;
  const significant = `${whole}${fraction}`.replace(/^0+|(?<!0)0+$/g, '');
  if (significant === '') return undefined;
  const size = Math.abs(Number(text));
  const most = /[.eE]/.test(text) ? limits.other : limits.whole;
  return significant.length <= most && size >= SMALLEST && size <= LARGEST ? undefined : 'digits';
}
