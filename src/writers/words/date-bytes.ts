// Canonical dates and timestamps as they are written in Brazil, as bytes: brazilianDate() of brazilian-date.ts.

/** A copy of bytes: the source's byte at a position is at the position plus `shift`. */
interface Copy {
  readonly bytes: Buffer;
  readonly shift: number;
}

const DATE_LENGTH = 10;
const TIMESTAMP_LENGTH = 19;
const SPACE = 32;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const PLUS = 43;
const COLON = 58;

/**
 * brazilianDate() of the source's bytes from `start` to `end`, written over them in the output.
 * @returns its length, which is at most the source's, or undefined for what is no common date
 */
export function brazilianDateBytes(
  bytes: Buffer,
  start: number,
  end: number,
  { bytes: target, shift }: Copy,
): number | undefined {
  const length = end - start;
  const hasTime = length >= TIMESTAMP_LENGTH;
  if (!hasTime && length !== DATE_LENGTH) return undefined;
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return undefined;
  if (!isTwoDigits(bytes, start) || !isTwoDigits(bytes, start + 2)) return undefined;
  if (!isTwoDigits(bytes, start + 5) || !isTwoDigits(bytes, start + 8)) return undefined;
  let at = start + DATE_LENGTH;
  if (hasTime) {
    if (bytes[at] !== SPACE || bytes[at + 3] !== COLON || bytes[at + 6] !== COLON) return undefined;
    if (!isTwoDigits(bytes, at + 1) || !isTwoDigits(bytes, at + 4) || !isTwoDigits(bytes, at + 7)) {
      return undefined;
    }
    at = start + TIMESTAMP_LENGTH;
    if (bytes[at] === DOT && at < end) {
      target[at + shift] = COMMA;
      at += 1;
      while (at < end && isDigit(bytes[at] as number)) at += 1;
      if (bytes[at - 1] === DOT) return undefined;
    }
  }
  const to = start + shift;
  target[to] = bytes[start + 8] as number;
  target[to + 1] = bytes[start + 9] as number;
  target[to + 2] = SLASH;
  target[to + 3] = bytes[start + 5] as number;
  target[to + 4] = bytes[start + 6] as number;
  target[to + 5] = SLASH;
  target[to + 6] = bytes[start] as number;
  target[to + 7] = bytes[start + 1] as number;
  target[to + 8] = bytes[start + 2] as number;
  target[to + 9] = bytes[start + 3] as number;
  return isOffset(bytes, at, end) ? at - start : undefined;
}

function isTwoDigits(bytes: Buffer, at: number): boolean {
  return isDigit(bytes[at] as number) && isDigit(bytes[at + 1] as number);
}

/** Nothing, `-03`, `+05:30` or `-03:06:28`. */
function isOffset(bytes: Buffer, start: number, end: number): boolean {
  if (start === end) return true;
  const sign = bytes[start];
  const length = end - start;
  if ((sign !== PLUS && sign !== MINUS) || length % 3 !== 0 || length > 9) return false;
  for (let at = start + 1; at < end; at++) {
    const isColon = (at - start) % 3 === 0;
    if (isColon ? bytes[at] !== COLON : !isDigit(bytes[at] as number)) return false;
  }
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
