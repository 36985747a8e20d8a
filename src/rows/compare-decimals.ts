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

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0;
}

/** The number times 10 to the power of scale. */
function units(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
