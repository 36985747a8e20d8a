// Decimal texts such as -12.50, compared exactly.

/**
 * Negative, 0 or positive, as for sorting. A sum may also be Infinity, -Infinity or NaN; with NaN the result is NaN.
 */
export function compareDecimals(a: string, b: string): number {
  if (/[^-.\d]/.test(a + b)) return Number(a) - Number(b);
  const scale = Math.max(decimalsOf(a), decimalsOf(b));
  const difference = units(a, scale) - units(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whether `after` differs from `before` by at most `percent` of `before`. Both are whole numbers. */
export function isWithinPercent(percent: string, before: number, after: number): boolean {
  const scale = decimalsOf(percent);
  const difference = BigInt(after) - BigInt(before);
  const distance = difference < 0n ? -difference : difference;
  return distance * 100n * 10n ** BigInt(scale) <= units(percent, scale) * BigInt(before);
}

/** How far numbers may be from each other and count as the same: an amount, or a percentage of the former one. */
export interface Tolerance {
  /** A decimal text without a sign. */
  readonly amount: string;
  readonly isPercent: boolean;
}

/** @param before a sum of DecimalSum, and `difference` another one's; false where one of them is NaN or infinite */
export function isWithinTolerance(
  { amount, isPercent }: Tolerance,
  before: string,
  difference: string,
): boolean {
  if (!areFinite(before, difference)) return false;
  const scale = Math.max(...[amount, before, difference].map(decimalsOf));
  const [limit, base, distance] = [amount, before, difference].map((text) => absolute(units(text, scale)));
  if (limit === undefined || base === undefined || distance === undefined) return false;
  return isPercent ? distance * 100n * 10n ** BigInt(scale) <= limit * base : distance <= limit;
}

/**
 * The difference in percent of `before`, exact and then rounded to two decimals, halves away from zero, as numeric of PostgreSQL.
 * @returns undefined where `before` is zero, or one of them is NaN or infinite
 */
export function percentChange(before: string, difference: string): string | undefined {
  if (!areFinite(before, difference)) return undefined;
  const scale = Math.max(decimalsOf(before), decimalsOf(difference));
  const base = absolute(units(before, scale));
  if (base === 0n) return undefined;
  const change = units(difference, scale);
  const hundredths = (absolute(change) * 10_000n * 2n + base) / (base * 2n);
  const text = String(hundredths).padStart(3, '0');
  return `${change < 0n && hundredths > 0n ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}

function areFinite(...texts: readonly string[]): boolean {
  return texts.every((text) => /^-?[\d.]+$/.test(text));
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}

/** The number times 10 to the power of scale. */
function units(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
