// Writes rows as lines of COPY text (core/table.ts, EncodedRows), byte by byte.
import type { Cell, EncodedRows } from '../../core/table.js';
import { longEnough } from '../../rows/encoded-rows.js';

const TAB = 9;
const NEWLINE = 10;
const BACKSLASH = 92;

/** The letter that stands for each byte after a backslash (PostgreSQL's CopyAttributeOutText). */
const LETTERS: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\\': '\\',
};
const LETTER_OF = new Uint8Array(256);
for (const [byte, letter] of Object.entries(LETTERS)) LETTER_OF[byte.charCodeAt(0)] = letter.charCodeAt(0);

export class Lines {
  /** The buffer being written. reserve() may replace it. */
  out: DataView;
  /** The position of the next byte. */
  at = 0;
  #bytes: Buffer;
  #ends = new Int32Array(1 << 13);
  #cells = 0;

  constructor() {
    this.#bytes = Buffer.allocUnsafeSlow(1 << 16);
    this.out = viewOf(this.#bytes);
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    if (this.at + length > this.#bytes.length) this.#grow(this.at + length);
  }

  endCell(): void {
    this.#end(TAB);
  }

  endLine(): void {
    this.#end(NEWLINE);
  }

  cell(cell: Cell): void {
    const text = cell === null ? '\\N' : cell.replace(/[\b\t\n\v\f\r\\]/g, (byte) => `\\${LETTERS[byte]}`);
    // UTF-8 has at most three bytes for a UTF-16 unit.
    this.reserve(text.length * 3);
    this.at += this.#bytes.write(text, this.at, 'utf8');
  }

  /** Copies a cell that is UTF-8 in other bytes, and escapes it. */
  utf8(from: DataView, start: number, end: number): void {
    this.reserve(2 * (end - start));
    const out = this.out;
    let at = this.at;
    let position = start;
    while (position < end) {
      // Four bytes at once while none of them is below 14 or a backslash (Bit Twiddling Hacks, "hasless", "haszero").
      for (; position + 4 <= end; position += 4, at += 4) {
        const word = from.getInt32(position, true);
        const slashes = word ^ 0x5c5c5c5c;
        const special = ((word - 0x0e0e0e0e) & ~word) | ((slashes - 0x01010101) & ~slashes);
        if ((special & 0x80808080) !== 0) break;
        out.setInt32(at, word, true);
      }
      for (const stop = Math.min(position + 4, end); position < stop; position++) {
        const byte = from.getUint8(position);
        const letter = LETTER_OF[byte] as number;
        if (letter !== 0) out.setUint8(at++, BACKSLASH);
        out.setUint8(at++, letter === 0 ? byte : letter);
      }
    }
    this.at = at;
  }

  /**
   * Copies a cell that needs no escapes, unless it has a backslash. Reads up to three bytes after `end`.
   * @returns false, and writes nothing, when there is a backslash
   */
  plain(from: DataView, start: number, end: number): boolean {
    const length = end - start;
    this.reserve(length + 4);
    const { out, at } = this;
    for (let done = 0; done < length; done += 4) {
      const word = from.getInt32(start + done, true);
      const slashes = word ^ 0x5c5c5c5c;
      // A backslash after `end` only costs time: the caller takes the slow path.
      if (((slashes - 0x01010101) & ~slashes & 0x80808080) !== 0) return false;
      out.setInt32(at + done, word, true);
    }
    this.at = at + length;
    return true;
  }

  /** Appends whole lines. @param ends where their cells end */
  join(bytes: Uint8Array, ends: Int32Array): void {
    this.reserve(bytes.length);
    this.#bytes.set(bytes, this.at);
    const cells = this.#cells + ends.length;
    this.#ends = longEnough(this.#ends, cells);
    for (let cell = 0; cell < ends.length; cell++) {
      this.#ends[this.#cells + cell] = this.at + (ends[cell] as number);
    }
    this.#cells = cells;
    this.at += bytes.length;
  }

  /** A copy of what was written since clear(). */
  take(): EncodedRows {
    const bytes = Buffer.allocUnsafeSlow(this.at);
    this.#bytes.copy(bytes, 0, 0, this.at);
    return { bytes, ends: this.#ends.slice(0, this.#cells) };
  }

  clear(): void {
    this.at = 0;
    this.#cells = 0;
  }

  #end(separator: number): void {
    this.reserve(1);
    if (this.#cells === this.#ends.length) this.#ends = longEnough(this.#ends, this.#cells + 1);
    this.#ends[this.#cells++] = this.at;
    this.out.setUint8(this.at++, separator);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.at);
    this.#bytes = larger;
    this.out = viewOf(larger);
  }
}

export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
