// Finds the values at a path in one document: one value for a column; for a filter all of them, also through arrays.
import type { Value } from '../documents/value.js';
import type { Field } from './fields.js';
import { type Scanned, valueAt } from './values.js';

/** A scanned document. It has the fields whose `seenIn` is `scan`. */
export interface Document extends Scanned {
  readonly scan: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export const THROUGH_ARRAY = Symbol('the path leads through an array');

const NULL: Value = { type: 'null' };
const OBJECT = 0x7b;
const ARRAY = 0x5b;

/** The value at the field's path, null when there is none. THROUGH_ARRAY when the path meets an array and has no index there. */
export function columnValue(document: Document, field: Field): Value | typeof THROUGH_ARRAY {
  if (field.seenIn === document.scan) return valueAt(document, field.start, field.end);
  const array = arrayAbove(document, field);
  if (array === undefined) return NULL;
  return document.scanner.again(() => follow(document, array, pathBelow(array, field)));
}

/**
 * All values that MongoDB would compare for the path. At an array on the way: the values in the element that the path names by
 * index and in every element that is an object. At the end of the path: the elements of an array. Arrays directly inside
 * arrays are skipped.
 */
export function filterValues(document: Document, field: Field): Value[] {
  const values: Value[] = [];
  const found = field.seenIn === document.scan ? field : arrayAbove(document, field);
  if (found !== undefined) {
    document.scanner.again(() =>
      collect(document, found, found === field ? [] : pathBelow(found, field), values),
    );
  }
  return values;
}

/** Is the field absent from the document, and not inside an array either? */
export function isMissing(document: Document, field: Field): boolean {
  if (field.seenIn === document.scan) return false;
  return field.parent === undefined || arrayAbove(document, field) === undefined;
}

/** The array that the field's path leads through, if any: the scan does not look into arrays. */
function arrayAbove({ scan, bytes }: Document, field: Field): Field | undefined {
  let above = field.parent;
  while (above !== undefined && above.seenIn !== scan) above = above.parent;
  return above !== undefined && bytes[above.start] === ARRAY ? above : undefined;
}

function pathBelow(above: Field, field: Field): string[] {
  const path: string[] = [];
  for (let at: Field | undefined = field; at !== undefined && at !== above; at = at.parent)
    path.unshift(at.name);
  return path;
}

function follow(document: Document, span: Span, path: readonly string[]): Value | typeof THROUGH_ARRAY {
  const [name, ...rest] = path;
  if (name === undefined) return valueAt(document, span.start, span.end);
  const first = document.bytes[span.start];
  if (first === ARRAY && !isIndex(name)) return THROUGH_ARRAY;
  const inside =
    first === ARRAY
      ? elements(document, span)[Number(name)]
      : first === OBJECT
        ? member(document, span, name)
        : undefined;
  return inside === undefined ? NULL : follow(document, inside, rest);
}

function collect(document: Document, span: Span, path: readonly string[], values: Value[]): void {
  const [name, ...rest] = path;
  const first = document.bytes[span.start];
  if (name === undefined) {
    const spans = first === ARRAY ? elements(document, span) : [span];
    for (const { start, end } of spans) values.push(valueAt(document, start, end));
  } else if (first === OBJECT) {
    const inside = member(document, span, name);
    if (inside !== undefined) collect(document, inside, rest, values);
  } else if (first === ARRAY) {
    const all = elements(document, span);
    const named = isIndex(name) ? all[Number(name)] : undefined;
    if (named !== undefined) collect(document, named, rest, values);
    for (const element of all) {
      if (document.bytes[element.start] === OBJECT) collect(document, element, path, values);
    }
  }
}

function isIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(name);
}

function elements({ scanner, bytes }: Document, { start, end }: Span): Span[] {
  const spans: Span[] = [];
  for (let at = scanner.space(start + 1); at < end - 1; ) {
    const valueEnd = scanner.value(at);
    spans.push({ start: at, end: valueEnd });
    at = scanner.space(valueEnd);
    if (bytes[at] === 0x2c) at = scanner.space(at + 1);
  }
  return spans;
}

/** @throws BrokenJson when the name stands twice, as the scan does for the objects that it looks into */
function member({ scanner, bytes }: Document, { start, end }: Span, name: string): Span | undefined {
  let found: Span | undefined;
  for (let at = scanner.space(start + 1); at < end - 1; ) {
    const nameEnd = scanner.string(at);
    const value = scanner.space(scanner.space(nameEnd) + 1);
    const valueEnd = scanner.value(value);
    if (scanner.nameAt(at, nameEnd) === name) {
      if (found !== undefined) scanner.twice(name, value);
      found = { start: value, end: valueEnd };
    }
    at = scanner.space(valueEnd);
    if (bytes[at] === 0x2c) at = scanner.space(at + 1);
  }
  return found;
}
