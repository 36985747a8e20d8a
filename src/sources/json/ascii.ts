// The bytes that JSON's structure is spelled with, and steps over many at once.

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
/** From an opening bracket to its closing one, in ASCII, for both kinds. */
export const TO_CLOSING = 2;

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/**
 * The next byte that does not stand for itself inside a string: four at once while none of them is a quote, a backslash or
 * below a space (Bit Twiddling Hacks, "haszero", "hasless"; the lowest byte that they find is always right).
 */
export function behindPlain(view: DataView, from: number): number {
  for (let at = from; ; at += 4) {
    const word = view.getInt32(at, true);
    const quotes = word ^ 0x22222222;
    const slashes = word ^ 0x5c5c5c5c;
    const odd =
      (((quotes - 0x01010101) & ~quotes) |
        ((slashes - 0x01010101) & ~slashes) |
        ((word - 0x20202020) & ~word)) &
      0x80808080;
    if (odd !== 0) return at + ((31 - Math.clz32(odd & -odd)) >> 3);
  }
}
