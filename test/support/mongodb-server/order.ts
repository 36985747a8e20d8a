// MongoDB's order over values of all types, and what follows from it: equality, groups, truth.
import { unsupported } from './errors.js';
import { compareNumbers, numberKey } from './numbers.js';
import { type Field, fieldsOf, isNumber, TYPE, type Value } from './values.js';

/** False, 0, null and what is not there; everything else is true. */
export function isTruthy(value: Value | undefined): boolean {
  if (value === undefined || value.type === TYPE.null || value.type === TYPE.undefined) return false;
  if (value.type === TYPE.bool) return value.bytes[0] === 1;
  return !isNumber(value) || numberKey(value) !== '0';
}

const ORDER: Readonly<Record<number, number>> = {
  [TYPE.minKey]: -1,
  [TYPE.undefined]: 0,
  [TYPE.null]: 5,
  [TYPE.double]: 10,
  [TYPE.int]: 10,
  [TYPE.long]: 10,
  [TYPE.decimal]: 10,
  [TYPE.string]: 15,
  [TYPE.symbol]: 15,
  [TYPE.object]: 20,
  [TYPE.array]: 25,
  [TYPE.binData]: 30,
  [TYPE.objectId]: 35,
  [TYPE.bool]: 40,
  [TYPE.date]: 45,
  [TYPE.timestamp]: 47,
  [TYPE.regex]: 50,
  [TYPE.dbPointer]: 55,
  [TYPE.javascript]: 60,
  [TYPE.javascriptWithScope]: 65,
  [TYPE.maxKey]: 127,
};

/** The place of a value's type among the types, equal for types that compare with each other; 0 for what is not there. */
export function bracketOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  const order = ORDER[value.type];
  if (order === undefined) throw unsupported(`BSON type ${value.type}`);
  return order;
}

/** MongoDB's order over all types (its manual, "Comparison/Sort Order"): negative, 0 or positive. */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  const difference = bracketOf(a) - bracketOf(b);
  if (difference !== 0 || a === undefined || b === undefined) return difference;
  if (isNumber(a)) return compareNumbers(a, b);
  switch (a.type) {
    case TYPE.date:
      return Math.sign(Number(a.bytes.readBigInt64LE() - b.bytes.readBigInt64LE()));
    case TYPE.timestamp:
      return Buffer.compare(Buffer.from(a.bytes).reverse(), Buffer.from(b.bytes).reverse());
    case TYPE.object:
    case TYPE.array:
      return compareFields(fieldsOf(a.bytes), fieldsOf(b.bytes), a.type === TYPE.object);
    case TYPE.string:
    case TYPE.symbol:
      return Buffer.compare(a.bytes.subarray(4), b.bytes.subarray(4));
    case TYPE.binData:
      // Length, subtype, bytes.
      return (
        a.bytes.readInt32LE() - b.bytes.readInt32LE() ||
        Buffer.compare(a.bytes.subarray(4), b.bytes.subarray(4))
      );
    default:
      return Buffer.compare(a.bytes, b.bytes);
  }
}

function compareFields(a: readonly Field[], b: readonly Field[], named: boolean): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const difference =
      bracketOf(left) - bracketOf(right) ||
      (named ? Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)) : 0) ||
      compareValues(left, right);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The same text for values that compare as equal, so that 1, 1.0 and NumberDecimal("1.00") are one group. */
export function keyOf(value: Value | undefined): string {
  if (value === undefined) return 'missing';
  if (isNumber(value)) return `number ${numberKey(value)}`;
  if (value.type !== TYPE.object && value.type !== TYPE.array)
    return `${bracketOf(value)} ${value.bytes.toString('hex')}`;
  const items = fieldsOf(value.bytes).map((field) => [field.name, keyOf(field)]);
  return `${bracketOf(value)} ${JSON.stringify(items)}`;
}
