// Writes JSON values as cells of COPY text, copying bytes where the value is simple. The rules are those of documents/value.ts.
import type { Kind } from '../../core/table.js';
import { DateWriter } from '../documents/dates.js';
import type { Lines } from '../documents/lines.js';
import { toCell } from '../documents/value.js';
import { ARRAY, MINUS, NINE, OBJECT, QUOTE, SPACE, ZERO } from './ascii.js';
import { dayAt, EXTENDED, ExtendedPlace, instantAt, numberShape, SHAPE } from './places.js';
import type { Scanner } from './scanner.js';

const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
/** `\N` as a little-endian word. */
const NULL = Buffer.from('\\N').readUInt16LE();
const DAY_LENGTH = 10;
const OBJECT_ID_DIGITS = 24;

export class CellWriter {
  readonly #lines: Lines;
  readonly #dates: DateWriter;
  readonly #extended = new ExtendedPlace();

  constructor(lines: Lines, timezone: string) {
    this.#lines = lines;
    const rules = { timezone, isoText: false };
    this.#dates = new DateWriter(lines, toCell('timestamp', rules), toCell('date', rules));
  }

  /**
   * Writes the cell of the value from `start` to `end`.
   * @returns false, and writes nothing, when the value is not simple or does not fit: decode it with valueAt() then
   */
  write(kind: Kind, scanner: Scanner, start: number, end: number): boolean {
    const { bytes, view } = scanner;
    switch (bytes[start]) {
      case QUOTE:
        if (kind === 'text') return this.#lines.plain(view, start + 1, end - 1);
        if (kind === 'json') return this.#lines.plain(view, start, end);
        return isDated(kind) && this.#isoText(kind, scanner, start + 1, end - 1);
      case OBJECT:
        return this.#object(kind, scanner, start, end);
      case ARRAY:
        return (
          (kind === 'json' || kind === 'text') &&
          isCompactList(bytes, start, end) &&
          this.#lines.plain(view, start, end)
        );
      case LETTER_N:
        this.null();
        return true;
      case LETTER_T:
      case LETTER_F:
        return (
          (kind === 'boolean' || kind === 'text' || kind === 'json') && this.#lines.plain(view, start, end)
        );
      default:
        return this.#number(kind, scanner, start, end);
    }
  }

  null(): void {
    const lines = this.#lines;
    lines.reserve(2);
    lines.out.setUint16(lines.at, NULL, true);
    lines.at += 2;
  }

  #number(kind: Kind, { bytes, view }: Scanner, start: number, end: number): boolean {
    if (kind === 'boolean' || isDated(kind)) return false;
    const shape = numberShape(bytes, start, end);
    if (shape === SHAPE.other || (shape === SHAPE.decimal && kind === 'integer')) return false;
    return this.#lines.plain(view, start, end);
  }

  #isoText(kind: Kind, { bytes, view }: Scanner, start: number, end: number): boolean {
    if (end - start === DAY_LENGTH && kind === 'date') {
      return !Number.isNaN(dayAt(bytes, start)) && this.#lines.plain(view, start, end);
    }
    return this.#instant(kind, instantAt(bytes, start, end));
  }

  #instant(kind: Kind, milliseconds: number): boolean {
    if (Number.isNaN(milliseconds)) return false;
    if (kind === 'date') return this.#dates.date(milliseconds);
    return (kind === 'timestamp' || kind === 'text') && this.#dates.timestamp(milliseconds);
  }

  /** The integer in the Extended JSON that was just found, unless it has more digits than its type can have. */
  #whole(kind: Kind, scanner: Scanner, maxDigits: number): boolean {
    const { start, end } = this.#extended;
    if (end - start > maxDigits || numberShape(scanner.bytes, start, end) !== SHAPE.whole) return false;
    return this.#number(kind, scanner, start, end);
  }

  #object(kind: Kind, scanner: Scanner, start: number, end: number): boolean {
    const { bytes, view } = scanner;
    const place = this.#extended;
    switch (place.find(scanner, start, end)) {
      case EXTENDED.instant:
        return this.#instant(kind, place.milliseconds);
      case EXTENDED.oid:
        return (
          kind === 'text' &&
          isObjectId(bytes, place.start, place.end) &&
          this.#lines.plain(view, place.start, place.end)
        );
      case EXTENDED.int:
        return this.#whole(kind, scanner, 10);
      case EXTENDED.long:
        return this.#whole(kind, scanner, 19);
      case EXTENDED.decimal:
        return this.#number(kind, scanner, place.start, place.end);
      case EXTENDED.double:
        return (
          isShortest(bytes, place.start, place.end) && this.#number(kind, scanner, place.start, place.end)
        );
      default:
        return false;
    }
  }
}

/** Has the array neither white space nor objects? Then, unless it has escapes, its bytes are already what jsonAt() writes. */
function isCompactList(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte <= SPACE || byte === OBJECT) return false;
  }
  return true;
}

function isDated(kind: Kind): boolean {
  return kind === 'timestamp' || kind === 'date';
}

/** Lower case only: an ObjectId is printed so. */
function isObjectId(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (!((byte >= ZERO && byte <= NINE) || (byte >= 0x61 && byte <= 0x66))) return false;
  }
  return end - start === OBJECT_ID_DIGITS;
}

/**
 * Is the text of a double what PostgreSQL prints for it, its shortest decimal? Every decimal of at most 15 digits reads back as
 * a double of its own (DBL_DIG), so without a trailing 0 it is the shortest. False for text that starts with `0.0`: below
 * 1e-4 PostgreSQL prints an exponent.
 */
function isShortest(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > 15) return false;
  const shape = numberShape(bytes, start, end);
  if (shape !== SHAPE.decimal) return shape === SHAPE.whole;
  const first = bytes[start] === MINUS ? start + 1 : start;
  const isSmall = bytes[first] === ZERO && bytes[first + 2] === ZERO;
  return bytes[end - 1] !== ZERO && !isSmall;
}
