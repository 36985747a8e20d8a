// A growing buffer of a content stream's operators.

/** Bytes that are kept ready for what is written next, so that writers check once for a whole cell. */
const ROOM = 4096;
const ZERO = 48;
const MINUS = 45;
const DOT = 46;
const SPACE = 32;

export class ContentBytes {
  bytes = Buffer.allocUnsafeSlow(64 * 1024);
  length = 0;

  /** Makes room for so many bytes, and some more for operators. */
  reserve(count: number): void {
    const needed = this.length + count + ROOM;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** Appends characters up to U+00FF as bytes. */
  add(text: string): void {
    this.reserve(text.length);
    if (text.length > 32) {
      this.length += this.bytes.write(text, this.length, 'latin1');
      return;
    }
    // A loop is faster than a call into Node for a short text.
    for (let at = 0; at < text.length; at++) this.bytes[this.length++] = text.charCodeAt(at);
  }

  append(bytes: Buffer): void {
    this.reserve(bytes.length);
    this.length += bytes.copy(this.bytes, this.length);
  }

  /** Appends an integer. The caller has reserved the room. */
  integer(value: number): void {
    const { bytes } = this;
    let rest = value;
    if (rest < 0) {
      bytes[this.length++] = MINUS;
      rest = -rest;
    }
    let divisor = 1;
    while (divisor * 10 <= rest) divisor *= 10;
    for (; divisor >= 1; divisor /= 10) {
      const digit = Math.floor(rest / divisor);
      bytes[this.length++] = ZERO + digit;
      rest -= digit * divisor;
      if (divisor === 1) return;
    }
  }

  /** Appends a number of hundredths, such as `-12.5` for -1250, and a space. It makes no string: rows have several. */
  hundredths(value: number): void {
    this.reserve(32);
    const { bytes } = this;
    const positive = Math.abs(value);
    const whole = Math.floor(positive / 100);
    const decimals = positive % 100;
    if (value < 0) bytes[this.length++] = MINUS;
    this.integer(whole);
    if (decimals > 0) {
      bytes[this.length++] = DOT;
      bytes[this.length++] = ZERO + Math.floor(decimals / 10);
      if (decimals % 10 > 0) bytes[this.length++] = ZERO + (decimals % 10);
    }
    bytes[this.length++] = SPACE;
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** A length in points as PDF spells it: at most two decimals. */
export function points(value: number): string {
  return String(Math.round(value * 100) / 100);
}
