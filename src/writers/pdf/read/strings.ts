// The strings of a content stream (ISO 32000-1, 7.3.4), collected as the texts of cells.
import type { Cell } from '../../../core/table.js';
import { damaged } from './damaged.js';

const RETURN = 13;
const OPEN = 40;
const CLOSE = 41;
const GREATER = 62;
const BACKSLASH = 92;
const NONE = -1;

/** Bytes that stand for themselves between parentheses. */
const PLAIN = new Uint8Array(256).fill(1);
/** What a byte behind a backslash stands for, or NONE. */
const ESCAPED = new Int16Array(256).fill(NONE);
for (const byte of [OPEN, CLOSE, BACKSLASH, RETURN]) PLAIN[byte] = 0;
for (const byte of [OPEN, CLOSE, BACKSLASH]) ESCAPED[byte] = byte;
ESCAPED['r'.charCodeAt(0)] = RETURN;
/** The value of a digit, or NONE. */
const DIGITS = new Int16Array(256).fill(NONE);
for (const [value, byte] of Buffer.from('0123456789ABCDEF').entries()) DIGITS[byte] = value;
/** The first character of a text in hexadecimal digits (7.9.2.2). */
const MARK = Buffer.from('<FEFF');

/** The texts of the cells of a page. */
export class CellTexts {
  /** The content stream. */
  #source: Buffer = Buffer.alloc(0);
  /** UTF-16LE. */
  #bytes: Buffer = Buffer.alloc(0);
  /** Bytes in `#bytes`, and those of them that belong to cells. */
  #length = 0;
  #taken = 0;
  /** By cell: where its text ends, in UTF-16 units. */
  #ends = new Int32Array(0);
  #nulls = new Uint8Array(0);
  #count = 0;
  #text = '';
  readonly #place: () => string;

  /** @param place the present position, for messages */
  constructor(place: () => string) {
    this.#place = place;
  }

  /** The number of cells. */
  get count(): number {
    return this.#count;
  }

  /** Forgets all cells. */
  begin(source: Buffer): void {
    this.#source = source;
    // An ASCII character in properties becomes two bytes, an empty string of two bytes becomes a cell.
    if (2 * source.length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafe(2 * source.length);
      this.#ends = new Int32Array((source.length >> 1) + 1);
      this.#nulls = new Uint8Array((source.length >> 1) + 1);
    }
    this.#length = 0;
    this.#taken = 0;
    this.#count = 0;
  }

  /** All cells are complete. */
  end(): void {
    this.#text = this.#bytes.toString('utf16le', 0, this.#length);
  }

  /** Valid after end(). */
  cell(index: number): Cell {
    if (this.#nulls[index] === 1) return null;
    return this.#text.slice(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
  }

  /** What was read since the last cell is a cell. @param isNullable whether it is null when it is empty */
  endCell(isNullable: boolean): void {
    this.#nulls[this.#count] = isNullable && this.#length === this.#taken ? 1 : 0;
    this.#ends[this.#count++] = this.#length >> 1;
    this.#taken = this.#length;
  }

  /** A position to which undo() goes back. */
  get length(): number {
    return this.#length;
  }

  /** Forgets what was read. @param length where: since the last cell without one */
  undo(length: number = this.#taken): void {
    this.#length = length;
  }

  /** A literal string in UTF-16BE. @param start of its parenthesis. @returns the position behind it */
  drawn(start: number): number {
    const source = this.#source;
    const target = this.#bytes;
    let to = this.#length;
    let at = start + 1;
    for (;;) {
      let high = source[at] as number;
      if (high === CLOSE) break;
      let low = source[at + 1] as number;
      if (PLAIN[high] === 1 && PLAIN[low] === 1) at += 2;
      else {
        high = this.#byte(at);
        at += source[at] === BACKSLASH ? 2 : 1;
        low = this.#byte(at);
        at += source[at] === BACKSLASH ? 2 : 1;
      }
      target[to] = low;
      target[to + 1] = high;
      to += 2;
    }
    this.#length = to;
    return at + 1;
  }

  /** A text string of properties (7.9.2.2). @param start of its bracket. @returns the position behind it */
  text(start: number): number {
    const source = this.#source;
    if (source[start] !== OPEN) return this.#hexadecimal(start);
    let at = start + 1;
    while (source[at] !== CLOSE) {
      const byte = this.#byte(at);
      if (byte < 32 || byte > 126) throw damaged(`${this.#place()} has a text that is not ASCII`);
      at += source[at] === BACKSLASH ? 2 : 1;
      this.#unit(byte);
    }
    return at + 1;
  }

  #hexadecimal(start: number): number {
    const source = this.#source;
    const end = source.indexOf(GREATER, start);
    const isMarked = MARK.equals(source.subarray(start, start + MARK.length));
    if (!isMarked || end === -1 || (end - start) % 4 !== 1) throw damaged(`${this.#place()} has an odd text`);
    for (let at = start + MARK.length; at < end; at += 4) {
      let unit = 0;
      for (let digit = at; digit < at + 4; digit++) {
        const value = DIGITS[source[digit] as number] as number;
        if (value === NONE) throw damaged(`${this.#place()} has a text with digits that are none`);
        unit = 16 * unit + value;
      }
      this.#unit(unit);
    }
    return end + 1;
  }

  #unit(unit: number): void {
    this.#bytes[this.#length++] = unit & 0xff;
    this.#bytes[this.#length++] = unit >> 8;
  }

  /** The byte that stands here, for itself or behind a backslash. */
  #byte(at: number): number {
    const byte = this.#source[at] as number;
    if (PLAIN[byte] === 1) return byte;
    const escaped = byte === BACKSLASH ? (ESCAPED[this.#source[at + 1] as number] ?? NONE) : NONE;
    if (escaped === NONE) throw damaged(`${this.#place()} has a string that does not end as it should`);
    return escaped;
  }
}
