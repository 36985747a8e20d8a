// Makes MongoDB conditions from ranges of decimal numbers, correct for every numeric type of BSON.

import type { NumberRange } from '../../core/filter.js';
import { plainDecimal } from '../../rows/sort/numbers.js';
import type { BsonTypes, Condition } from './condition.js';

/** Of a Decimal128. */
const MAX_DIGITS = 34;

/**
 * One condition when both ends are the same number in every type (integers to 2^53, 0.5, 12.25): an index serves it well.
 * Otherwise two, one for doubles and one for exact types: MongoDB compares exactly, and the double 9.99 is slightly more than
 * the decimal 9.99, but means 9.99, as a float8 does in PostgreSQL. NaN is in no range; MongoDB sorts it below all numbers.
 */
export function numberConditions(range: NumberRange, bson: BsonTypes): Condition[] {
  const from = range.from === undefined ? Number.NEGATIVE_INFINITY : sameInEveryType(range.from);
  const to = range.to === undefined ? undefined : sameInEveryType(range.to);
  if (from !== undefined && (range.to === undefined || to !== undefined)) return [between(from, to)];
  const { from: low, to: high } = range;
  return [
    {
      $type: 'double',
      ...between(
        low === undefined
          ? Number.NEGATIVE_INFINITY
          : nearest(low, -Number.MAX_VALUE, Number.POSITIVE_INFINITY),
        high === undefined ? undefined : nearest(high, Number.NEGATIVE_INFINITY, Number.MAX_VALUE),
      ),
    },
    {
      $type: ['int', 'long', 'decimal'],
      ...between(
        low === undefined ? Number.NEGATIVE_INFINITY : decimal(low, 'up', bson),
        high === undefined ? undefined : decimal(high, 'down', bson),
      ),
    },
  ];
}

function between(from: unknown, to: unknown): Condition {
  if (to === undefined) return { $gte: from };
  return from === to ? { $eq: from } : { $gte: from, $lte: to };
}

/** The double that is exactly the decimal, or undefined. */
function sameInEveryType(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  const { units, scale } = unitsOf(text);
  // Doubling a double is exact, and a fraction of at most 1,074 binary digits becomes whole.
  let whole = value;
  let doublings = 0n;
  for (; !Number.isInteger(whole); doublings++) whole *= 2;
  return BigInt(whole) * 10n ** BigInt(scale) === units << doublings ? value : undefined;
}

/** The nearest double; for a number beyond all doubles, the greatest or least one that is allowed. */
function nearest(text: string, least: number, greatest: number): number {
  return Math.min(Math.max(Number(text), least), greatest);
}

/** The Decimal128 of the text; when it has more than 34 digits, the nearest one inside the range. */
function decimal(text: string, towards: 'up' | 'down', { Decimal128 }: BsonTypes): unknown {
  const { units, scale } = unitsOf(text);
  const negative = units < 0n;
  const digits = String(negative ? -units : units);
  const excess = Math.max(0, digits.length - MAX_DIGITS);
  const kept = BigInt(digits.slice(0, digits.length - excess));
  const away =
    /[1-9]/.test(digits.slice(digits.length - excess)) && negative === (towards === 'down') ? 1n : 0n;
  // Rounding 99…9 up gives one digit more, which is 0.
  const shown = String(kept + away).replace(/^(\d{34})0$/, '$1');
  const exponent = excess - scale + (String(kept + away).length - shown.length);
  return Decimal128.fromString(`${negative ? '-' : ''}${shown}E${exponent}`);
}

/** The number is `units / 10 ** scale`, without zeros at the end. */
function unitsOf(text: string): { units: bigint; scale: number } {
  const [whole = '', fraction = ''] = (plainDecimal(text) ?? '').split('.');
  const digits = fraction.replace(/(?<!0)0+$/, '');
  return { units: BigInt(whole + digits), scale: digits.length };
}
