// Bytes that are mostly those of another buffer, with insertions and cuts: moved in runs as long as they can be.

/** Texts shorter than this are written faster by a loop than by a call into Node (measured on Node 20). */
const SHORT = 48;

/**
 * The source lies at the end of a larger buffer, and what becomes of it is written from the buffer's beginning: that
 * follows the reading and overtakes it only where insertions are longer than the room before the source.
 */
export class Output {
  /** The source's byte at a position is at the position plus `shift` until it was passed. Both are new after an insertion. */
  bytes = Buffer.alloc(0);
  shift = 0;
  #length = 0;
  /** The source has been passed up to here, and ends there. */
  #passed = 0;
  #end = 0;

  /** What was made of the source before is gone: one buffer serves all (new ones for each are work for the collector). */
  begin(source: Buffer): void {
    const needed = 64 + (source.length >> 3) + source.length;
    if (needed > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(needed);
    this.shift = this.bytes.length - source.length;
    this.#end = source.length;
    this.#length = this.#passed = 0;
    source.copy(this.bytes, this.shift);
  }

  /** Leaves out the source's bytes from `start` to `end`; cuts and insertions come in their order. */
  cut(start: number, end: number): void {
    this.#passUpTo(start);
    this.#passed = end;
  }

  /** A text in place of the source's bytes from `start` to `end`. */
  insert(text: string, start: number, end: number): void {
    this.cut(start, end);
    if (text.length < SHORT && isAscii(text)) {
      this.#makeRoom(text.length);
      const { bytes } = this;
      for (let at = 0; at < text.length; at++) bytes[this.#length++] = text.charCodeAt(at);
    } else {
      // UTF-8 has at most three bytes for a UTF-16 unit.
      this.#makeRoom(text.length * 3);
      this.#length += this.bytes.write(text, this.#length, 'utf8');
    }
  }

  /** The whole, until the next source begins. */
  finish(): Buffer {
    if (this.#length === 0 && this.#passed === 0) return this.bytes.subarray(this.shift);
    this.#passUpTo(this.#end);
    return this.bytes.subarray(0, this.#length);
  }

  #passUpTo(end: number): void {
    const start = this.#passed + this.shift;
    this.bytes.copyWithin(this.#length, start, end + this.shift);
    this.#length += end - this.#passed;
    this.#passed = end;
  }

  #makeRoom(count: number): void {
    const unread = this.#passed + this.shift;
    if (this.#length + count <= unread) return;
    const more = count + this.bytes.length;
    const larger = Buffer.allocUnsafeSlow(this.bytes.length + more);
    this.bytes.copy(larger, 0, 0, this.#length);
    this.bytes.copy(larger, unread + more, unread);
    this.bytes = larger;
    this.shift += more;
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
