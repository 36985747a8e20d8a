// Edits a copy of a buffer with insertions and cuts; unchanged bytes are moved in runs as long as possible.

/** Texts shorter than this are written faster by a loop than by a call into Node (measured on Node 20). */
const SHORT = 48;

/**
 * The source is copied to the end of a larger buffer, and the result is written from its beginning. The write position stays
 * behind the read position unless insertions need more than the room before the source; then the buffer grows.
 */
export class Output {
  /** The source's byte at a position is at the position plus `shift`, as long as it is not passed. Both may change at an insertion. */
  bytes = Buffer.alloc(0);
  shift = 0;
  #length = 0;
  /** Positions in the source: what is before the first is written or cut, and it ends at the second. */
  #passed = 0;
  #end = 0;

  /** Starts with another source. The former result is overwritten: one buffer is reused, so nothing is garbage. */
  begin(source: Buffer): void {
    const needed = 64 + (source.length >> 3) + source.length;
    if (needed > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(needed);
    this.shift = this.bytes.length - source.length;
    this.#end = source.length;
    this.#length = this.#passed = 0;
    source.copy(this.bytes, this.shift);
  }

  /** Leaves out the source's bytes from `start` to `end`. Cuts and insertions must come in ascending order. */
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
