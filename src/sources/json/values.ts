// Decodes a scanned JSON value to a Value with every digit kept. Objects of Extended JSON v2 become the value that they stand for.
import { plainDecimal } from '../../rows/sort/numbers.js';
import type { ToCell, Value } from '../documents/value.js';
import { ARRAY, BACKSLASH, COLON, COMMA, OBJECT, QUOTE, TO_CLOSING } from './ascii.js';
import { extendedValue, knownValue } from './extended.js';
import { BrokenJson, type Scanner } from './scanner.js';

/** Bytes that the scanner has already checked. */
export interface Scanned {
  readonly scanner: Scanner;
  readonly bytes: Buffer;
  /** Converts a value to the text that it has in a json cell. */
  readonly toJson: ToCell;
}

const NULL: Value = { type: 'null' };
const TRUE: Value = { type: 'boolean', text: 'true' };
const FALSE: Value = { type: 'boolean', text: 'false' };

const DOLLAR = 0x24;

/** @throws BrokenJson for a text with a lone surrogate, which UTF-8 cannot hold, and for a name that stands twice in one object */
export function valueAt(scanned: Scanned, start: number, end: number): Value {
  const { bytes } = scanned;
  switch (bytes[start]) {
    case QUOTE:
      return { type: 'text', text: textAt(scanned, start + 1, end - 1) };
    case OBJECT:
      return (
        (isExtended(bytes, start) ? extendedAt(scanned, start, end) : undefined) ?? jsonAt(scanned, start)
      );
    case ARRAY:
      return jsonAt(scanned, start);
    case 0x74:
      return TRUE;
    case 0x66:
      return FALSE;
    case 0x6e:
      return NULL;
    default:
      return numberValue(scanned.bytes.toString('latin1', start, end));
  }
}

function numberValue(text: string): Value {
  if (!/[eE]/.test(text)) return { type: 'number', text };
  const plain = plainDecimal(text);
  return plain === undefined ? { type: 'other', name: 'number', text } : { type: 'number', text: plain };
}

/** @param start where the string starts, without its quotes */
function textAt({ bytes }: Scanned, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x80 || byte === BACKSLASH) return decoded(bytes, start, end);
  }
  return bytes.toString('latin1', start, end);
}

function decoded(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  const unescaped = JSON.parse(`"${text}"`) as string;
  const half = /\p{Surrogate}/u.exec(unescaped)?.[0];
  if (half === undefined) return unescaped;
  throw new BrokenJson(`half a character (\\u${half.charCodeAt(0).toString(16)}) in a text`, start);
}

/** Types whose text is ASCII and needs no escapes. */
const PLAIN_TEXT = new Set([
  '$oid',
  '$date',
  '$numberInt',
  '$numberLong',
  '$numberDouble',
  '$numberDecimal',
  '$uuid',
]);

/** Decodes compact Extended JSON with one text, like `{"$oid":"…"}`, without parsing it; undefined for any other object. */
function simpleExtended({ bytes }: Scanned, start: number, end: number): Value | undefined {
  if (bytes[start + 1] !== QUOTE || bytes[end - 2] !== QUOTE) return undefined;
  let nameEnd = start + 2;
  while (bytes[nameEnd] !== QUOTE) nameEnd += 1;
  if (bytes[nameEnd + 1] !== COLON || bytes[nameEnd + 2] !== QUOTE) return undefined;
  const name = bytes.toString('latin1', start + 2, nameEnd);
  return PLAIN_TEXT.has(name) ? knownValue(name, bytes.toString('latin1', nameEnd + 3, end - 2)) : undefined;
}

/** Does the object's first name start with `$`? */
function isExtended(bytes: Buffer, start: number): boolean {
  let at = start + 1;
  while ((bytes[at] as number) <= 0x20) at += 1;
  return bytes[at] === QUOTE && bytes[at + 1] === DOLLAR;
}

function extendedAt(scanned: Scanned, start: number, end: number): Value | undefined {
  return simpleExtended(scanned, start, end) ?? extendedValue(scanned.bytes.toString('utf8', start, end));
}

/** JSON as json cells have it: see writeJson(). */
function jsonAt(scanned: Scanned, start: number): Value {
  const parts: string[] = [];
  scanned.scanner.again(() => writeJson(scanned, start, parts));
  return { type: 'json', text: parts.join('') };
}

/**
 * Appends the value's JSON to `parts`: no white space, names in their order, digits as stored, escapes only where
 * JSON.stringify writes them, Extended JSON as the values that it stands for.
 * @returns the position after the value
 * @throws BrokenJson for a name that stands twice in one object
 */
function writeJson(scanned: Scanned, start: number, parts: string[]): number {
  const { bytes, scanner } = scanned;
  const first = bytes[start];
  if (first !== OBJECT && first !== ARRAY) {
    const end = scanner.value(start);
    parts.push(first === QUOTE ? jsonString(bytes, start, end) : bytes.toString('latin1', start, end));
    return end;
  }
  if (first === OBJECT && isExtended(bytes, start)) {
    const end = scanner.value(start);
    const value = extendedAt(scanned, start, end);
    if (value !== undefined) {
      parts.push(scanned.toJson(value) ?? 'null');
      return end;
    }
  }
  const names = new Set<string>();
  parts.push(first === OBJECT ? '{' : '[');
  let at = scanner.space(start + 1);
  while (bytes[at] !== first + TO_CLOSING) {
    if (first === OBJECT) {
      const nameEnd = scanner.string(at);
      const name = scanner.nameAt(at, nameEnd);
      if (names.has(name)) scanner.twice(name, at);
      names.add(name);
      parts.push(JSON.stringify(name), ':');
      at = scanner.space(scanner.space(nameEnd) + 1);
    }
    at = scanner.space(writeJson(scanned, at, parts));
    if (bytes[at] === COMMA) {
      parts.push(',');
      at = scanner.space(at + 1);
    }
  }
  parts.push(first === OBJECT ? '}' : ']');
  return at + 1;
}

function jsonString(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? JSON.stringify(JSON.parse(text)) : text;
}
