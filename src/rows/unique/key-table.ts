// A set of keys in bounded memory: a hash table with open addressing, its keys in one buffer.

/** Half of the memory is for the keys, a quarter for the table; a key that does not fit is refused. */
export class KeyTable {
  /** The keys as lines, in the order of their arrival. */
  readonly #lines: Buffer;
  #length = 0;
  /** 1 + the position of the key in the lines; 0 is free. */
  readonly #starts: Int32Array;
  readonly #hashes: Int32Array;
  readonly #most: number;
  #count = 0;

  /** @param memory in bytes */
  constructor(memory: number) {
    this.#lines = Buffer.allocUnsafeSlow(memory >>> 1);
    const slots = 2 ** Math.max(2, Math.floor(Math.log2(memory / 32)));
    this.#starts = new Int32Array(slots);
    this.#hashes = new Int32Array(slots);
    this.#most = slots * 0.75;
  }

  /**
   * Adds the key in `lines` from `start` to its line feed at `end`.
   * @returns whether the key was there already, or undefined when there is no room for it
   */
  add(lines: Buffer, start: number, end: number, hash: number): boolean | undefined {
    const starts = this.#starts;
    const mask = starts.length - 1;
    let slot = hash & mask;
    for (; starts[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] === hash && this.#isAt((starts[slot] as number) - 1, lines, start, end)) {
        return true;
      }
    }
    if (this.#count >= this.#most || this.#length + end + 1 - start > this.#lines.length) return undefined;
    starts[slot] = this.#length + 1;
    this.#hashes[slot] = hash;
    this.#count += 1;
    const held = this.#lines;
    const shift = this.#length - start;
    for (let at = start; at <= end; at++) held[at + shift] = lines[at] as number;
    this.#length += end + 1 - start;
    return false;
  }

  /** Removes all keys. @returns them as lines, valid until the next key is added */
  clear(): Buffer {
    const held = this.#lines.subarray(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    this.#starts.fill(0);
    return held;
  }

  /** Compares with the line feed, so that no key equals the start of a longer one. */
  #isAt(position: number, lines: Buffer, start: number, end: number): boolean {
    const held = this.#lines;
    const shift = position - start;
    for (let at = start; at <= end; at++) {
      if (held[at + shift] !== lines[at]) return false;
    }
    return true;
  }
}
