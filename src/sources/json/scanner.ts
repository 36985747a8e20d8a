// Walks the structure of JSON over bytes, checks all of it, and notes where the values of known fields are.
import { viewOf } from '../documents/lines.js';
import {
  ARRAY,
  BACKSLASH,
  behindPlain,
  COLON,
  COMMA,
  DOT,
  isDigit,
  LETTER_E,
  MINUS,
  NEW_LINE,
  NINE,
  OBJECT,
  QUOTE,
  SPACE,
  TO_CLOSING,
  ZERO,
} from './ascii.js';
import { type Field, type Fields, meetField } from './fields.js';

/** The JSON is wrong at `at`, an index of the scanner's bytes. */
export class BrokenJson extends Error {
  readonly at: number;
  readonly hint: string;
  constructor(reason: string, at: number, hint = 'Correct the file, or export it again.') {
    super(reason);
    this.at = at;
    this.hint = hint;
  }
}

/** The bytes ended in the middle; with more of them it may be right. Thrown as it is: a stack for each chunk would cost. */
export const OUT_OF_BYTES = new Error('the bytes end in the middle of a document');

/** Bytes behind the one at `end` that may be read, whatever they are: four are looked at together. */
export const SLACK = 4;

/** How deep objects and arrays may stand in each other; MongoDB takes 100. */
const DEEPEST = 1000;

/** By the first byte. */
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
 * Positions are indexes of `bytes`; every method takes where something begins and returns where it has ended. The byte
 * at `end` must be 0, which is wrong everywhere in JSON, so that no loop has to look whether the bytes are at an end.
 */
export class Scanner {
  bytes: Buffer = Buffer.alloc(1 + SLACK);
  /** The same bytes, to be read four at once. */
  view = viewOf(this.bytes);
  end = 0;
  /** Line feeds passed so far. */
  lines = 0;
  readonly #open = new Uint8Array(DEEPEST);

  /** @throws BrokenJson, or OUT_OF_BYTES when `at` is not before the end */
  stop(at: number, reason: string): never {
    if (at >= this.end) throw OUT_OF_BYTES;
    throw new BrokenJson(reason, at);
  }

  /** Nobody can say which of the two is right: JSON.parse takes the last one, MongoDB keeps both. */
  twice(name: string, at: number): never {
    this.stop(at, `the field ${JSON.stringify(name)} stands twice in one object`);
  }

  /** Walks over bytes a second time; their lines were counted the first time. */
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
   * An object, from behind its opening brace, whose fields are known: notes each under the number of this scan.
   * @throws BrokenJson, also for a name that stands twice
   */
  object(fields: Fields, from: number, scan: number): number {
    const bytes = this.bytes;
    let at = this.space(from);
    if (bytes[at] === OBJECT + TO_CLOSING) return at + 1;
    let previous: Field | undefined;
    for (;;) {
      let field = previous === undefined ? fields.first : previous.next;
      let start = field === undefined ? 0 : this.#behindKnown(field, at);
      if (start === 0) {
        if (bytes[at] !== QUOTE) this.stop(at, `${this.shown(at)} where a field's name in quotes should be`);
        const behindName = this.string(at);
        field = meetField(fields, this.nameAt(at, behindName));
        if (previous === undefined) fields.first = field;
        else previous.next = field;
        start = this.#behindColon(behindName);
      } else if ((bytes[start] as number) <= SPACE) start = this.space(start);
      let behind: number;
      if (field === undefined) behind = this.value(start);
      else {
        if (field.seenIn === scan) this.twice(field.name, start);
        field.seenIn = scan;
        field.documents += 1;
        field.start = start;
        const first = bytes[start] as number;
        if (first === QUOTE) behind = this.string(start);
        else if (isDigit(first)) behind = this.#number(start);
        else if (first === OBJECT && field.inside !== undefined)
          behind = this.object(field.inside, start + 1, scan);
        else behind = this.value(start);
        field.end = behind;
        previous = field;
      }
      if (bytes[behind] === COMMA && bytes[behind + 1] === QUOTE) at = behind + 1;
      else {
        at = this.space(behind);
        if (bytes[at] === OBJECT + TO_CLOSING) return at + 1;
        at = this.#behindComma(at, OBJECT);
      }
    }
  }

  /** Any value. Iterates, because data decides how deep it goes. */
  value(from: number): number {
    const bytes = this.bytes;
    const open = this.#open;
    let depth = 0;
    let at = from;
    for (;;) {
      const first = bytes[at] as number;
      if (first === OBJECT || first === ARRAY) {
        if (depth === DEEPEST) this.stop(at, `objects and arrays in each other more than ${DEEPEST} deep`);
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
          at = this.#behindComma(at, bracket);
          if (bracket === OBJECT) at = this.#name(at);
          break;
        }
        depth -= 1;
        at += 1;
      }
    }
  }

  /** A string, from its opening quote to behind its closing one. */
  string(from: number): number {
    const { bytes, view } = this;
    let at = from + 1;
    for (;;) {
      at = behindPlain(view, at);
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
      } else if (ESCAPED[bytes[at] as number] !== 1) this.stop(at, `${this.shown(at)} behind a backslash`);
      at += 1;
    }
  }

  /** The text of a name between its quotes. */
  nameAt(from: number, behind: number): string {
    const text = this.bytes.toString('utf8', from + 1, behind - 1);
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
  }

  /** A byte for a message. */
  shown(at: number): string {
    const byte = this.bytes[at] as number;
    return byte > 0x20 && byte < 0x7f
      ? `"${String.fromCharCode(byte)}"`
      : `byte 0x${byte.toString(16).padStart(2, '0')}`;
  }

  /** Behind the colon when the field's name and a colon are here, else 0. */
  #behindKnown({ words, lastMask, length }: Field, from: number): number {
    const view = this.view;
    const last = from + 4 * (words.length - 1);
    // A name holds no 0, so that it never goes on behind the end.
    if (last >= this.end) return 0;
    let index = 0;
    let at = from;
    for (; at < last; at += 4, index += 1) if (view.getInt32(at, true) !== words[index]) return 0;
    return (view.getInt32(last, true) & lastMask) === words[index] ? from + length : 0;
  }

  /** From a name to its value. */
  #name(at: number): number {
    if (this.bytes[at] !== QUOTE) this.stop(at, `${this.shown(at)} where a field's name in quotes should be`);
    return this.#behindColon(this.string(at));
  }

  #behindColon(from: number): number {
    const bytes = this.bytes;
    const at = bytes[from] === COLON ? from : this.space(from);
    if (bytes[at] !== COLON) this.stop(at, `${this.shown(at)} where ":" should be`);
    return (bytes[at + 1] as number) > SPACE ? at + 1 : this.space(at + 1);
  }

  #behindComma(at: number, bracket: number): number {
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
    // The letters differ in one bit.
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
