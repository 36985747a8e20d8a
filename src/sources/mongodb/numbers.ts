// Ranges of decimal numbers as MongoDB conditions that hold for every numeric type of BSON.

import type { NumberRange } from '../../core/filter.js';
import { plainDecimal } from '../../rows/sort/numbers.js';
import type { BsonTypes, Condition } from './condition.js';

const MOST_DIGITS = 34; // Decimal128's.

/**
 * One condition when both ends are the same number in every type (integers to 2^53, 0.5, 12.25), so that an index serves
 * it plainly. Else two: MongoDB compares exactly, and the double 9.99 is a little more than the decimal; whoever stored
 * it meant 9.99, as PostgreSQL understands a float8 too. NaN, which MongoDB sorts below all numbers, is in no range.
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

/** A number beyond the doubles is above (or below) all of them but infinity. */
function nearest(text: string, least: number, greatest: number): number {
  return Math.min(Math.max(Number(text), least), greatest);
}

/** The next Decimal128 that is not outside the range; 34 digits hold almost every number that people type. */
function decimal(text: string, towards: 'up' | 'down', { Decimal128 }: BsonTypes): unknown {
  const { units, scale } = unitsOf(text);
  const negative = units < 0n;
  const digits = String(negative ? -units : units);
  const excess = Math.max(0, digits.length - MOST_DIGITS);
  const kept = BigInt(digits.slice(0, digits.length - excess));
  const away =
    /[1-9]/.test(digits.slice(digits.length - excess)) && negative === (towards === 'down') ? 1n : 0n;
  // Rounding up 99…9 makes one digit more, a zero.
  const shown = String(kept + away).replace(/^(\d{34})0$/, '$1');
  const exponent = excess - scale + (String(kept + away).length - shown.length);
  return Decimal128.fromString(`${negative ? '-' : ''}${shown}E${exponent}`);
}

/** The number is `units / 10 ** scale`, without zeros at the end. */
function unitsOf(text: string): { units: bigint; scale: number } {
  const [whole = '', fraction = ''] = (plainDecimal(text) ?? '').split('.');
  const digits = fraction.replace(/0+$/, '');
  return { units: BigInt(whole + digits), scale: digits.length };
}
