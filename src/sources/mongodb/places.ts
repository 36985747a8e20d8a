// Finds where the columns' values are in a raw BSON document, in one pass over its bytes that decodes nothing.
import { ENTRY, Keys } from './keys.js';
import { BadBson, documentEnd, FIXED_LENGTHS, findNull, skipValue, TYPE } from './layout.js';
import { type FieldTree, fieldsFrom, fieldTree, isIndex } from './paths.js';

/** Stand for a BSON type where a field has no value; BSON has no such types. */
export const ABSENT = 0;
export const THROUGH_ARRAY = 0xfe;

/**
 * Bytes that must be readable after a document, because four are compared at once. A reply has them: the document is in an array,
 * the array in an object, and the object in the reply, and each of them ends with a NUL.
 */
export const SLACK = 3;

// Local copies: Node looks an import up at every use, which took a fifth of the time here (measured).
const { length: LENGTH, whole: WHOLE, mask: MASK, following: FOLLOWING, field: FIELD, below: BELOW } = ENTRY;
const { words: WORDS } = ENTRY;
const { string: STRING, object: OBJECT, array: ARRAY } = TYPE;
const FIXED = FIXED_LENGTHS;
const EMPTY = ABSENT;

export class Places {
  /** By column: the number of its field. Columns with the same path share one. */
  readonly fields: readonly number[];
  /** By field: the value's BSON type, ABSENT, or THROUGH_ARRAY when the path leads through an array without an index. */
  readonly types: Uint8Array;
  /** By field: where the value starts, and the position after it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #tree: FieldTree;
  readonly #keys: Keys;
  /** By field: the path of the array that its path led through last. */
  readonly #arrays: string[] = [];
  /** The document being read. */
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** @param paths the path of each column */
  constructor(paths: readonly string[]) {
    this.#tree = fieldTree(paths);
    this.fields = this.#tree.ofColumns;
    this.types = new Uint8Array(this.#tree.fields.length);
    this.starts = new Int32Array(this.types.length);
    this.ends = new Int32Array(this.types.length);
    this.#keys = new Keys(this.#tree);
  }

  /** Finds the values of the document that starts at `start`. @param view of `bytes` @throws BadBson */
  find(bytes: Buffer, view: DataView, start: number): void {
    this.#bytes = bytes;
    this.#view = view;
    const { types } = this;
    for (let field = 0; field < types.length; field++) types[field] = EMPTY;
    this.#object(0, start, bytes.length - SLACK);
  }

  /** The path of the array that a field's path leads through. */
  arrayAt(field: number): string {
    return this.#arrays[field] ?? '';
  }

  #object(level: number, start: number, limit: number): void {
    const bytes = this.#bytes;
    const view = this.#view;
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
      // A string's length can be wrong in both directions; skipValue() checks it and throws.
      if (at > end || (type === STRING && at < from + 5)) at = skipValue(bytes, type, from, end);
      const field = table[key + FIELD] as number;
      if (field >= 0) this.#note(field, table[key + BELOW] as number, type, from, at);
    }
  }

  /** Notes the value of a field. @param below the level of the fields inside it, 0 for none */
  #note(field: number, below: number, type: number, at: number, next: number): void {
    if (this.types[field] !== EMPTY) throw this.#twice(field);
    this.types[field] = type;
    this.starts[field] = at;
    this.ends[field] = next;
    if (below === 0) return;
    if (type === OBJECT) this.#object(below, at, next);
    else if (type === ARRAY) this.#array(below, field, at, next);
  }

  #twice(field: number): BadBson {
    return new BadBson(`the key ${JSON.stringify(this.#tree.fields[field]?.path)} stands twice`);
  }

  /** An array's elements, numbered by counting: no one checks that their keys are these numbers. */
  #array(level: number, array: number, start: number, limit: number): void {
    const bytes = this.#bytes;
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
      if (field !== undefined) this.#note(field, fields[field]?.level ?? 0, type, from, at);
    }
  }
}
