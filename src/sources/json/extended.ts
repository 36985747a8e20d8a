// Decodes the values of MongoDB's Extended JSON v2, canonical and relaxed, as mongoexport writes them.
// https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/

import { doubleText, plainDecimal } from '../../rows/sort/numbers.js';
import { parseIso } from '../documents/instants.js';
import type { Value } from '../documents/value.js';

const READERS = new Map<string, (held: unknown) => Value | undefined>(
  Object.entries({
    $oid: (held) => matching(held, /^[0-9a-f]{24}$/i, (text) => other('ObjectId', text.toLowerCase())),
    $date: dateValue,
    $numberInt: (held) => matching(held, /^-?\d{1,10}$/, number),
    $numberLong: (held) => matching(held, /^-?\d{1,19}$/, number),
    $numberDouble: (held) =>
      matching(held, /^(-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|-?Infinity)$/, (text) =>
        number(doubleText(Number(text))),
      ),
    $numberDecimal: (held) =>
      matching(held, /^(NaN|-?Infinity)$/, number) ??
      matching(held, /./, (text) => {
        const plain = plainDecimal(text);
        return plain === undefined ? undefined : number(plain);
      }),
    $binary: binaryValue,
    $timestamp: (held) => {
      const { t, i } = fieldsOf(held);
      return typeof t === 'number' && typeof i === 'number' ? other('timestamp', `${t}:${i}`) : undefined;
    },
    $regularExpression: (held) => {
      const { pattern, options } = fieldsOf(held);
      const isWhole = typeof pattern === 'string' && typeof options === 'string';
      return isWhole ? other('regular expression', `/${pattern}/${options}`) : undefined;
    },
    $symbol: (held) => (typeof held === 'string' ? { type: 'text', text: held } : undefined),
    $code: (held) => (typeof held === 'string' ? other('code', held) : undefined),
    $minKey: (held) => (held === 1 ? other('MinKey', 'MinKey') : undefined),
    $maxKey: (held) => (held === 1 ? other('MaxKey', 'MaxKey') : undefined),
    $undefined: (held) => (held === true ? { type: 'null' } : undefined),
    $uuid: (held) =>
      matching(held, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, (text) =>
        other('UUID', text.toLowerCase()),
      ),
  }),
);

/** The value of `{ name: held }`; undefined when it is no Extended JSON that we know. */
export function knownValue(name: string, held: unknown): Value | undefined {
  return READERS.get(name)?.(held);
}

/** @returns undefined for an object that is no Extended JSON that we know: its value is its JSON */
export function extendedValue(json: string): Value | undefined {
  // JSON.parse may round numbers, but the readers above use only texts and whole milliseconds.
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  const [name, held] = entries[0] ?? [];
  return entries.length === 1 && name !== undefined ? knownValue(name, held) : undefined;
}

function fieldsOf(held: unknown): Readonly<Record<string, unknown>> {
  return typeof held === 'object' && held !== null ? (held as Record<string, unknown>) : {};
}

function other(name: string, text: string): Value {
  return { type: 'other', name, text };
}

function number(text: string): Value {
  return { type: 'number', text };
}

function matching(
  held: unknown,
  shape: RegExp,
  make: (text: string) => Value | undefined,
): Value | undefined {
  return typeof held === 'string' && shape.test(held) ? make(held) : undefined;
}

/** ISO text with its offset (relaxed), `{"$numberLong": "…"}` in milliseconds (canonical), or a bare number of them (v1). */
function dateValue(held: unknown): Value | undefined {
  if (typeof held === 'string') {
    const parsed = parseIso(held);
    return parsed?.is === 'instant' ? { type: 'instant', instant: parsed.instant } : undefined;
  }
  const { $numberLong: long } = fieldsOf(held);
  if (typeof long !== 'string' && !Number.isSafeInteger(held)) return undefined;
  if (typeof long === 'string' && !/^-?\d{1,19}$/.test(long)) return undefined;
  const milliseconds = Number(long ?? held);
  const exact = Number.isSafeInteger(milliseconds) ? milliseconds : BigInt(String(long));
  return { type: 'instant', instant: { milliseconds: exact, microseconds: 0 } };
}

/** Subtype 4 is a UUID. Subtype 3 stays bytes: the byte order of its UUIDs depends on the driver that wrote them. */
function binaryValue(held: unknown): Value | undefined {
  const { base64, subType } = fieldsOf(held);
  if (typeof base64 !== 'string' || typeof subType !== 'string') return undefined;
  const hex = Buffer.from(base64, 'base64').toString('hex');
  if (Number.parseInt(subType, 16) !== 4 || hex.length !== 32) return other('binary', `\\x${hex}`);
  return other('UUID', hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
}
