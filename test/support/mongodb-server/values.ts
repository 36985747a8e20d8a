// BSON values kept as the bytes that were sent: taking documents apart, putting them together, and MongoDB's order.
import { BSON } from 'mongodb';

/** https://bsonspec.org/spec.html; min is -1 as an unsigned byte. */
export const TYPE = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: 255,
  maxKey: 127,
} as const;

/** A type byte and the value's bytes, without a name. */
export interface Value {
  readonly type: number;
  readonly bytes: Buffer;
}

export interface Field extends Value {
  readonly name: string;
  /** Type, name and value as they stand in the document. */
  readonly element: Buffer;
}

/** The fields of a document, or the items of an array, in order. */
export function fieldsOf(document: Uint8Array): Field[] {
  const bytes = bufferOf(document);
  return Array.from(BSON.onDemand.parseToElements(bytes), (place) => fieldAt(bytes, place));
}

/** The first field of that name: with duplicate keys a server looks no further. */
export function fieldOf(document: Uint8Array, name: string): Field | undefined {
  const bytes = bufferOf(document);
  const wanted = Buffer.from(name);
  for (const place of BSON.onDemand.parseToElements(bytes)) {
    const [, start, length] = place;
    if (length === wanted.length && bytes.compare(wanted, 0, length, start, start + length) === 0)
      return fieldAt(bytes, place);
  }
  return undefined;
}

/** A type, where the name is and how long, where the value is and how long. */
type Place = readonly [number, number, number, number, number];

function fieldAt(bytes: Buffer, [type, nameOffset, nameLength, offset, length]: Place): Field {
  return {
    type,
    name: bytes.toString('utf8', nameOffset, nameOffset + nameLength),
    bytes: bytes.subarray(offset, offset + length),
    element: bytes.subarray(nameOffset - 1, offset + length),
  };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

export function elementOf(name: string, { type, bytes }: Value): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from(`${name}\0`), bytes]);
}

export function documentOf(elements: readonly Buffer[]): Buffer {
  const length = elements.reduce((sum, element) => sum + element.length, 5);
  const size = Buffer.alloc(4);
  size.writeInt32LE(length);
  return Buffer.concat([size, ...elements, Buffer.of(0)], length);
}

export function objectOf(elements: readonly Buffer[]): Value {
  return { type: TYPE.object, bytes: documentOf(elements) };
}

export function arrayOf(items: readonly Value[]): Value {
  return { type: TYPE.array, bytes: documentOf(items.map((item, index) => elementOf(String(index), item))) };
}

/** Any JavaScript value that the driver can send, as the driver sends it. */
export function toValue(javascript: unknown): Value {
  const [field] = fieldsOf(BSON.serialize({ value: javascript }, { ignoreUndefined: false }));
  if (field === undefined) throw new Error(`no BSON value: ${String(javascript)}`);
  return field;
}

/** As the driver decodes it by default; numbers and dates lose what JavaScript cannot hold. */
export function toJavaScript(value: Value): unknown {
  return BSON.deserialize(documentOf([elementOf('value', value)])).value;
}

export function textOf({ bytes }: Value): string {
  return bytes.toString('utf8', 4, bytes.length - 1);
}

export function isNumber({ type }: Value): boolean {
  return type === TYPE.int || type === TYPE.long || type === TYPE.double || type === TYPE.decimal;
}
