// Bytes that are mostly those of another buffer, with insertions: copied in runs as long as they can be.

/** Runs shorter than this are copied faster by a loop than by a call into Node (measured on Node 20). */
const SHORT = 48;

export class Output {
  readonly #source: Buffer;
  #bytes: Buffer | undefined;
  #length = 0;
  /** The source is copied up to here. */
  #copied = 0;
  #markedLength = 0;
  #markedCopied = 0;

  constructor(source: Buffer) {
    this.#source = source;
  }

  /** A text in place of the source's bytes from `start` to `end`; insertions come in their order. */
  insert(text: string, start: number, end: number): void {
    this.#copyUpTo(start);
    this.#copied = end;
    if (text === '') return;
    if (text.length < SHORT && isAscii(text)) {
      const bytes = this.#room(text.length);
      for (let at = 0; at < text.length; at++) bytes[this.#length++] = text.charCodeAt(at);
    } else {
      // UTF-8 has at most three bytes for a UTF-16 unit.
      this.#length += this.#room(text.length * 3).write(text, this.#length, 'utf8');
    }
  }

  /** What is inserted from here on can be taken back. */
  mark(): void {
    this.#markedLength = this.#length;
    this.#markedCopied = this.#copied;
  }

  backToMark(): void {
    this.#length = this.#markedLength;
    this.#copied = this.#markedCopied;
  }

  /** The whole; without insertions it is the source itself. */
  finish(): Buffer {
    if (this.#length === 0 && this.#copied === 0) return this.#source;
    this.#copyUpTo(this.#source.length);
    return this.#room(0).subarray(0, this.#length);
  }

  #copyUpTo(end: number): void {
    const count = end - this.#copied;
    if (count <= 0) return;
    const bytes = this.#room(count);
    if (count < SHORT) {
      const source = this.#source;
      for (let at = this.#copied; at < end; at++) bytes[this.#length++] = source[at] as number;
    } else {
      this.#source.copy(bytes, this.#length, this.#copied, end);
      this.#length += count;
    }
    this.#copied = end;
  }

  #room(count: number): Buffer {
    const needed = this.#length + count;
    if (this.#bytes !== undefined && needed <= this.#bytes.length) return this.#bytes;
    const larger = Buffer.allocUnsafe(Math.max(needed * 2, this.#source.length + (this.#source.length >> 3)));
    this.#bytes?.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    return larger;
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
