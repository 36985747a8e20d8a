// How much room the cells of a column need to be seen: gathered while they are written, for the widths and the decimals.

/** No column becomes wider for a text, in characters. */
export const WIDEST_TEXT = 60;
/** More decimals are no scale that somebody chose, but those of a division or a float. */
export const MOST_DECIMALS = 10;
/** So many of those are shown. */
const ROUNDED_DECIMALS = 6;
/** The digits of a number that a spreadsheet shows. */
const SHOWN_DIGITS = 15;

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

  /** A number in plain digits. @param dot the position of its dot, or -1 */
  addNumber(bytes: Uint8Array, start: number, end: number, dot: number): void {
    const whole = (dot === -1 ? end : dot) - start;
    if (whole > this.whole) this.whole = whole;
    let decimals = dot === -1 ? 0 : end - dot - 1;
    if (decimals > MOST_DECIMALS) decimals = usefulDecimals(bytes, start, end, dot);
    if (decimals > this.mostDecimals) this.mostDecimals = decimals;
    if (decimals < this.fewestDecimals) this.fewestDecimals = decimals;
  }

  /**
   * The decimals with which all numbers of the column are shown: the scale, where all of them have the same; else as many as
   * the longest has and at least two, since numbers without a scale are written without their last zeros.
   */
  get decimals(): number {
    if (this.fewestDecimals >= this.mostDecimals) return this.mostDecimals;
    return Math.max(2, this.mostDecimals);
  }

  get hasNumbers(): boolean {
    return this.fewestDecimals !== Number.POSITIVE_INFINITY;
  }
}

/** The decimals of a number with many: without the zeros of an average, and without the noise of a float. */
function usefulDecimals(bytes: Uint8Array, start: number, end: number, dot: number): number {
  let last = end;
  while (bytes[last - 1] === ZERO) last -= 1;
  if (last - dot - 1 <= MOST_DECIMALS) return last - dot - 1;
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  const [, fraction = ''] = Number(text).toPrecision(SHOWN_DIGITS).replace(/0+$/, '').split('.');
  return fraction.length <= MOST_DECIMALS ? fraction.length : ROUNDED_DECIMALS;
}
