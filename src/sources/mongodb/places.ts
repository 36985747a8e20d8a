// Where the values of the columns lie in a raw BSON document: one pass over its bytes, and nothing is decoded.
import { ENTRY, Keys } from './keys.js';
import { BadBson, documentEnd, FIXED_LENGTHS, findNull, skipValue, TYPE } from './layout.js';
import { type FieldTree, fieldsFrom, fieldTree, isIndex } from './paths.js';

/** What stands in the place of a type where there is no value; BSON has neither. */
export const ABSENT = 0;
export const THROUGH_ARRAY = 0xfe;

/**
 * So many bytes must follow a document, because four are compared at once. In a reply they do: the document is in an array,
 * that in an object, and that in the reply, all of which end with a NUL.
 */
export const SLACK = 3;

// What is imported or exported is looked up at every use, which takes a fifth of the time of the pass.
const { length: LENGTH, whole: WHOLE, mask: MASK, following: FOLLOWING, field: FIELD, below: BELOW } = ENTRY;
const { words: WORDS } = ENTRY;
const { string: STRING, object: OBJECT, array: ARRAY } = TYPE;
const FIXED = FIXED_LENGTHS;
const EMPTY = ABSENT;

export class Places {
  /** The number of each column's field; columns with the same path have the same. */
  readonly fields: readonly number[];
  /** By field: the value's BSON type, ABSENT, or THROUGH_ARRAY when the path leads through an array without an index. */
  readonly types: Uint8Array;
  /** By field: where the value begins, and what comes after it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #tree: FieldTree;
  readonly #keys: Keys;
  /** By field: the array that its path led through last. */
  readonly #arrays: string[] = [];

  /** @param paths the path of each column */
  constructor(paths: readonly string[]) {
    this.#tree = fieldTree(paths);
    this.fields = this.#tree.ofColumns;
    this.types = new Uint8Array(this.#tree.fields.length);
    this.starts = new Int32Array(this.types.length);
    this.ends = new Int32Array(this.types.length);
    this.#keys = new Keys(this.#tree);
  }

  /** Finds the values of the document that begins at `start`. @throws BadBson */
  find(bytes: Buffer, view: DataView, start: number): void {
    const { types } = this;
    for (let field = 0; field < types.length; field++) types[field] = EMPTY;
    this.#object(0, bytes, view, start, bytes.length - SLACK);
  }

  /** The path of the array that is in a field's way. */
  arrayAt(field: number): string {
    return this.#arrays[field] ?? '';
  }

  #object(level: number, bytes: Buffer, view: DataView, start: number, limit: number): void {
    const end = documentEnd(bytes, start, limit);
    const { table } = this.#keys;
    let key = this.#keys.atLevel(level);
    for (let at = start + 4; at < end; ) {
      const type = bytes[at] as number;
      const previous = key;
      key = table[previous + FOLLOWING] as number;
      let position = at + 1;
      let word = key + WORDS;
      const stop = word + (table[key + WHOLE] as number);
      while (word < stop && view.getInt32(position, true) === table[word]) {
        word += 1;
        position += 4;
      }
      const differs =
        (view.getInt32(position, true) ^ (table[word] as number)) & (table[key + MASK] as number);
      if (word < stop || differs !== 0 || key === 0) {
        key = this.#keys.lookUp(bytes, view, level, previous, at + 1, end);
      }
      const from = at + 1 + (table[key + LENGTH] as number);
      const fixed = FIXED[type] as number;
      if (fixed >= 0) at = from + fixed;
      else if (type === STRING && from + 4 <= end) at = from + 4 + view.getInt32(from, true);
      else at = skipValue(bytes, type, from, end);
      // The string's own length, its NUL included, can be wrong in both directions.
      if (at > end || (type === STRING && at < from + 5)) at = skipValue(bytes, type, from, end);
      const field = table[key + FIELD] as number;
      if (field >= 0) this.#take(field, table[key + BELOW] as number, type, bytes, view, from, at);
    }
  }

  #take(
    field: number,
    below: number,
    type: number,
    bytes: Buffer,
    view: DataView,
    at: number,
    next: number,
  ): void {
    if (this.types[field] !== EMPTY) throw this.#twice(field);
    this.types[field] = type;
    this.starts[field] = at;
    this.ends[field] = next;
    if (below === 0) return;
    if (type === OBJECT) this.#object(below, bytes, view, at, next);
    else if (type === ARRAY) this.#array(below, field, bytes, view, at, next);
  }

  #twice(field: number): BadBson {
    return new BadBson(`the key ${JSON.stringify(this.#tree.fields[field]?.path)} stands twice`);
  }

  /** Elements are counted: their keys say the same, but nobody checks that. */
  #array(level: number, array: number, bytes: Buffer, view: DataView, start: number, limit: number): void {
    const { levels, fields } = this.#tree;
    for (const [name, field] of levels[level] ?? []) {
      if (isIndex(name)) continue;
      for (const each of fieldsFrom(this.#tree, field)) {
        this.types[each] = THROUGH_ARRAY;
        this.#arrays[each] = fields[array]?.path ?? '';
      }
    }
    const end = documentEnd(bytes, start, limit);
    for (let at = start + 4, index = 0; at < end; index++) {
      const type = bytes[at] as number;
      const from = findNull(bytes, at + 1, end) + 1;
      at = skipValue(bytes, type, from, end);
      const field = levels[level]?.get(String(index));
      if (field !== undefined) this.#take(field, fields[field]?.level ?? 0, type, bytes, view, from, at);
    }
  }
}
