// What a path leads to in one document: one value for a column, every value on the way through arrays for a filter.
import type { Value } from '../documents/value.js';
import type { Field } from './fields.js';
import { type Scanned, valueAt } from './values.js';

/** A document that was scanned: its fields are those with this scan's number. */
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

/** The value at the field's path; an array on the way needs an index there. Null when there is none. */
export function columnValue(document: Document, field: Field): Value | typeof THROUGH_ARRAY {
  if (field.seenIn === document.scan) return valueAt(document, field.start, field.end);
  const array = arrayAbove(document, field);
  if (array === undefined) return NULL;
  return document.scanner.again(() => follow(document, array, pathBelow(array, field)));
}

/**
 * All values that MongoDB would compare for the path: at an array, of the elements that it names by number and of all
 * elements that are objects; at the end of the path, of the elements of an array. Arrays directly in arrays it skips.
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

/** Is the field not there, nor hidden by an array? */
export function isMissing(document: Document, field: Field): boolean {
  if (field.seenIn === document.scan) return false;
  return field.parent === undefined || arrayAbove(document, field) === undefined;
}

/** The scan does not look into arrays: the one that hides the field, if that is why it was not seen. */
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
    const behind = scanner.value(at);
    spans.push({ start: at, end: behind });
    at = scanner.space(behind);
    if (bytes[at] === 0x2c) at = scanner.space(at + 1);
  }
  return spans;
}

/** @throws BrokenJson when the name stands twice, as it is in the objects that the scan looks into */
function member({ scanner, bytes }: Document, { start, end }: Span, name: string): Span | undefined {
  let found: Span | undefined;
  for (let at = scanner.space(start + 1); at < end - 1; ) {
    const behindName = scanner.string(at);
    const value = scanner.space(scanner.space(behindName) + 1);
    const behind = scanner.value(value);
    if (scanner.nameAt(at, behindName) === name) {
      if (found !== undefined) scanner.twice(name, value);
      found = { start: value, end: behind };
    }
    at = scanner.space(behind);
    if (bytes[at] === 0x2c) at = scanner.space(at + 1);
  }
  return found;
}
