// Writes BSON values as cells of COPY text, copying bytes where the type fits the column's kind directly.
import type { Kind } from '../../core/table.js';
import { DateWriter } from '../documents/dates.js';
import { MAX_NUMBER_BYTES, writeDecimal, writeWhole } from '../documents/digits.js';
import type { Lines } from '../documents/lines.js';
import { toCell } from '../documents/value.js';
import { TYPE } from './layout.js';
import { ABSENT } from './places.js';

/** How the value of a type becomes a cell of a kind. */
const AS = {
  /** Not written here: bson.ts decodes it, and documents/value.ts converts it. */
  value: 0,
  null: 1,
  text: 2,
  int32: 3,
  int64: 4,
  double: 5,
  /** A double, but only a whole number fits. */
  wholeDouble: 6,
  decimal128: 7,
  wholeDecimal128: 8,
  timestamp: 9,
  date: 10,
  objectId: 11,
  boolean: 12,
} as const;

type Ways = Readonly<Partial<Record<keyof typeof TYPE, keyof typeof AS>>>;

const NULLS: Ways = { null: 'null', undefined: 'null' };
const NUMBERS: Ways = { int32: 'int32', int64: 'int64', double: 'double', decimal128: 'decimal128' };
const WAYS: Readonly<Record<Kind, Ways>> = {
  text: {
    ...NUMBERS,
    string: 'text',
    symbol: 'text',
    date: 'timestamp',
    objectId: 'objectId',
    boolean: 'boolean',
  },
  integer: { int32: 'int32', int64: 'int64', double: 'wholeDouble', decimal128: 'wholeDecimal128' },
  decimal: NUMBERS,
  boolean: { boolean: 'boolean' },
  timestamp: { date: 'timestamp' },
  date: { date: 'date' },
  json: { ...NUMBERS, boolean: 'boolean' },
};

const TYPES = 256;
/** `\N`, `true`, `fals` and the two hexadecimal digits of each byte, as little-endian words. */
const NULL = Buffer.from('\\N').readUInt16LE();
const TRUE = Buffer.from('true').readInt32LE();
const FALS = Buffer.from('fals').readInt32LE();
const LETTER_E = 101;
const HEX = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(),
);
const OBJECT_ID_BYTES = 12;
const MAX_CELL_BYTES = Math.max(MAX_NUMBER_BYTES, 2 * OBJECT_ID_BYTES);
/** Decimal128 values with more digits after the point are not written here. */
const MAX_DECIMALS = 15;
const TENS = Float64Array.from({ length: 7 }, (_, power) => 10 ** power);

export class CellWriter {
  readonly #lines: Lines;
  readonly #dates: DateWriter;
  /** How to write a value, by column and BSON type. */
  readonly #ways: Uint8Array;

  constructor(lines: Lines, kinds: readonly Kind[], timezone: string) {
    this.#lines = lines;
    const rules = { timezone, isoText: false };
    this.#dates = new DateWriter(lines, toCell('timestamp', rules), toCell('date', rules));
    this.#ways = new Uint8Array(kinds.length * TYPES);
    for (const [column, kind] of kinds.entries()) {
      this.#ways[column * TYPES + ABSENT] = AS.null;
      for (const [type, way] of Object.entries({ ...NULLS, ...WAYS[kind] })) {
        this.#ways[column * TYPES + TYPE[type as keyof typeof TYPE]] = AS[way];
      }
    }
  }

  /**
   * Writes the cell of the value from `at` to `next`. The caller must check that text is UTF-8.
   * @returns false, and writes nothing, when the value is not simple or does not fit: decode it with valueReader() then
   */
  write(column: number, type: number, view: DataView, at: number, next: number): boolean {
    const lines = this.#lines;
    lines.reserve(MAX_CELL_BYTES);
    switch (this.#ways[column * TYPES + type]) {
      case AS.text:
        lines.utf8(view, at + 4, next - 1);
        return true;
      case AS.int32:
        lines.at = writeWhole(lines.out, lines.at, view.getInt32(at, true));
        return true;
      case AS.null:
        lines.out.setUint16(lines.at, NULL, true);
        lines.at += 2;
        return true;
      case AS.decimal128:
        return this.#decimal128(view, at, MAX_DECIMALS);
      case AS.timestamp: {
        const value = int64(view, at);
        return Number.isSafeInteger(value) && this.#dates.timestamp(value);
      }
      case AS.objectId:
        lines.at = writeHex(lines.out, lines.at, view, at, next);
        return true;
      case AS.double:
        return this.#double(view.getFloat64(at, true));
      case AS.int64:
        return this.#whole(int64(view, at), Number.MAX_SAFE_INTEGER);
      case AS.wholeDouble:
        // PostgreSQL writes an exponent from 1e15 on.
        return this.#whole(view.getFloat64(at, true), 1e15);
      case AS.wholeDecimal128:
        return this.#decimal128(view, at, 0);
      case AS.date: {
        const value = int64(view, at);
        return Number.isSafeInteger(value) && this.#dates.date(value);
      }
      case AS.boolean:
        return this.#boolean(view.getUint8(at));
      default:
        return false;
    }
  }

  #boolean(byte: number): boolean {
    if (byte > 1) return false;
    const { out, at } = this.#lines;
    out.setInt32(at, byte === 1 ? TRUE : FALS, true);
    if (byte === 0) out.setUint8(at + 4, LETTER_E);
    this.#lines.at += byte === 1 ? 4 : 5;
    return true;
  }

  #whole(value: number, below: number): boolean {
    if (!Number.isInteger(value) || Math.abs(value) >= below) return false;
    this.#lines.at = writeWhole(this.#lines.out, this.#lines.at, value);
    return true;
  }

  /**
   * Writes the shortest decimal that reads back as the same double, if six decimals are enough. Decimals of up to 15 digits
   * are different doubles (IEEE 754, DBL_DIG is 15), so the first that reads back is the shortest.
   */
  #double(value: number): boolean {
    const size = Math.abs(value);
    // PostgreSQL writes an exponent below 1e-4 and from 1e15 on.
    if (!(size >= 1e-4) && !Object.is(value, 0)) return false;
    for (let scale = 0; scale < TENS.length; scale++) {
      const unit = TENS[scale] as number;
      const units = Math.round(size * unit);
      if (units >= 1e15) return false;
      if (units / unit !== size) continue;
      this.#lines.at = writeDecimal(this.#lines.out, this.#lines.at, value < 0, units, scale);
      return true;
    }
    return false;
  }

  /** Writes a Decimal128 with a coefficient below 2^53 and at most so many decimals; see decimal128.ts. */
  #decimal128(view: DataView, at: number, maxDecimals: number): boolean {
    const high = view.getInt32(at + 12, true);
    const low = view.getInt32(at + 4, true);
    const scale = 6176 - ((high >>> 17) & 0x3fff);
    const isLarge = (high & 0x1ffff) !== 0 || view.getInt32(at + 8, true) !== 0 || low < 0 || low >= 0x200000;
    if (isLarge || scale < 0 || scale > maxDecimals) return false;
    const units = low * 0x1_0000_0000 + view.getUint32(at, true);
    // Minus zero becomes 0 as an integer, and stays as a decimal.
    const isNegative = high < 0 && (units !== 0 || maxDecimals > 0);
    this.#lines.at = writeDecimal(this.#lines.out, this.#lines.at, isNegative, units, scale);
    return true;
  }
}

function writeHex(out: DataView, start: number, view: DataView, from: number, end: number): number {
  let at = start;
  for (let index = from; index < end; index++, at += 2) {
    out.setUint16(at, HEX[view.getUint8(index)] as number, true);
  }
  return at;
}

/** Rounded where it is beyond the safe integers. */
function int64(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
