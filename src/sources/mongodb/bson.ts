// Decodes values of raw BSON documents (bsonspec.org, version 1.1) exactly, which the driver's deserializer does not.
import { isUtf8 } from 'node:buffer';
import { doubleText } from '../../rows/sort/numbers.js';
import { type ToCell, toCell, type Value } from '../documents/value.js';
import { decimal128Text } from './decimal128.js';
import { BadBson, documentEnd, findNull, int32, skipValue, TYPE } from './layout.js';

/** Levels of nested objects and arrays. MongoDB allows 180. */
const MAX_DEPTH = 1000;
const UUID_SUBTYPE = 4;
const OLD_BINARY_SUBTYPE = 2;
const NULL: Value = { type: 'null' };
const TRUE: Value = { type: 'boolean', text: 'true' };
const FALSE: Value = { type: 'boolean', text: 'false' };

export type ReadValue = (bytes: Buffer, type: number, at: number, next: number) => Value;

/**
 * Decodes the value from `at` up to `next`, the position that skipValue() returns. The texts of the Values:
 *
 * | BSON | text | in JSON |
 * |---|---|---|
 * | double | as PostgreSQL prints float8: `9.8`, `1e+21`, `NaN`, `-Infinity` | number; NaN and Infinity as text |
 * | int32, int64 | `9223372036854775807` | number |
 * | Decimal128 | every digit, no exponent: `1.10`, `1000`, `0.000000120`, `NaN`, `Infinity` | number, as double |
 * | string, symbol | itself | text |
 * | boolean | `true`, `false` | the same |
 * | null, undefined | null | `null` |
 * | date | `2024-10-05 13:45:10.5-03`, in the report's zone; beyond JavaScript's range in UTC | the same as text |
 * | ObjectId | 24 lower-case hex digits | text |
 * | UUID (binary, subtype 4) | `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11` | text |
 * | any other binary | `\x` and hex digits, as PostgreSQL prints bytea; old UUIDs (subtype 3) too, their order is not known | text |
 * | timestamp (of the replication) | seconds and increment: `1728146710:1` | text |
 * | regular expression | `/pattern/flags` | text |
 * | code | the JavaScript | text |
 * | code with scope | `{"$code":"…","$scope":{…}}` | object |
 * | DBPointer | `{"$ref":"collection","$id":"<hex>"}`; a DBRef is an object as it stands | object |
 * | MinKey, MaxKey | `MinKey`, `MaxKey` | text |
 * | object, array | compact JSON, keys in their order, digits as above | the same |
 *
 * @throws BadBson
 */
export function valueReader(timezone: string): ReadValue {
  const reader = new ValueReader(toCell('json', { timezone, isoText: false }));
  return (bytes, type, at, next) => reader.read(bytes, type, at, next);
}

class ValueReader {
  readonly #toJson: ToCell;
  #bytes: Buffer = Buffer.alloc(0);
  /** Objects and arrays that are open. */
  #depth = 0;

  /** @param toJson what json cells make of a value */
  constructor(toJson: ToCell) {
    this.#toJson = toJson;
  }

  read(bytes: Buffer, type: number, at: number, next: number): Value {
    this.#bytes = bytes;
    this.#depth = 0;
    return this.#value(type, at, next);
  }

  #value(type: number, at: number, next: number): Value {
    const bytes = this.#bytes;
    switch (type) {
      case TYPE.string:
        return { type: 'text', text: text(bytes, at + 4, next - 1) };
      case TYPE.int32:
        return { type: 'number', text: String(int32(bytes, at)) };
      case TYPE.int64:
        return { type: 'number', text: String(int64(bytes, at)) };
      case TYPE.double:
        return { type: 'number', text: doubleText(bytes.readDoubleLE(at)) };
      case TYPE.decimal128:
        return { type: 'number', text: decimal128Text(bytes, at) };
      case TYPE.date:
        return { type: 'instant', instant: { milliseconds: int64(bytes, at), microseconds: 0 } };
      case TYPE.objectId:
        return { type: 'other', name: 'ObjectId', text: bytes.toString('hex', at, next) };
      case TYPE.boolean:
        if (bytes[at] === 1) return TRUE;
        if (bytes[at] === 0) return FALSE;
        throw new BadBson(`a boolean has the byte ${bytes[at]}`);
      case TYPE.null:
      case TYPE.undefined:
        return NULL;
      case TYPE.object:
      case TYPE.array:
        return { type: 'json', text: this.#json(type, at) };
      case TYPE.binary:
        return binary(bytes, at, next);
      default:
        return this.#rareValue(type, at, next);
    }
  }

  #rareValue(type: number, at: number, next: number): Value {
    const bytes = this.#bytes;
    switch (type) {
      case TYPE.symbol:
        return { type: 'text', text: text(bytes, at + 4, next - 1) };
      case TYPE.timestamp:
        return {
          type: 'other',
          name: 'timestamp',
          text: `${bytes.readUInt32LE(at + 4)}:${bytes.readUInt32LE(at)}`,
        };
      case TYPE.regex: {
        const end = bytes.indexOf(0, at);
        const spelled = `/${text(bytes, at, end)}/${text(bytes, end + 1, next - 1)}`;
        return { type: 'other', name: 'regular expression', text: spelled };
      }
      case TYPE.code:
        return { type: 'other', name: 'code', text: text(bytes, at + 4, next - 1) };
      case TYPE.codeWithScope: {
        const end = at + 8 + int32(bytes, at + 4);
        const scope = this.#json(TYPE.object, end);
        const code = JSON.stringify(text(bytes, at + 8, end - 1));
        return { type: 'json', text: `{"$code":${code},"$scope":${scope}}` };
      }
      case TYPE.dbPointer: {
        const collection = JSON.stringify(text(bytes, at + 4, next - 13));
        return {
          type: 'json',
          text: `{"$ref":${collection},"$id":"${bytes.toString('hex', next - 12, next)}"}`,
        };
      }
      case TYPE.minKey:
        return { type: 'other', name: 'MinKey', text: 'MinKey' };
      default:
        return { type: 'other', name: 'MaxKey', text: 'MaxKey' };
    }
  }

  /** The object or array at `start` as compact JSON. @throws BadBson, also for a key that stands twice in one object */
  #json(type: number, start: number): string {
    if (this.#depth === MAX_DEPTH) throw new BadBson(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.#depth += 1;
    const bytes = this.#bytes;
    const end = documentEnd(bytes, start, bytes.length);
    const keys = new Set<string>();
    const parts: string[] = [];
    for (let at = start + 4; at < end; ) {
      const elementType = bytes[at] as number;
      const nameEnd = findNull(bytes, at + 1, end);
      const next = skipValue(bytes, elementType, nameEnd + 1, end);
      const cell = this.#toJson(this.#value(elementType, nameEnd + 1, next)) ?? 'null';
      if (type === TYPE.array) parts.push(cell);
      else {
        const key = text(bytes, at + 1, nameEnd);
        if (keys.has(key)) throw new BadBson(`the key ${JSON.stringify(key)} stands twice in one object`);
        keys.add(key);
        parts.push(`${JSON.stringify(key)}:${cell}`);
      }
      at = next;
    }
    this.#depth -= 1;
    return type === TYPE.array ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
  }
}

function binary(bytes: Buffer, at: number, next: number): Value {
  const subtype = bytes[at + 4];
  const hex = bytes.toString('hex', subtype === OLD_BINARY_SUBTYPE ? at + 9 : at + 5, next);
  if (subtype !== UUID_SUBTYPE || hex.length !== 32) {
    return { type: 'other', name: 'binary', text: `\\x${hex}` };
  }
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return { type: 'other', name: 'UUID', text: groups.join('-') };
}

/** A bigint only beyond the safe integers. */
function int64(bytes: Buffer, at: number): number | bigint {
  const high = int32(bytes, at + 4);
  // Within ±2^53.
  return high >= -0x200000 && high < 0x200000
    ? high * 0x1_0000_0000 + (int32(bytes, at) >>> 0)
    : bytes.readBigInt64LE(at);
}

const REPLACEMENT = '\ufffd';

/** @throws BadBson for bytes that are not UTF-8; decoding would replace them silently */
function text(bytes: Buffer, at: number, end: number): string {
  if (end - at <= MAX_LOOP_BYTES) {
    let ascii = '';
    for (let index = at; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte > 0x7f) return longText(bytes, at, end);
      ascii += String.fromCharCode(byte);
    }
    return ascii;
  }
  return longText(bytes, at, end);
}

/** Bytes up to which a loop is faster than calling Node's decoder (measured on Node 20). */
const MAX_LOOP_BYTES = 8;

function longText(bytes: Buffer, at: number, end: number): string {
  const decoded = bytes.toString('utf8', at, end);
  if (decoded.includes(REPLACEMENT) && !isUtf8(bytes.subarray(at, end))) {
    throw new BadBson(`it holds bytes that are not UTF-8, near ${JSON.stringify(decoded.slice(0, 40))}`);
  }
  return decoded;
}
