// The distinct keys that memory holds: a hash table with open addressing over one buffer.

/** Half of the memory is for the keys, a quarter for where they are; what does not fit is refused. */
export class KeyTable {
  /** The keys as lines, in the order in which they came. */
  readonly #lines: Buffer;
  #length = 0;
  /** One more than where the key begins in the lines; 0 is free. */
  readonly #starts: Int32Array;
  readonly #hashes: Int32Array;
  readonly #most: number;
  #count = 0;

  /** @param memory in bytes, of which it takes three quarters, as it needs them */
  constructor(memory: number) {
    this.#lines = Buffer.allocUnsafeSlow(memory >>> 1);
    const slots = 2 ** Math.max(2, Math.floor(Math.log2(memory / 32)));
    this.#starts = new Int32Array(slots);
    this.#hashes = new Int32Array(slots);
    this.#most = slots * 0.75;
  }

  /**
   * Takes the key in `lines` from `start` to its line feed at `end`.
   * @returns whether it was there already, or undefined when there is no room for it
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

  /** Empties it. @returns the keys it held, until the next is added */
  clear(): Buffer {
    const held = this.#lines.subarray(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    this.#starts.fill(0);
    return held;
  }

  /** The line feed is part of the comparison: no key is the beginning of another. */
  #isAt(position: number, lines: Buffer, start: number, end: number): boolean {
    const held = this.#lines;
    const shift = position - start;
    for (let at = start; at <= end; at++) {
      if (held[at + shift] !== lines[at]) return false;
    }
    return true;
  }
}
