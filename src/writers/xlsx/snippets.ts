// Writes short pieces of XML eight bytes at a time: faster than a call into Node for each piece.
import { endianness } from 'node:os';

/** A text that is written in whole words of eight bytes. The bytes after its end are overwritten by the next write. */
export interface Snippet {
  /** Doubles with the bytes of the text. Eight bytes of ASCII are never NaN, the only double whose bits a copy may change. */
  readonly words: Float64Array;
  readonly length: number;
}

/** The most bytes that put() writes beyond a snippet's end. */
export const OVERRUN = 7;

const ZERO = 48;
const DOT = 46;

/** @param text ASCII */
export function snippet(text: string): Snippet {
  const words = new Float64Array(Math.ceil(text.length / 8));
  Buffer.from(words.buffer).write(text, 'latin1');
  return { words, length: text.length };
}

/** Writes the snippet at a position. @returns the position behind it */
export function put(view: DataView, at: number, { words, length }: Snippet): number {
  // Write in the byte order of this machine, in which snippet() read the bytes.
  for (let index = 0; index < words.length; index++) {
    view.setFloat64(at + index * 8, words[index] as number, IS_LITTLE_ENDIAN);
  }
  return at + length;
}

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Writes a whole number from 0 to 2^31 - 1. @returns the position behind it */
export function putInteger(view: DataView, at: number, value: number): number {
  let length = 1;
  for (let limit = 10; value >= limit; limit *= 10) length += 1;
  let rest = value;
  for (let place = at + length - 1; place >= at; place--) {
    const tens = Math.floor(rest / 10);
    view.setUint8(place, ZERO + rest - tens * 10);
    rest = tens;
  }
  return at + length;
}

/** Writes a dot and decimals without trailing zeros; nothing for zero. @returns the position behind them */
export function putDecimals(view: DataView, at: number, value: number, decimals: number): number {
  if (value === 0) return at;
  view.setUint8(at, DOT);
  let end = at + 1;
  let rest = value;
  // Two halves, each small enough for 32-bit arithmetic.
  const half = 10 ** (decimals / 2);
  const high = Math.floor(rest / half);
  const low = rest - high * half;
  for (let place = at + decimals; place > at; place--) {
    if (place === at + decimals) rest = low;
    else if (place === at + decimals / 2) rest = high;
    const tens = (rest / 10) | 0;
    const digit = rest - tens * 10;
    rest = tens;
    view.setUint8(place, ZERO + digit);
    if (digit !== 0 && end === at + 1) end = place + 1;
  }
  return end;
}

/** A snippet that holds a number; increment() usually changes one byte. */
export class Counting implements Snippet {
  words: Float64Array = new Float64Array(0);
  length = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Positions of the number's digits. */
  readonly #start: number;
  #end = 0;
  readonly #before: string;
  readonly #after: string;

  constructor(before: string, after: string, value: number) {
    this.#before = before;
    this.#after = after;
    this.#start = before.length;
    this.set(value);
  }

  set(value: number): void {
    const { words, length } = snippet(`${this.#before}${value}${this.#after}`);
    this.words = words;
    this.length = length;
    this.#bytes = new Uint8Array(words.buffer);
    this.#end = length - this.#after.length;
  }

  increment(): void {
    const bytes = this.#bytes;
    let at = this.#end - 1;
    while (at >= this.#start && bytes[at] === ZERO + 9) bytes[at--] = ZERO;
    if (at >= this.#start) bytes[at] = (bytes[at] as number) + 1;
    // All digits were nines: the number gets one digit more.
    else this.set(10 ** (this.#end - this.#start));
  }
}
