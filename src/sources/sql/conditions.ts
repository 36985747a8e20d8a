// How every SQL engine joins comparisons, and what a range of decimals leaves of a column of whole numbers.
import type { NumberRange } from '../../core/filter.js';

/** The ends of a range as SQL literals; an undefined end is open. */
export interface Bounds {
  readonly atLeast?: string | undefined;
  readonly atMost?: string | undefined;
  readonly below?: string | undefined;
}

/** What an integer type can hold. */
export interface IntegerLimits {
  readonly least: bigint;
  readonly greatest: bigint;
}

/** AND binds more than OR, so the conditions need no parentheses of their own. */
export function anyOf(conditions: readonly string[]): string {
  return `(${conditions.join(' OR ')})`;
}

/** Comparisons joined by AND; where both ends are open, every value but null passes. */
export function within(expression: string, { atLeast, atMost, below }: Bounds): string {
  const comparisons = [
    ...(atLeast === undefined ? [] : [`${expression} >= ${atLeast}`]),
    ...(atMost === undefined ? [] : [`${expression} <= ${atMost}`]),
    ...(below === undefined ? [] : [`${expression} < ${below}`]),
  ];
  return comparisons.length > 0 ? comparisons.join(' AND ') : `${expression} IS NOT NULL`;
}

/**
 * A range on an integer column. The ends become whole numbers that the column can hold, so that the literals have the
 * column's type and an index on it serves.
 */
export function integerCondition(
  { from, to }: NumberRange,
  { least, greatest }: IntegerLimits,
  { expression, literal }: { readonly expression: string; readonly literal: (value: bigint) => string },
): string {
  const first = from === undefined ? least : larger(ceiling(from), least);
  const last = to === undefined ? greatest : smaller(floor(to), greatest);
  if (first > last) return 'FALSE';
  if (first === last) return `${expression} = ${literal(first)}`;
  return within(expression, {
    atLeast: first > least ? literal(first) : undefined,
    atMost: last < greatest ? literal(last) : undefined,
  });
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The greatest whole number that is not above a decimal text. */
function floor(text: string): bigint {
  const { truncated, isWhole } = wholePart(text);
  return text.startsWith('-') && !isWhole ? truncated - 1n : truncated;
}

/** The least whole number that is not below a decimal text. */
function ceiling(text: string): bigint {
  const { truncated, isWhole } = wholePart(text);
  return text.startsWith('-') || isWhole ? truncated : truncated + 1n;
}

function wholePart(text: string): { truncated: bigint; isWhole: boolean } {
  const [whole = '', fraction = ''] = text.split('.');
  return { truncated: BigInt(whole), isWhole: !/[1-9]/.test(fraction) };
}
