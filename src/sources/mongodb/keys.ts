// The keys that documents were seen to have, and their order: documents resemble each other, so that the next key is mostly
// the one that followed last time, and comparing it by four bytes at once is all there is to do.
import { findNull } from './layout.js';
import type { FieldTree } from './paths.js';

/**
 * A key is where its entry begins in the table; from there on: its bytes with the NUL that ends it, how many whole words
 * those are and which bits of the word after them belong to it, the key that followed last time (0 is none), the number of
 * its field (-1 is none), the level of the fields below that (0 is none), and its words. A level begins with an entry
 * that is followed by the level's first key. In one array, which is read faster than objects are.
 */
export const ENTRY = { length: 0, whole: 1, mask: 2, following: 3, field: 4, below: 5, words: 6 } as const;
const { length: LENGTH, whole: WHOLE, mask: MASK, following: FOLLOWING, field: FIELD, below: BELOW } = ENTRY;
const { words: WORDS } = ENTRY;

/** About a thousand keys. More are told apart too, slowly: data that is used as keys must not fill the memory. */
const ROOM = 1 << 14;
/** So many keys may be left out of a document before its next one is looked up. */
const LOOKAHEAD = 4;

export class Keys {
  readonly table: Int32Array;
  readonly #tree: FieldTree;
  readonly #known = new Map<string, number>();
  /** The entry of whatever key is not remembered. */
  readonly #other: number;
  #used: number;

  constructor(tree: FieldTree) {
    this.#tree = tree;
    this.#other = this.atLevel(tree.levels.length);
    this.#used = this.#other + WORDS;
    this.table = new Int32Array(this.#used + ROOM);
  }

  /** What the first key of an object follows. */
  atLevel(level: number): number {
    return level * WORDS;
  }

  /**
   * The key at `at`, which is not the one that followed `previous` last time.
   * @throws BadBson for a key without an end
   */
  lookUp(bytes: Buffer, view: DataView, level: number, previous: number, at: number, end: number): number {
    const { table } = this;
    let ahead = table[previous + FOLLOWING] as number;
    for (let tries = 0; ahead !== 0 && tries < LOOKAHEAD; tries++) {
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
