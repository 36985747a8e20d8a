// The ASCII bytes of JSON syntax, and a fast search for the end of plain text.

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OBJECT = 0x7b;
export const ARRAY = 0x5b;
export const NEW_LINE = 0x0a;
export const SPACE = 0x20;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const NINE = 0x39;
export const DOT = 0x2e;
export const LETTER_E = 0x65;
/** Added to an opening bracket, gives its closing one, for both kinds. */
export const TO_CLOSING = 2;

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/**
 * The position of the next byte that does not stand for itself in a string: a quote, a backslash or a control character.
 * Tests four bytes at once (Bit Twiddling Hacks, "haszero" and "hasless": the lowest byte that they report is always right).
 */
export function plainEnd(view: DataView, from: number): number {
  for (let at = from; ; at += 4) {
    const word = view.getInt32(at, true);
    const quotes = word ^ 0x22222222;
    const slashes = word ^ 0x5c5c5c5c;
    const special =
      (((quotes - 0x01010101) & ~quotes) |
        ((slashes - 0x01010101) & ~slashes) |
        ((word - 0x20202020) & ~word)) &
      0x80808080;
    if (special !== 0) return at + ((31 - Math.clz32(special & -special)) >> 3);
  }
}
