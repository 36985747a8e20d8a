// What is at a dotted path of a document: for conditions, which look into arrays, and for expressions, which map over them.
import { arrayOf, documentOf, elementOf, type Field, fieldOf, fieldsOf, TYPE, type Value } from './values.js';

/** One value that a condition on a path is tried on. */
export interface Candidate {
  /** Undefined where a document has no such field. */
  readonly value: Value | undefined;
  /** An item of an array at the path's end; the array itself is a candidate too. */
  readonly item: boolean;
}

/** By the rules of mongo/src/mongo/db/matcher/path.cpp. */
export function candidatesAt(document: Uint8Array, path: readonly string[]): Candidate[] {
  const [name = '', ...rest] = path;
  const field = fieldOf(document, name);
  if (rest.length === 0) return field === undefined ? [{ value: undefined, item: false }] : withItems(field);
  if (field?.type === TYPE.object) return candidatesAt(field.bytes, rest);
  if (field?.type !== TYPE.array) return [{ value: undefined, item: false }];
  const [next = '', ...beyond] = rest;
  return fieldsOf(field.bytes).flatMap((item) => {
    const inside = item.type === TYPE.object ? candidatesAt(item.bytes, rest) : [];
    if (item.name !== next) return inside;
    // The next step is an index: it names this item, whose own items are not looked at.
    if (beyond.length === 0) return [...inside, { value: item, item: false }];
    const nested = item.type === TYPE.object || item.type === TYPE.array;
    return nested ? [...inside, ...candidatesAt(documentOf([item.element]), [next, ...beyond])] : inside;
  });
}

function withItems(field: Field): Candidate[] {
  if (field.type !== TYPE.array) return [{ value: field, item: false }];
  const items = fieldsOf(field.bytes).map((value) => ({ value, item: true }));
  return [...items, { value: field, item: false }];
}

/** `$a.b` in an expression: over an array, the array of what its objects have there. */
export function valueAt(document: Uint8Array, path: readonly string[]): Value | undefined {
  const [name = '', ...rest] = path;
  const field = fieldOf(document, name);
  return field === undefined || rest.length === 0 ? field : valueWithin(field, rest);
}

function valueWithin(value: Value, path: readonly string[]): Value | undefined {
  if (value.type === TYPE.object) return valueAt(value.bytes, path);
  if (value.type !== TYPE.array) return undefined;
  return arrayOf(
    fieldsOf(value.bytes)
      .map((item) => (item.type === TYPE.object ? valueAt(item.bytes, path) : undefined))
      .filter((found) => found !== undefined),
  );
}

/** The document with a value at the path (removed when undefined), as $addFields puts it: into every item of an array. */
export function withValueAt(document: Uint8Array, path: readonly string[], value: Value | undefined): Buffer {
  const [name = '', ...rest] = path;
  const elements: Buffer[] = [];
  let found = false;
  for (const field of fieldsOf(document)) {
    if (field.name !== name) {
      elements.push(field.element);
      continue;
    }
    found = true;
    const replaced = rest.length === 0 ? value : within(field, rest, value);
    if (replaced !== undefined) elements.push(elementOf(name, replaced));
  }
  if (!found) {
    const added = rest.length === 0 ? value : within(undefined, rest, value);
    if (added !== undefined) elements.push(elementOf(name, added));
  }
  return documentOf(elements);
}

function within(
  old: Value | undefined,
  path: readonly string[],
  value: Value | undefined,
): Value | undefined {
  if (old?.type === TYPE.array)
    return arrayOf(fieldsOf(old.bytes).map((item) => within(item, path, value) ?? item));
  if (old?.type !== TYPE.object && value === undefined) return old;
  const inside = old?.type === TYPE.object ? old.bytes : documentOf([]);
  return { type: TYPE.object, bytes: withValueAt(inside, path, value) };
}

/** Only the fields at the paths, or all but them, in the document's own order; items of arrays are treated one by one. */
export function projected(document: Uint8Array, tree: PathTree, keep: boolean): Buffer {
  const elements = fieldsOf(document).flatMap((field) => {
    const below = tree.get(field.name);
    if (below === undefined) return keep ? [] : [field.element];
    if (below === 'whole') return keep ? [field.element] : [];
    const value = projectedValue(field, below, keep);
    return value === undefined ? [] : [elementOf(field.name, value)];
  });
  return documentOf(elements);
}

function projectedValue(value: Value, tree: PathTree, keep: boolean): Value | undefined {
  if (value.type === TYPE.object) return { type: TYPE.object, bytes: projected(value.bytes, tree, keep) };
  if (value.type !== TYPE.array) return keep ? undefined : value;
  return arrayOf(
    fieldsOf(value.bytes)
      .map((item) => projectedValue(item, tree, keep))
      .filter((item) => item !== undefined),
  );
}

/** Names to what is wanted below them. */
export interface PathTree extends Map<string, PathTree | 'whole'> {}
