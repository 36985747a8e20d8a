// Remembers the keys of documents and their order. Documents resemble each other, so the next key is usually the one that followed
// last time, and one comparison, four bytes at a time, is enough.
import { findNull } from './layout.js';
import type { FieldTree } from './paths.js';

/**
 * Keys are entries in one array of integers, which V8 reads faster than objects; a key is the position of its entry. An entry
 * has: the length of the key with its NUL, the number of whole words, the mask of the word after them, the key that followed
 * last time (0 is none), the key's field (-1 is none), the level of the fields inside that (0 is none), and the key's words.
 * Each level has an entry of its own, which the level's first key follows.
 */
export const ENTRY = { length: 0, whole: 1, mask: 2, following: 3, field: 4, below: 5, words: 6 } as const;
const { length: LENGTH, whole: WHOLE, mask: MASK, following: FOLLOWING, field: FIELD, below: BELOW } = ENTRY;
const { words: WORDS } = ENTRY;

/** Integers in the table, enough for about a thousand keys. Further keys are looked up each time: they must not fill the memory. */
const TABLE_SIZE = 1 << 14;
/** Keys that a document may lack before its next key is looked up by name. */
const MAX_LOOKAHEAD = 4;

export class Keys {
  readonly table: Int32Array;
  readonly #tree: FieldTree;
  readonly #known = new Map<string, number>();
  /** The entry used for keys that are not remembered. */
  readonly #other: number;
  #used: number;

  constructor(tree: FieldTree) {
    this.#tree = tree;
    this.#other = this.atLevel(tree.levels.length);
    this.#used = this.#other + WORDS;
    this.table = new Int32Array(this.#used + TABLE_SIZE);
  }

  /** The entry that the first key of an object follows. */
  atLevel(level: number): number {
    return level * WORDS;
  }

  /**
   * The key at `at`, when it is not the one that followed `previous` last time.
   * @throws BadBson for a key without an end
   */
  lookUp(bytes: Buffer, view: DataView, level: number, previous: number, at: number, end: number): number {
    const { table } = this;
    let ahead = table[previous + FOLLOWING] as number;
    for (let tries = 0; ahead !== 0 && tries < MAX_LOOKAHEAD; tries++) {
      ahead = table[ahead + FOLLOWING] as number;
      if (ahead !== 0 && this.#is(ahead, view, at)) return ahead;
    }
    const next = findNull(bytes, at, end) + 1;
    const name = `${level} ${bytes.toString('latin1', at, next - 1)}`;
    const key = this.#known.get(name) ?? this.#learn(name, bytes, level, at, next);
    if (key !== this.#other) table[previous + FOLLOWING] = key;
    return key;
  }

  #is(key: number, view: DataView, at: number): boolean {
    const { table } = this;
    let position = at;
    let index = key + WORDS;
    for (const stop = index + (table[key + WHOLE] as number); index < stop; index++, position += 4) {
      if (view.getInt32(position, true) !== table[index]) return false;
    }
    return ((view.getInt32(position, true) ^ (table[index] as number)) & (table[key + MASK] as number)) === 0;
  }

  #learn(name: string, bytes: Buffer, level: number, at: number, next: number): number {
    const { table } = this;
    const length = next - at;
    const whole = length >> 2;
    const isKept = this.#used + WORDS + whole + 1 <= table.length;
    const key = isKept ? this.#used : this.#other;
    const field = this.#tree.levels[level]?.get(bytes.toString('utf8', at, next - 1)) ?? -1;
    table[key + LENGTH] = length;
    table[key + FIELD] = field;
    table[key + BELOW] = this.#tree.fields[field]?.level ?? 0;
    if (!isKept) return key;
    table[key + WHOLE] = whole;
    table[key + MASK] = (1 << ((length & 3) * 8)) - 1;
    for (let index = 0; index < length; index++) {
      const word = key + WORDS + (index >> 2);
      table[word] = (table[word] as number) | ((bytes[at + index] as number) << ((index & 3) * 8));
    }
    this.#used += WORDS + whole + 1;
    this.#known.set(name, key);
    return key;
  }
}
