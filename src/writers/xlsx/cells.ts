// One cell of the data sheet as XML: what its column's kind makes of ordinary bytes; anything odd is left to the caller.

import { DAY_DECIMALS, dateSerial, dayFraction, NO_SERIAL, timeOfDay, timestampSerial } from './serial.js';
import { put, putDecimals, putInteger, type Snippet, snippet } from './snippets.js';

const SPACE = 32;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const LETTER_X = 120;
/** So many digits of a number does Excel keep ("Excel specifications and limits"). */
const SIGNIFICANT_DIGITS = 15;
/** No number without an exponent that has so many characters is out of Excel's range. */
const PLAIN_NUMBER = 48;
/** A cell of so many bytes has at most as many characters. */
const LONGEST_PLAIN_TEXT = 32_767;

/** The numbers of the cell styles; see shell.ts. */
export interface Styles {
  readonly header: number;
  readonly text: number;
  readonly integer: number;
  readonly decimal: number;
  readonly boolean: number;
  readonly date: number;
  readonly timestamp: number;
  /** A timestamp with a part of a second, which Excel would round up, maybe into the next day. */
  readonly precise: number;
}

export const ODD = -1;

const CLOSE = snippet('</v></c>');

/** What a cell begins with, up to its value; its reference holds the row's number. */
export function cellStart(reference: string, style: number, type: string): string {
  return `<c r="${reference}" s="${style}"${type === '' ? '' : ` t="${type}"`}><v>`;
}

/** 0: copied as it is; 1: odd; 2: odd before an x; 3: odd before 0xBF (U+FFC0 to U+FFFF). */
const CLASSES = new Uint8Array(256);
CLASSES.fill(1, 0, SPACE);
for (const odd of Buffer.from('&<>\\')) CLASSES[odd] = 1;
CLASSES[95] = 2;
CLASSES[0xef] = 3;

// Each of these writes a cell with what stands between the positions, after its start, and returns where it ends; or ODD for
// what is not ordinary.

/**
 * Plain text goes as the result of a formula that is not there, which is the shortest spelling and what SheetJS always
 * writes. Any other becomes an inline string, since some readers take entities, spaces and `_x000D_` right only there.
 */
export function putText(
  view: DataView,
  at: number,
  cell: Snippet,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (start === end || end - start > LONGEST_PLAIN_TEXT) return ODD;
  if (bytes[start] === SPACE || bytes[end - 1] === SPACE) return ODD;
  let to = put(view, at, cell);
  for (let from = start; from < end; from++) {
    const byte = bytes[from] as number;
    const found = CLASSES[byte] as number;
    if (found !== 0) {
      const next = bytes[from + 1];
      if (found === 1 || (found === 2 ? next === LETTER_X : next === 0xbf)) return ODD;
    }
    view.setUint8(to++, byte);
  }
  return put(view, to, CLOSE);
}

export function putNumber(
  view: DataView,
  at: number,
  cell: Snippet,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start > PLAIN_NUMBER) return ODD;
  let to = put(view, at, cell);
  let digits = 0;
  let dots = 0;
  // From the first digit that is not 0: so many up to here, and up to the last that is not 0.
  let counted = 0;
  let significant = 0;
  for (let from = start; from < end; from++) {
    const byte = bytes[from] as number;
    if (byte > ZERO && byte <= ZERO + 9) significant = ++counted;
    else if (byte === ZERO) counted += counted > 0 ? 1 : 0;
    else if (byte === DOT && digits > 0) dots += 1;
    else if (byte !== MINUS || from > start) return ODD;
    digits += byte >= ZERO ? 1 : 0;
    view.setUint8(to++, byte);
  }
  return digits === 0 || dots > 1 || significant > SIGNIFICANT_DIGITS ? ODD : put(view, to, CLOSE);
}

export function putDate(
  view: DataView,
  at: number,
  cell: Snippet,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const serial = dateSerial(bytes, start, end);
  if (serial === NO_SERIAL) return ODD;
  return put(view, putInteger(view, put(view, at, cell), serial), CLOSE);
}

/** @param precise the start of a cell with a part of a second */
export function putTimestamp(
  view: DataView,
  at: number,
  cell: Snippet,
  precise: Snippet,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const serial = timestampSerial(bytes, start, end);
  if (serial === NO_SERIAL) return ODD;
  const micros = timeOfDay(bytes, start, end);
  const day = putInteger(view, put(view, at, micros % 1_000_000 === 0 ? cell : precise), serial);
  return put(view, putDecimals(view, day, dayFraction(micros), DAY_DECIMALS), CLOSE);
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export function putBoolean(
  view: DataView,
  at: number,
  cell: Snippet,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const isTrue = isText(TRUE, bytes, start, end);
  if (!isTrue && !isText(FALSE, bytes, start, end)) return ODD;
  return put(view, putInteger(view, put(view, at, cell), isTrue ? 1 : 0), CLOSE);
}

function isText(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text[at]) return false;
  return true;
}

const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE][+-]?\d+)?$/;
/** Excel's range ("Excel specifications and limits", "Calculation"). */
const SMALLEST = 2.2251e-308;
const LARGEST = 9.99999999999999e307;

/** Why a text is no number that Excel can hold, or undefined when it is one. */
export function unfitNumber(text: string): 'digits' | 'special' | undefined {
  const match = NUMBER.exec(text);
  if (!match) return 'special';
  const [, whole, fraction = ''] = match;
  const significant = `${whole}${fraction}`.replace(/^0+|0+$/g, '');
  if (significant === '') return undefined;
  const size = Math.abs(Number(text));
  return significant.length <= SIGNIFICANT_DIGITS && size >= SMALLEST && size <= LARGEST
    ? undefined
    : 'digits';
}
