// Writes numbers as ASCII digits into a buffer. Each function returns the position after the number.

const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const BILLION = 1_000_000_000;

/** The two digits of each number below 100, as little-endian words. */
const PAIRS = Uint16Array.from(
  { length: 100 },
  (_, n) => ZERO + Math.floor(n / 10) + ((ZERO + (n % 10)) << 8),
);
/** Powers of ten; exact as doubles. */
const TENS = Float64Array.from({ length: 16 }, (_, power) => 10 ** power);

/** Bytes of the longest number written here. */
export const MAX_NUMBER_BYTES = 20;

/** A whole number from -2^53 to 2^53; minus zero is 0. */
export function writeWhole(out: DataView, start: number, value: number): number {
  let at = start;
  if (value < 0) out.setUint8(at++, MINUS);
  const size = Math.abs(value);
  if (size < BILLION) return writeDigits(out, at, size | 0, digitCount(size | 0));
  const high = quotient(size, BILLION);
  at = writeDigits(out, at, high, digitCount(high));
  return writeDigits(out, at, size - high * BILLION, 9);
}

/** `±units / 10 ** scale` with all its decimals; units from 0 to 2^53, a scale from 0 to 15. */
export function writeDecimal(
  out: DataView,
  start: number,
  isNegative: boolean,
  units: number,
  scale: number,
): number {
  let at = start;
  if (isNegative) out.setUint8(at++, MINUS);
  if (scale === 0) return writeWhole(out, at, units);
  const unit = TENS[scale] as number;
  const whole = quotient(units, unit);
  const fraction = units - whole * unit;
  at = writeWhole(out, at, whole);
  out.setUint8(at++, DOT);
  if (scale <= 9) return writeDigits(out, at, fraction, scale);
  const high = quotient(fraction, BILLION);
  at = writeDigits(out, at, high, scale - 9);
  return writeDigits(out, at, fraction - high * BILLION, 9);
}

/** A number below 100. */
export function writePair(out: DataView, at: number, value: number): number {
  out.setUint16(at, PAIRS[value] as number, true);
  return at + 2;
}

/** `count` digits of a number below 10^9, with leading zeros. */
export function writeDigits(out: DataView, start: number, value: number, count: number): number {
  let at = start + count;
  let rest = value | 0;
  for (; at >= start + 2; at -= 2) {
    const next = (rest / 100) | 0;
    out.setUint16(at - 2, PAIRS[rest - next * 100] as number, true);
    rest = next;
  }
  if (at > start) out.setUint8(start, ZERO + rest);
  return start + count;
}

/** The integer quotient. Exact below 2^53: rounding never moves a fractional quotient up to the next integer. */
function quotient(value: number, divisor: number): number {
  return Math.floor(value / divisor);
}

function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}
