// Decodes BSON's decimal128 (IEEE 754-2008, binary integer form) to text with every digit and no exponent.
import { plainDecimal } from '../../rows/sort/numbers.js';

const BIAS = 6176;
const GREATEST_COEFFICIENT = 10n ** 34n - 1n;

/** The value at `at` as PostgreSQL prints a numeric: trailing zeros stay, `1E+3` is `1000`; or NaN, Infinity, -Infinity. */
export function decimal128Text(bytes: Buffer, at: number): string {
  const high = bytes.readUInt32LE(at + 12);
  const sign = high >>> 31 === 1 ? '-' : '';
  const combination = (high >>> 26) & 0b11111;
  if (combination === 0b11111) return 'NaN';
  if (combination === 0b11110) return `${sign}Infinity`;
  const large = combination >> 3 === 0b11;
  const exponent = ((large ? high >>> 15 : high >>> 17) & 0x3fff) - BIAS;
  // The form with the large coefficient has only numbers of more than 34 digits, which the standard reads as zero.
  const digits = large ? '0' : coefficient(bytes, at, high & 0x1ffff);
  if (exponent === 0) return sign + digits;
  if (exponent < 0 && digits.length > -exponent) {
    return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
  }
  return plainDecimal(`${sign}${digits}E${exponent}`) ?? '0';
}

/** The 113 bits of the coefficient; most numbers need only the lowest 53. */
function coefficient(bytes: Buffer, at: number, highest: number): string {
  const lowest = bytes.readUInt32LE(at);
  const low = bytes.readUInt32LE(at + 4);
  const middle = bytes.readUInt32LE(at + 8);
  if (highest === 0 && middle === 0 && low < 0x200000) return String(low * 0x1_0000_0000 + lowest);
  const value = (BigInt(highest) << 96n) | (BigInt(middle) << 64n) | (BigInt(low) << 32n) | BigInt(lowest);
  return value > GREATEST_COEFFICIENT ? '0' : value.toString();
}
