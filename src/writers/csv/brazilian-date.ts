// Canonical dates and timestamps as they are written in Brazil, as text and as bytes.

const COMMON = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[+-]\d\d(?::\d\d){0,2})?)?$/;

/** `2024-10-05 13:45:10.5-03` to `05/10/2024 13:45:10,5`; what is no common date (infinity, BC) stays as it is. */
export function brazilianDate(text: string): string {
  const match = COMMON.exec(text);
  if (!match) return text;
  const [, year, month, day, time, fraction] = match;
  return `${day}/${month}/${year}${time === undefined ? '' : ` ${time}`}${fraction === undefined ? '' : `,${fraction}`}`;
}

/** What stands at each position of a date and a time: a digit where there is a 0. */
const SHAPE = Buffer.from('0000-00-00 00:00:00');
const DATE_LENGTH = 10;
const DOT = 46;
const COMMA = 44;
const SLASH = 47;
const PLUS = 43;
const MINUS = 45;

/**
 * The same of the bytes from `start` to `end`, written into a copy of them at the same place, where it is never longer.
 * @returns its length, or undefined for what is no common date
 */
export function brazilianDateBytes(
  source: Buffer,
  target: Buffer,
  start: number,
  end: number,
): number | undefined {
  const length = end - start;
  if (length !== DATE_LENGTH && length < SHAPE.length) return undefined;
  const shaped = Math.min(length, SHAPE.length);
  for (let at = 0; at < shaped; at++) {
    const expected = SHAPE[at] as number;
    const found = source[start + at] as number;
    if (expected === 48 ? !isDigit(found) : found !== expected) return undefined;
  }
  for (let at = 0; at < 2; at++) {
    target[start + at] = source[start + 8 + at] as number;
    target[start + 3 + at] = source[start + 5 + at] as number;
  }
  for (let at = 0; at < 4; at++) target[start + 6 + at] = source[start + at] as number;
  target[start + 2] = SLASH;
  target[start + 5] = SLASH;
  let at = start + shaped;
  if (source[at] === DOT && at < end) {
    target[at] = COMMA;
    at += 1;
    while (at < end && isDigit(source[at] as number)) at += 1;
    if (source[at - 1] === DOT) return undefined;
  }
  return isOffset(source, at, end) ? at - start : undefined;
}

/** Nothing, `-03`, `+05:30` or `-03:06:28`. */
function isOffset(bytes: Buffer, start: number, end: number): boolean {
  if (start === end) return true;
  const sign = bytes[start];
  const length = end - start;
  if ((sign !== PLUS && sign !== MINUS) || length % 3 !== 0 || length > 9) return false;
  for (let at = start + 1; at < end; at++) {
    const isColon = (at - start) % 3 === 0;
    if (isColon ? bytes[at] !== 58 : !isDigit(bytes[at] as number)) return false;
  }
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
