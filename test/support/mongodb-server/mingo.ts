// The operators that only mingo knows, on a JavaScript copy of the document that refuses to give what JavaScript cannot hold.
import { aggregate } from 'mingo';
import { BSON } from 'mongodb';
import { ServerError, unsupported } from './errors.js';
import { arrayOf, elementOf, fieldsOf, objectOf, TYPE, textOf, toValue, type Value } from './values.js';

/** What mingo answers with JavaScript's types instead of BSON's, or takes from outside. */
const REFUSED = new Set([
  '$convert',
  '$function',
  '$isNumber',
  '$rand',
  '$sampleRate',
  '$toDecimal',
  '$toDouble',
  '$toInt',
  '$toLong',
  '$toObjectId',
  '$type',
]);

/**
 * The value of `{ $operator: … }` on a document; undefined when there is none. A whole number comes back as an int
 * or a long and any other as a double, whatever types it was made of.
 * @throws ServerError also when the operator looks at a Decimal128, an int64 or a date beyond what JavaScript holds
 */
export function evaluateByMingo(expression: Value, document: Uint8Array): Value | undefined {
  const refused = namesIn(expression).find((name) => REFUSED.has(name));
  if (refused !== undefined) throw unsupported(refused);
  const input = plain({ type: TYPE.object, bytes: Buffer.from(document) });
  try {
    const stage = { $replaceRoot: { newRoot: { value: plain(expression) } } };
    const [output] = aggregate([input], [stage], { scriptEnabled: false });
    return output?.value === undefined ? undefined : encoded(output.value);
  } catch (error) {
    if (error instanceof ServerError) throw error;
    const { message } = error as Error;
    const unknown = /accumulator '(\$\w+)' is not registered/.exec(message)?.[1];
    if (unknown !== undefined) throw new ServerError(168, `Unrecognized expression '${unknown}'`);
    throw new ServerError(2, message);
  }
}

function namesIn(value: Value): string[] {
  if (value.type !== TYPE.object && value.type !== TYPE.array) return [];
  return fieldsOf(value.bytes).flatMap((field) => [field.name, ...namesIn(field)]);
}

/** A value that mingo carries from one place to another without looking inside. */
class Carried {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  /** Mingo compares by it. */
  toString(): string {
    const hexadecimal = this.#value.bytes.toString('hex');
    return this.#value.type === TYPE.objectId ? hexadecimal : `${this.#value.type} ${hexadecimal}`;
  }
}

function plain(value: Value): Record<string, unknown> {
  return plainValue(value) as Record<string, unknown>;
}

function plainValue({ type, bytes }: Value): unknown {
  switch (type) {
    case TYPE.double:
      return bytes.readDoubleLE();
    case TYPE.int:
      return bytes.readInt32LE();
    case TYPE.long:
      return Number(bytes.readBigInt64LE());
    case TYPE.string:
      return textOf({ type, bytes });
    case TYPE.bool:
      return bytes[0] === 1;
    case TYPE.null:
      return null;
    case TYPE.date:
      return new Date(Number(bytes.readBigInt64LE()));
    case TYPE.object:
    case TYPE.array: {
      const target = type === TYPE.array ? [] : {};
      for (const field of fieldsOf(bytes)) {
        const lost = lossOf(field);
        const get = () => {
          throw unsupported(`an operator of mingo on ${lost} (field "${field.name}")`);
        };
        const descriptor = lost === undefined ? { value: plainValue(field), writable: true } : { get };
        Object.defineProperty(target, field.name, { ...descriptor, enumerable: true, configurable: true });
      }
      return target;
    }
    default:
      return new Carried({ type, bytes });
  }
}

/** Why the value cannot be given to mingo, or undefined. */
function lossOf({ type, bytes }: Value): string | undefined {
  if (type === TYPE.decimal) return 'a Decimal128';
  if (type === TYPE.long && !Number.isSafeInteger(Number(bytes.readBigInt64LE()))) return 'a large int64';
  if (type === TYPE.date && Number.isNaN(new Date(Number(bytes.readBigInt64LE())).getTime()))
    return 'a date beyond ECMAScript';
  if (type !== TYPE.object) return undefined;
  // JavaScript would sort numeric keys to the front and merge duplicate ones.
  const names = fieldsOf(bytes).map((field) => field.name);
  const kept = new Set(names).size === names.length && !names.some((name) => /^\d+$/.test(name));
  return kept ? undefined : 'keys that JavaScript would move';
}

function encoded(javascript: unknown): Value {
  if (javascript instanceof Carried) return javascript.value;
  if (Array.isArray(javascript)) return arrayOf(javascript.map((item) => encoded(item ?? null)));
  if (typeof javascript === 'number' && Number.isSafeInteger(javascript)) return encodedInteger(javascript);
  if (typeof javascript !== 'object' || javascript === null || javascript.constructor !== Object)
    return toValue(javascript);
  const present = Object.entries(javascript).filter(([, value]) => value !== undefined);
  return objectOf(present.map(([name, value]) => elementOf(name, encoded(value))));
}

function encodedInteger(integer: number): Value {
  return toValue(integer === (integer | 0) ? new BSON.Int32(integer) : BSON.Long.fromNumber(integer));
}
