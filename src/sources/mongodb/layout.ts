// Finds where values of a raw BSON document start and end (bsonspec.org, version 1.1).

export const TYPE = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const;

/** Broken BSON. The caller, which knows the document, makes a ReportError of it. */
export class BadBson extends Error {}

/** The position of the document's last byte. @param limit the document must end before it @throws BadBson */
export function documentEnd(bytes: Buffer, start: number, limit: number): number {
  const size = start + 4 <= limit ? int32(bytes, start) : 0;
  const end = start + size - 1;
  if (size < 5 || end >= limit || bytes[end] !== 0) throw new BadBson('it is not valid BSON: a wrong length');
  return end;
}

/** The position of the next NUL. @throws BadBson when that is not before `end` */
export function findNull(bytes: Buffer, at: number, end: number): number {
  const found = bytes.indexOf(0, at);
  if (found === -1 || found >= end) throw new BadBson('it is not valid BSON: a key without an end');
  return found;
}

/** Bytes of a value, by type; -1 for a type whose values have their length in them, and for unknown types. */
export const FIXED_LENGTHS = new Int8Array(256).fill(-1);
for (const type of [TYPE.null, TYPE.undefined, TYPE.minKey, TYPE.maxKey]) FIXED_LENGTHS[type] = 0;
for (const type of [TYPE.double, TYPE.date, TYPE.timestamp, TYPE.int64]) FIXED_LENGTHS[type] = 8;
FIXED_LENGTHS[TYPE.boolean] = 1;
FIXED_LENGTHS[TYPE.int32] = 4;
FIXED_LENGTHS[TYPE.objectId] = 12;
FIXED_LENGTHS[TYPE.decimal128] = 16;

/** The position after the value at `at`. @throws BadBson when that is after `end`, or BSON has no such type */
export function skipValue(bytes: Buffer, type: number, at: number, end: number): number {
  const fixed = FIXED_LENGTHS[type] as number;
  const next = at + (fixed >= 0 ? fixed : valueLength(bytes, type, at, end));
  if (next > end) throw new BadBson('it is not valid BSON: a value without an end');
  return next;
}

function valueLength(bytes: Buffer, type: number, at: number, end: number): number {
  switch (type) {
    case TYPE.string:
    case TYPE.code:
    case TYPE.symbol:
      return 4 + size(bytes, at, end, 1);
    case TYPE.object:
    case TYPE.array:
      return documentEnd(bytes, at, end) + 1 - at;
    case TYPE.binary:
      return 5 + size(bytes, at, end, 0);
    case TYPE.regex:
      return findNull(bytes, findNull(bytes, at, end) + 1, end) + 1 - at;
    case TYPE.dbPointer:
      return 16 + size(bytes, at, end, 1);
    case TYPE.codeWithScope:
      return codeWithScopeLength(bytes, at, end);
    default:
      throw new BadBson(`it is not valid BSON: there is no type 0x${type.toString(16).padStart(2, '0')}`);
  }
}

/** The length stored at the start of a value. */
function size(bytes: Buffer, at: number, end: number, least: number): number {
  const length = at + 4 <= end ? int32(bytes, at) : -1;
  if (length < least) throw new BadBson('it is not valid BSON: a wrong length');
  return length;
}

function codeWithScopeLength(bytes: Buffer, at: number, end: number): number {
  const total = size(bytes, at, end, 14);
  const scope = at + 8 + size(bytes, at + 4, end, 1);
  if (scope >= at + total || at + total > end) throw new BadBson('it is not valid BSON: a wrong length');
  return documentEnd(bytes, scope, at + total) + 1 - at;
}

export function int32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
