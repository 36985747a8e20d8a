// Short pieces of XML, written eight bytes at a time: a call into Node for each would cost more than the bytes.
import { endianness } from 'node:os';

/** A text whose bytes are written in whole words; the bytes after its end are overwritten by what follows. */
export interface Snippet {
  /** Eight bytes of ASCII are never NaN, the only double whose bits may change on the way. */
  readonly words: Float64Array;
  readonly length: number;
}

/** The most bytes that `put` writes beyond a snippet's end. */
export const OVERRUN = 7;

const ZERO = 48;
const DOT = 46;

/** @param text ASCII */
export function snippet(text: string): Snippet {
  const words = new Float64Array(Math.ceil(text.length / 8));
  Buffer.from(words.buffer).write(text, 'latin1');
  return { words, length: text.length };
}

/** @returns where it ends */
export function put(view: DataView, at: number, { words, length }: Snippet): number {
  // The words have the byte order of this machine on their way in and out.
  for (let index = 0; index < words.length; index++) {
    view.setFloat64(at + index * 8, words[index] as number, IS_LITTLE_ENDIAN);
  }
  return at + length;
}

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** A whole number from 0 to 2^31 - 1. @returns where it ends */
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

/** A dot and so many decimals without the zeros at their end; nothing for zero. @returns where they end */
export function putDecimals(view: DataView, at: number, value: number, decimals: number): number {
  if (value === 0) return at;
  view.setUint8(at, DOT);
  let end = at + 1;
  let rest = value;
  // Halves small enough for integer arithmetic.
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

/** A snippet with a number in it that grows by one, most often by changing one byte. */
export class Counting implements Snippet {
  words: Float64Array = new Float64Array(0);
  length = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Of the number's digits. */
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
    // Only nines: one more digit.
    else this.set(10 ** (this.#end - this.#start));
  }
}
