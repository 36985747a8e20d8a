// BSON's four kinds of number compared and added without loss, as MongoDB does it.
import { BSON } from 'mongodb';
import { TYPE, toValue, type Value } from './values.js';

/** `units / 10^scale` */
interface Finite {
  readonly units: bigint;
  readonly scale: number;
}

/** A JavaScript number only for NaN and the infinities. */
type Exact = Finite | number;

function exactOf({ type, bytes }: Value): Exact {
  switch (type) {
    case TYPE.int:
      return { units: BigInt(bytes.readInt32LE()), scale: 0 };
    case TYPE.long:
      return { units: bytes.readBigInt64LE(), scale: 0 };
    case TYPE.double:
      return exactDouble(bytes.readDoubleLE());
    default:
      return exactDecimal128(bytes);
  }
}

/** A double is a fraction of a power of two, which decimal digits can always say. */
function exactDouble(value: number): Exact {
  if (!Number.isFinite(value)) return value;
  let mantissa = value;
  let halvings = 0;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    halvings += 1;
  }
  return { units: BigInt(mantissa) * 5n ** BigInt(halvings), scale: halvings };
}

/** The binary encoding of IEEE 754-2008 decimal128; a coefficient of more than 34 digits counts as 0. */
function exactDecimal128(bytes: Buffer): Exact {
  const high = bytes.readBigUInt64LE(8);
  const negative = high >> 63n === 1n;
  const combination = (high >> 58n) & 0x1fn;
  if (combination === 0x1fn) return Number.NaN;
  if (combination === 0x1en) return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (combination >> 3n === 3n) return { units: 0n, scale: 6176 - Number((high >> 47n) & 0x3fffn) };
  const coefficient = (BigInt.asUintN(49, high) << 64n) | bytes.readBigUInt64LE(0);
  const units = coefficient < 10n ** 34n ? coefficient : 0n;
  return { units: negative ? -units : units, scale: 6176 - Number((high >> 49n) & 0x3fffn) };
}

function exactDecimal(text: string): Exact {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text);
  if (!match) return Number(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  return { units: BigInt(sign + whole + fraction), scale: fraction.length - Number(exponent) };
}

/** The units of both at one scale. */
function aligned(a: Finite, b: Finite): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

/** NaN is below every number and equal to itself. */
export function compareNumbers(a: Value, b: Value): number {
  const [near, far] = [doubleOf(a), doubleOf(b)];
  if (Number.isFinite(near) && Number.isFinite(far)) return Math.sign(near - far);
  const left = exactOf(a);
  const right = exactOf(b);
  if (typeof left === 'number' || typeof right === 'number') return rank(left) - rank(right);
  const [x, y] = aligned(left, right);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** What a double holds exactly at no cost; else NaN. */
function doubleOf({ type, bytes }: Value): number {
  if (type === TYPE.int) return bytes.readInt32LE();
  return type === TYPE.double ? bytes.readDoubleLE() : Number.NaN;
}

function rank(value: Exact): number {
  if (typeof value !== 'number') return 0;
  return Number.isNaN(value) ? -2 : value < 0 ? -1 : 1;
}

export function isNaNValue(value: Value): boolean {
  return numberKey(value) === 'NaN';
}

/** The same text for numbers that are equal. */
export function numberKey(value: Value): string {
  const exact = exactOf(value);
  if (typeof exact === 'number') return String(exact);
  if (exact.units === 0n) return '0';
  const digits = exact.units.toString();
  const significant = digits.replace(/0+$/, '');
  return `${significant}e${digits.length - significant.length - exact.scale}`;
}

/** $sum and $add: exact, then rounded once to the type that MongoDB gives the result. */
export function sumOf(values: readonly Value[]): Value {
  return combine(values, {
    none: 0,
    exactly: (a, b) => {
      const [x, y, scale] = aligned(a, b);
      return { units: x + y, scale };
    },
    roughly: (a, b) => a + b,
  });
}

export function productOf(values: readonly Value[]): Value {
  return combine(values, {
    none: 1,
    exactly: (a, b) => ({ units: a.units * b.units, scale: a.scale + b.scale }),
    roughly: (a, b) => a * b,
  });
}

export function negated(value: Value): Value {
  const exact = exactOf(value);
  return rounded(typeof exact === 'number' ? -exact : { ...exact, units: -exact.units }, value.type);
}

/** $avg: a double, or a Decimal128 of 34 digits when one was among the values. */
export function averageOf(values: readonly Value[]): Value | undefined {
  if (values.length === 0) return undefined;
  const sum = exactOf(sumOf(values));
  const type = values.some((value) => value.type === TYPE.decimal) ? TYPE.decimal : TYPE.double;
  if (typeof sum === 'number') return rounded(sum, type);
  let scale = sum.scale + 40;
  let units = (sum.units * 10n ** 40n) / BigInt(values.length);
  // A quotient has no more decimal places than it needs.
  for (; scale > sum.scale && units % 10n === 0n; scale -= 1) units /= 10n;
  return rounded({ units, scale }, type);
}

interface Operation {
  /** The result without operands. */
  readonly none: number;
  exactly(a: Finite, b: Finite): Finite;
  /** For NaN and the infinities. */
  roughly(a: number, b: number): number;
}

function combine(values: readonly Value[], { none, exactly, roughly }: Operation): Value {
  const types = new Set(values.map((value) => value.type));
  const type = [TYPE.decimal, TYPE.double, TYPE.long].find((candidate) => types.has(candidate)) ?? TYPE.int;
  const result = values
    .map((value) =>
      // A double among Decimal128 counts with 15 digits.
      type === TYPE.decimal && value.type === TYPE.double
        ? exactDecimal(value.bytes.readDoubleLE().toPrecision(15).replace('e', 'E'))
        : exactOf(value),
    )
    .reduce<Exact | undefined>((sum, next) => {
      if (sum === undefined) return next;
      if (typeof sum !== 'number' && typeof next !== 'number') return exactly(sum, next);
      return roughly(near(sum), near(next));
    }, undefined);
  return rounded(result ?? { units: BigInt(none), scale: 0 }, type);
}

function near(exact: Exact): number {
  return typeof exact === 'number' ? exact : Number(`${exact.units}e${-exact.scale}`);
}

function rounded(exact: Exact, type: number): Value {
  const text = typeof exact === 'number' ? String(exact) : `${exact.units}E${-exact.scale}`;
  if (type === TYPE.decimal) return toValue(BSON.Decimal128.fromStringWithRounding(text));
  if (type === TYPE.double || typeof exact === 'number') return toValue(new BSON.Double(Number(text)));
  if (type === TYPE.int && exact.units === BigInt.asIntN(32, exact.units))
    return toValue(new BSON.Int32(Number(exact.units)));
  // Too large for int64: a double, as the server does.
  if (exact.units !== BigInt.asIntN(64, exact.units)) return toValue(new BSON.Double(Number(text)));
  return toValue(BSON.Long.fromBigInt(exact.units));
}
