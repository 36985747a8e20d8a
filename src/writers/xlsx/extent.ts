// How much room the cells of a column need to be seen: gathered while they are written, for the widths and the decimals.

/** No column becomes wider for a text, in characters. */
export const WIDEST_TEXT = 60;
/** More decimals are no scale that somebody chose, but those of a division or a float. */
export const MOST_DECIMALS = 10;
/** The digits of a number that a spreadsheet shows. */
const SHOWN_DIGITS = 15;
/** A number that still has so many after it was rounded to those is a result that no scale holds. */
const ENDLESS_DIGITS = 14;
/** Of such numbers so many digits are shown, and at least two decimals. */
const ROUNDED_DIGITS = 6;

const ZERO = 48;
const UPPER_A = 65;
const UPPER_Z = 90;
/** Bytes of UTF-8: what continues a character, and what begins one from U+3000 on, which is about twice as wide as a digit. */
const CONTINUES = 0x80;
const BEGINS = 0xc0;
const BEGINS_WIDE = 0xe3;
/** A capital is so much wider than a digit, in most fonts. */
const CAPITAL = 0.2;

/** Plain numbers, since a cell of every row compares them. */
export class Extent {
  /** The characters of the longest line of a text. */
  characters = 0;
  /** Its width in digits of the font. */
  textWidth = 0;
  /** The most characters of a number before its dot, the sign included. */
  whole = 0;
  mostDecimals = 0;
  /** Infinity while there was no number. */
  fewestDecimals = Number.POSITIVE_INFINITY;
  /** Whether a number had decimals without an end, as a quotient has, or a product of floating-point numbers. */
  #isEndless = false;
  /** Whether a timestamp had a fraction of a second. */
  hasFraction = false;

  /** A text of one line in UTF-8. */
  addLine(bytes: Uint8Array, start: number, end: number): void {
    if (this.characters >= WIDEST_TEXT) return;
    let characters = 0;
    let width = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >= CONTINUES && byte < BEGINS) continue;
      characters += 1;
      width += byte >= BEGINS_WIDE ? 2 : byte >= UPPER_A && byte <= UPPER_Z ? 1 + CAPITAL : 1;
    }
    if (characters <= this.characters) return;
    this.characters = characters;
    this.textWidth = Math.max(this.textWidth, width);
  }

  addText(text: string): void {
    for (const line of text.split('\n')) {
      const bytes = Buffer.from(line.slice(0, WIDEST_TEXT));
      this.addLine(bytes, 0, bytes.length);
    }
  }

  /** A number in plain digits. @param dot the position of its dot, or -1. @param significant its digits up to the last that is not 0 */
  addNumber(bytes: Uint8Array, start: number, end: number, dot: number, significant: number): void {
    const whole = (dot === -1 ? end : dot) - start;
    if (whole > this.whole) this.whole = whole;
    let decimals = dot === -1 ? 0 : end - dot - 1;
    if (decimals > MOST_DECIMALS || (significant > SHOWN_DIGITS && decimals > 0)) {
      decimals = this.#usefulDecimals(bytes, start, end, dot);
    }
    if (decimals > this.mostDecimals) this.mostDecimals = decimals;
    if (decimals < this.fewestDecimals) this.fewestDecimals = decimals;
  }

  /**
   * The decimals with which all numbers of the column are shown: the scale, where all of them have the same; else as many as
   * the longest has and at least two, since numbers without a scale are written without their last zeros.
   */
  get decimals(): number {
    if (this.#isEndless) return Math.max(2, ROUNDED_DIGITS - this.whole);
    if (this.fewestDecimals >= this.mostDecimals) return this.mostDecimals;
    return Math.max(2, this.mostDecimals);
  }

  get hasNumbers(): boolean {
    return this.fewestDecimals !== Number.POSITIVE_INFINITY;
  }

  /** The decimals of a number with many: without the zeros of an average, and without the noise of a float. */
  #usefulDecimals(bytes: Uint8Array, start: number, end: number, dot: number): number {
    let last = end;
    while (bytes[last - 1] === ZERO) last -= 1;
    const plain = last - dot - 1;
    if (this.#isEndless || (plain <= MOST_DECIMALS && last - start <= SHOWN_DIGITS)) return plain;
    const text = Buffer.from(bytes.subarray(start, last)).toString('latin1');
    const rounded = Number(text).toPrecision(SHOWN_DIGITS);
    // So small a number that it has an exponent.
    if (rounded.includes('e')) return Math.min(MOST_DECIMALS, plain);
    const [whole = '', fraction = ''] = rounded.replace(/(?<!0)0+$/, '').split('.');
    const digits = `${whole}${fraction}`.replace(/^[-0]+/, '');
    if (digits.length >= ENDLESS_DIGITS) this.#isEndless = true;
    return Math.min(MOST_DECIMALS, fraction.length);
  }
}
