// Parses JSON in bytes: checks the syntax, decodes nothing, and notes where the values of known fields start and end.
import { viewOf } from '../documents/lines.js';
import {
  ARRAY,
  BACKSLASH,
  COLON,
  COMMA,
  DOT,
  isDigit,
  LETTER_E,
  MINUS,
  NEW_LINE,
  NINE,
  OBJECT,
  plainEnd,
  QUOTE,
  SPACE,
  TO_CLOSING,
  ZERO,
} from './ascii.js';
import { type Field, type Fields, meetField } from './fields.js';

/** A syntax error. `at` is an index of the scanner's bytes. */
export class BrokenJson extends Error {
  readonly at: number;
  readonly hint: string;
  constructor(reason: string, at: number, hint = 'Correct the file, or export it again.') {
    super(reason);
    this.at = at;
    this.hint = hint;
  }
}

/** Thrown when the bytes end inside a document: more bytes may complete it. One object, because making a stack for each chunk is slow. */
export const OUT_OF_BYTES = new Error('the bytes end in the middle of a document');

/** Bytes after `end` that must be readable: the scanner compares four bytes at once. Their values do not matter. */
export const SLACK = 4;

/** Levels of nested objects and arrays. MongoDB allows 100. */
const MAX_DEPTH = 1000;

/** The word, by its first byte. */
const LITERALS: Readonly<Record<number, Uint8Array>> = {
  116: Buffer.from('true'),
  102: Buffer.from('false'),
  110: Buffer.from('null'),
};

const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);
const HEX = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9a-f]/i.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Positions are indexes of `bytes`. Every method takes the position where something starts and returns the position after
 * it. The byte at `end` must be 0: JSON allows it nowhere, so no loop has to test for the end.
 */
export class Scanner {
  bytes: Buffer = Buffer.alloc(1 + SLACK);
  /** A view of `bytes`, for reading four bytes at once. */
  view = viewOf(this.bytes);
  end = 0;
  /** Line feeds passed so far. */
  lines = 0;
  /** Set by #field(): where the value of that field starts. */
  #valueStart = 0;
  /** The brackets that are open, outermost first. */
  readonly #open = new Uint8Array(MAX_DEPTH);

  /** @throws BrokenJson, or OUT_OF_BYTES when `at` is not before the end */
  stop(at: number, reason: string): never {
    if (at >= this.end) throw OUT_OF_BYTES;
    throw new BrokenJson(reason, at);
  }

  /** A repeated name is an error: JSON.parse keeps the last value, MongoDB keeps both, and neither is known to be right. */
  twice(name: string, at: number): never {
    this.stop(at, `the field ${JSON.stringify(name)} stands twice in one object`);
  }

  /** Parses bytes a second time without counting their lines again. */
  again<T>(walk: () => T): T {
    const { lines } = this;
    const result = walk();
    this.lines = lines;
    return result;
  }

  space(from: number): number {
    const bytes = this.bytes;
    let at = from;
    for (;;) {
      const byte = bytes[at] as number;
      if (byte > 0x20) return at;
      if (byte === NEW_LINE) this.lines += 1;
      else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return at;
      at += 1;
    }
  }

  /**
   * Reads an object whose fields are known, from after its opening brace, and notes where each field's value is.
   * @param scan the number of this scan; a field with this number in `seenIn` belongs to this document
   * @throws BrokenJson, also for a name that stands twice
   */
  object(fields: Fields, from: number, scan: number): number {
    const bytes = this.bytes;
    let at = this.space(from);
    if (bytes[at] === OBJECT + TO_CLOSING) return at + 1;
    let previous: Field | undefined;
    for (;;) {
      const field = this.#field(fields, previous, at);
      const start = this.#valueStart;
      const end = field === undefined ? this.value(start) : this.#fieldValue(field, start, scan);
      previous = field ?? previous;
      // Compact JSON: the next name follows the comma directly.
      if (bytes[end] === COMMA && bytes[end + 1] === QUOTE) at = end + 1;
      else {
        at = this.space(end);
        if (bytes[at] === OBJECT + TO_CLOSING) return at + 1;
        at = this.#afterComma(at, OBJECT);
      }
    }
  }

  /**
   * The field whose name is at `at`; undefined when the object has too many names to know them all. Tries the field first
   * that came next in the last document. Sets `#valueStart`.
   */
  #field(fields: Fields, previous: Field | undefined, at: number): Field | undefined {
    const bytes = this.bytes;
    const expected = previous === undefined ? fields.first : previous.next;
    const start = expected === undefined ? 0 : this.#afterName(expected, at);
    if (start !== 0) {
      this.#valueStart = (bytes[start] as number) <= SPACE ? this.space(start) : start;
      return expected;
    }
    if (bytes[at] !== QUOTE) this.stop(at, `${this.shown(at)} where a field's name in quotes should be`);
    const nameEnd = this.string(at);
    const field = meetField(fields, this.nameAt(at, nameEnd));
    if (previous === undefined) fields.first = field;
    else previous.next = field;
    this.#valueStart = this.#afterColon(nameEnd);
    return field;
  }

  /** Notes where the field's value starts and ends; looks into an object when a path leads on. */
  #fieldValue(field: Field, start: number, scan: number): number {
    if (field.seenIn === scan) this.twice(field.name, start);
    field.seenIn = scan;
    field.documents += 1;
    field.start = start;
    const first = this.bytes[start] as number;
    let end: number;
    if (first === QUOTE) end = this.string(start);
    else if (isDigit(first)) end = this.#number(start);
    else if (first === OBJECT && field.inside !== undefined) end = this.object(field.inside, start + 1, scan);
    else end = this.value(start);
    field.end = end;
    return end;
  }

  /** Any value. A loop instead of recursion, because the data decide how deep values are nested. */
  value(from: number): number {
    const bytes = this.bytes;
    const open = this.#open;
    let depth = 0;
    let at = from;
    for (;;) {
      const first = bytes[at] as number;
      if (first === OBJECT || first === ARRAY) {
        if (depth === MAX_DEPTH)
          this.stop(at, `objects and arrays in each other more than ${MAX_DEPTH} deep`);
        open[depth] = first;
        depth += 1;
        at = this.space(at + 1);
        if (bytes[at] !== first + TO_CLOSING) {
          if (first === OBJECT) at = this.#name(at);
          continue;
        }
        depth -= 1;
        at += 1;
      } else if (first === QUOTE) at = this.string(at);
      else if (first === MINUS || (first >= ZERO && first <= NINE)) at = this.#number(at);
      else at = this.#literal(at);
      for (;;) {
        if (depth === 0) return at;
        at = this.space(at);
        const bracket = open[depth - 1] as number;
        if (bytes[at] !== bracket + TO_CLOSING) {
          at = this.#afterComma(at, bracket);
          if (bracket === OBJECT) at = this.#name(at);
          break;
        }
        depth -= 1;
        at += 1;
      }
    }
  }

  /** A string with its quotes. */
  string(from: number): number {
    const { bytes, view } = this;
    let at = from + 1;
    for (;;) {
      at = plainEnd(view, at);
      const byte = bytes[at] as number;
      if (byte === QUOTE) return at + 1;
      if (byte !== BACKSLASH)
        this.stop(at, `the control character ${this.shown(at)} in a string, not escaped`);
      at += 1;
      if (bytes[at] === 0x75) {
        for (const last = at + 4; at < last; ) {
          at += 1;
          if (HEX[bytes[at] as number] !== 1)
            this.stop(at, `${this.shown(at)} where \\u needs a hexadecimal digit`);
        }
      } else if (ESCAPED[bytes[at] as number] !== 1) this.stop(at, `${this.shown(at)} after a backslash`);
      at += 1;
    }
  }

  /** The text of a name between its quotes. */
  nameAt(from: number, end: number): string {
    const text = this.bytes.toString('utf8', from + 1, end - 1);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  /** A byte for a message. */
  shown(at: number): string {
    const byte = this.bytes[at] as number;
    return byte > 0x20 && byte < 0x7f
      ? `"${String.fromCharCode(byte)}"`
      : `byte 0x${byte.toString(16).padStart(2, '0')}`;
  }

  /** The position after the colon when this field's name and a colon are at `from`, else 0. */
  #afterName({ words, lastMask, length }: Field, from: number): number {
    const view = this.view;
    const last = from + 4 * (words.length - 1);
    // The byte at `end` is 0 and no name holds a 0, so a name that matches ends before `end`.
    if (last >= this.end) return 0;
    let index = 0;
    let at = from;
    for (; at < last; at += 4, index += 1) if (view.getInt32(at, true) !== words[index]) return 0;
    return (view.getInt32(last, true) & lastMask) === words[index] ? from + length : 0;
  }

  /** A name in an object, and its colon; returns where the value starts. */
  #name(at: number): number {
    if (this.bytes[at] !== QUOTE) this.stop(at, `${this.shown(at)} where a field's name in quotes should be`);
    return this.#afterColon(this.string(at));
  }

  #afterColon(from: number): number {
    const bytes = this.bytes;
    const at = bytes[from] === COLON ? from : this.space(from);
    if (bytes[at] !== COLON) this.stop(at, `${this.shown(at)} where ":" should be`);
    return (bytes[at + 1] as number) > SPACE ? at + 1 : this.space(at + 1);
  }

  #afterComma(at: number, bracket: number): number {
    const bytes = this.bytes;
    if (bytes[at] !== COMMA)
      this.stop(at, `${this.shown(at)} where "," or "${closingOf(bracket)}" should be`);
    const next = (bytes[at + 1] as number) > SPACE ? at + 1 : this.space(at + 1);
    if (bytes[next] === bracket + TO_CLOSING) this.stop(next, `a comma before "${closingOf(bracket)}"`);
    return next;
  }

  #number(from: number): number {
    const bytes = this.bytes;
    const whole = bytes[from] === MINUS ? from + 1 : from;
    let at = whole;
    while (isDigit(bytes[at] as number)) at += 1;
    if (at === whole) this.#noDigit(at);
    if (bytes[whole] === ZERO && at > whole + 1) this.stop(whole, 'a number that begins with 0');
    if (bytes[at] === DOT) {
      const fraction = at + 1;
      at = fraction;
      while (isDigit(bytes[at] as number)) at += 1;
      if (at === fraction) this.#noDigit(at);
    }
    // E and e differ in one bit.
    if (((bytes[at] as number) | 0x20) !== LETTER_E) return at;
    at += 1;
    if (bytes[at] === 0x2b || bytes[at] === MINUS) at += 1;
    const exponent = at;
    while (isDigit(bytes[at] as number)) at += 1;
    if (at === exponent) this.#noDigit(at);
    return at;
  }

  #noDigit(at: number): never {
    this.stop(at, `${this.shown(at)} where a digit should be`);
  }

  #literal(from: number): number {
    const word = LITERALS[this.bytes[from] as number];
    if (word === undefined) this.stop(from, `${this.shown(from)} where a value should be`);
    for (let index = 1; index < word.length; index += 1) {
      if (this.bytes[from + index] !== word[index])
        this.stop(from + index, 'a word that is not true, false or null');
    }
    return from + word.length;
  }
}

function closingOf(bracket: number): string {
  return String.fromCharCode(bracket + TO_CLOSING);
}
