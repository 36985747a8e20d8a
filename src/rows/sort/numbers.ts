// Spells the numbers of documents as PostgreSQL does: all stored digits, an exponent only for doubles.

/** A double as PostgreSQL prints float8: the shortest digits that read back the same, an exponent below 1e-4 and from 1e15 on. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  // In this range JavaScript writes no exponent either.
  if (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15) return String(value);
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  const size = Math.abs(exponent);
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size < 10 ? `0${size}` : size}`;
}

const NUMBER = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Decimal128 reaches 6,144; a number in JSON with a longer exponent is refused. */
const GREATEST_EXPONENT = 20_000;

/**
 * A JSON number or a Decimal128's text without its exponent, every digit kept: `1.10` stays, `1E+3` is `1000`,
 * `1.20E-7` is `0.000000120`, as PostgreSQL's numeric prints them.
 * @returns undefined for what is no such number
 */
export function plainDecimal(text: string): string | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (whole + fraction === '' || Math.abs(exponent) > GREATEST_EXPONENT) return undefined;
  let digits = whole + fraction;
  let point = whole.length + exponent;
  if (point < 0) {
    digits = '0'.repeat(-point) + digits;
    point = 0;
  }
  digits = digits.padEnd(point, '0');
  const left = digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0';
  const right = digits.slice(point);
  return `${sign}${left}${right === '' ? '' : `.${right}`}`;
}

/** -1, 0 or 1; exact. NaN is above everything and equal to itself, as in PostgreSQL. */
export function compareNumbers(a: string, b: string): number {
  const special = rank(a) - rank(b);
  if (special !== 0) return Math.sign(special);
  if (rank(a) !== 0) return 0;
  const left = scaled(a);
  const right = scaled(b);
  const scale = Math.max(left.scale, right.scale);
  const difference =
    left.units * 10n ** BigInt(scale - left.scale) - right.units * 10n ** BigInt(scale - right.scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function rank(text: string): number {
  return { NaN: 2, Infinity: 1, '-Infinity': -1 }[text] ?? 0;
}

function scaled(text: string): { units: bigint; scale: number } {
  const plain = plainDecimal(text);
  if (plain === undefined) throw new Error(`no number: ${text}`);
  const [whole = '', fraction = ''] = plain.split('.');
  return { units: BigInt(whole + fraction), scale: fraction.length };
}
