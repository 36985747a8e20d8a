// Rows to text operators of a content stream, straight from their bytes.
import { type Column, isNumeric } from '../../core/table.js';
import { cellStart, isNullCell } from '../../rows/encoded-rows.js';
import type { Lines } from '../../rows/lines.js';
import { brazilianDateBytes } from '../words/date-bytes.js';
import type { ContentBytes } from './bytes.js';
import { CellDrawer } from './cell-drawer.js';
import type { Reason } from './changes.js';
import { isRightToLeft, RIGHT_TO_LEFT } from './direction.js';
import { type Face, NO_GLYPH } from './fonts.js';
import { isPlainNumber, type NumberStyle } from './numbers.js';
import { type Language, shownText } from './spelling.js';
import { actualOf, LineBreaker, type Wrapped } from './text-lines.js';

const BACKSLASH = 92;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const OPEN = 40;
const CLOSE = 41;
const OPEN_ARRAY = 91;
const CARRIAGE_RETURN = 13;
const LETTER_R = 114;
/** The most lines of a text; other values have as many as they need. */
const TEXT_LINES = 3;
/** What encoded rows have for a lone surrogate: the text itself knows. */
const REPLACEMENT = 0xfffd;
/** Dark red. */
export const NEGATIVE = '.72 0 0 rg';

/** 1 for bytes that a literal string spells with a backslash (ISO 32000-1, 7.3.4.2). */
const ESCAPED = new Uint8Array(256);
for (const byte of [OPEN, CLOSE, BACKSLASH, CARRIAGE_RETURN]) ESCAPED[byte] = 1;

/** A column of the table; edges in 1/1000 em from the left margin. */
export interface CellPlan {
  readonly column: Column;
  /** Of the column in the rows. */
  readonly index: number;
  readonly left: number;
  readonly right: number;
  readonly isRight: boolean;
  /** Of a number. */
  readonly style: NumberStyle;
}

export interface RowOptions extends Language {
  /** Whether a text has one line. */
  readonly isCut: boolean;
  readonly size: number;
  /** In points. */
  readonly lineHeight: number;
  /** Of a cell, so that every row has room on a page. */
  readonly mostLines: number;
}

/** Something that a cell cannot show as it is. */
export interface PendingChange {
  readonly reason: Reason;
  readonly text: string;
  readonly column: string;
}

/** Encodes one row at a time; the results of the last one are in the fields. */
export class RowEncoder {
  /** The lines of the last row. */
  lineCount = 1;
  readonly changes: PendingChange[] = [];
  readonly drawer: CellDrawer;
  readonly #out: ContentBytes;
  readonly #face: Face;
  readonly #breaker: LineBreaker;
  readonly #plans: readonly CellPlan[];
  readonly #options: RowOptions;
  readonly #words: { readonly true: Buffer; readonly false: Buffer };
  /** The widths of characters that need nothing but drawing; NO_GLYPH for others. */
  readonly #widths: Uint16Array;
  #scratch = Buffer.alloc(256);
  /** Whether a TJ array is open. */
  #isOpen = false;

  constructor(out: ContentBytes, face: Face, plans: readonly CellPlan[], options: RowOptions) {
    this.#out = out;
    this.#face = face;
    this.#plans = plans;
    this.#options = options;
    this.#breaker = new LineBreaker(face);
    this.drawer = new CellDrawer(out, face, 'F1', options.size, options.lineHeight);
    const { true: yes, false: no } = options.booleans ?? { true: 'true', false: 'false' };
    this.#words = { true: Buffer.from(yes), false: Buffer.from(no) };
    this.#widths = face.widths.slice();
    this.#widths.fill(NO_GLYPH, 0, 32);
    for (const [from, to] of RIGHT_TO_LEFT) this.#widths.fill(NO_GLYPH, from, to);
    this.#widths[REPLACEMENT] = NO_GLYPH;
  }

  /**
   * Draws a row, its first line on the present line.
   * @param mark the number of the first cell's marked content, or -1 where cells are not marked (ISO 32000-1, 14.7.4.2)
   */
  row(lines: Lines, row: number, mark: number): void {
    const { bytes, ends } = lines;
    const plans = this.#plans;
    const out = this.#out;
    const width = ends.length / lines.rowCount;
    const first = row * width;
    this.lineCount = 1;
    this.changes.length = 0;
    this.drawer.boxes.length = 0;
    this.drawer.pen = 0;
    this.#isOpen = false;
    for (let number = 0; number < plans.length; number++) {
      const plan = plans[number] as CellPlan;
      const cell = first + plan.index;
      const start = cellStart(ends, cell);
      const end = ends[cell] as number;
      if (mark >= 0) out.add(`/TD<</MCID ${mark + number}>>BDC `);
      out.reserve((end - start) * 4);
      this.#openArray();
      if (bytes[start] === BACKSLASH && isNullCell(bytes, start, end)) {
        out.bytes[out.length++] = OPEN;
        out.bytes[out.length++] = CLOSE;
      } else if (!this.#fast(plan, bytes, start, end)) this.#slow(plan, lines.textAt(cell));
      if (mark >= 0) {
        this.#closeArray();
        out.add('EMC\n');
      }
    }
    if (this.#isOpen) this.#closeArray();
    out.bytes[out.length++] = 10;
  }

  #openArray(): void {
    if (this.#isOpen) return;
    this.#out.bytes[this.#out.length++] = OPEN_ARRAY;
    this.#isOpen = true;
  }

  #closeArray(): void {
    if (this.#isOpen) this.#out.add(']TJ ');
    this.#isOpen = false;
  }

  /** @returns false when nothing was written, because the cell needs #slow() */
  #fast(plan: CellPlan, bytes: Buffer, start: number, end: number): boolean {
    switch (plan.column.kind) {
      case 'integer':
      case 'decimal':
        return this.#number(plan, bytes, start, end);
      case 'boolean': {
        const word = bytes[start] === 116 ? this.#words.true : this.#words.false;
        return this.#text(plan, word, 0, word.length);
      }
      case 'date':
      case 'timestamp':
        return this.#options.locale === undefined
          ? this.#text(plan, bytes, start, end)
          : this.#date(plan, bytes, start, end);
      default:
        return end > start && this.#text(plan, bytes, start, end);
    }
  }

  #date(plan: CellPlan, bytes: Buffer, start: number, end: number): boolean {
    if (end - start > this.#scratch.length) return false;
    bytes.copy(this.#scratch, 0, start, end);
    const length = brazilianDateBytes(bytes, start, end, { bytes: this.#scratch, shift: -start });
    return length !== undefined && this.#text(plan, this.#scratch, 0, length);
  }

  #number({ left, right, style }: CellPlan, bytes: Buffer, start: number, end: number): boolean {
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let dot = first;
    while (dot < end && isDigit(bytes[dot] as number)) dot += 1;
    const digits = dot - first;
    const decimals = dot === end ? 0 : end - dot - 1;
    if (digits === 0 || decimals < style.decimals || (dot < end && (bytes[dot] !== DOT || decimals === 0)))
      return false;
    for (let at = dot + 1; at < end; at++) if (!isDigit(bytes[at] as number)) return false;
    const { widths, used } = this.#face;
    const groupSign = style.groupSign.charCodeAt(0);
    const decimalSign = style.decimalSign.charCodeAt(0);
    const groups = style.groupSign === '' ? 0 : Math.floor((digits - 1) / 3);
    const width =
      (digits + decimals) * (widths[ZERO] as number) +
      (isNegative ? (widths[MINUS] as number) : 0) +
      (groups > 0 ? groups * (widths[groupSign] as number) : 0) +
      (decimals > 0 ? (widths[decimalSign] as number) : 0);
    if (width > right - left) return false;
    const out = this.#out;
    if (isNegative) {
      this.#closeArray();
      out.add(NEGATIVE);
      this.#openArray();
    }
    out.integer(this.drawer.pen - (right - width));
    this.drawer.pen = right;
    const target = out.bytes;
    let to = out.length;
    target[to++] = OPEN;
    if (isNegative) {
      target[to++] = 0;
      target[to++] = MINUS;
      used[MINUS] = 1;
    }
    for (let at = first, remaining = digits; at < dot; at++, remaining--) {
      const byte = bytes[at] as number;
      used[byte] = 1;
      target[to++] = 0;
      target[to++] = byte;
      if (groups > 0 && remaining > 1 && remaining % 3 === 1) {
        target[to++] = 0;
        target[to++] = groupSign;
      }
    }
    if (groups > 0) used[groupSign] = 1;
    if (decimals > 0) {
      used[decimalSign] = 1;
      target[to++] = 0;
      target[to++] = decimalSign;
      for (let at = dot + 1; at < end; at++) {
        const byte = bytes[at] as number;
        used[byte] = 1;
        target[to++] = 0;
        target[to++] = byte;
      }
    }
    target[to++] = CLOSE;
    out.length = to;
    if (isNegative) {
      this.#closeArray();
      out.add('0 g');
      this.#openArray();
    }
    return true;
  }

  /** UTF-8 to UTF-16BE at the left edge. */
  #text({ left, right, isRight }: CellPlan, bytes: Buffer, start: number, end: number): boolean {
    const out = this.#out;
    const widths = this.#widths;
    const used = this.#face.used;
    const target = out.bytes;
    const before = out.length;
    if (isRight) return false;
    if (this.drawer.pen !== left) out.integer(this.drawer.pen - left);
    let to = out.length;
    target[to++] = OPEN;
    let room = right - left;
    for (let at = start; at < end; at++) {
      let code = bytes[at] as number;
      if (code >= 0x80) {
        if (code < 0xe0) code = ((code & 0x1f) << 6) | ((bytes[++at] as number) & 0x3f);
        else if (code < 0xf0) {
          code =
            ((code & 0x0f) << 12) |
            (((bytes[at + 1] as number) & 0x3f) << 6) |
            ((bytes[at + 2] as number) & 0x3f);
          at += 2;
        } else code = BACKSLASH;
      }
      const width = code === BACKSLASH ? NO_GLYPH : (widths[code] as number);
      room -= width;
      if (width === NO_GLYPH || room < 0) {
        out.length = before;
        return false;
      }
      used[code] = 1;
      const high = code >> 8;
      const low = code & 0xff;
      if (ESCAPED[high] === 1) target[to++] = BACKSLASH;
      target[to++] = high === CARRIAGE_RETURN ? LETTER_R : high;
      if (ESCAPED[low] === 1) target[to++] = BACKSLASH;
      target[to++] = low === CARRIAGE_RETURN ? LETTER_R : low;
    }
    target[to++] = CLOSE;
    out.length = to;
    this.drawer.pen = right - room;
    return true;
  }

  /** Any cell. @param text canonical */
  #slow(plan: CellPlan, text: string): void {
    const { column } = plan;
    const { isCut: isOneLine, mostLines } = this.#options;
    const shown = shownText(column.kind, text, plan.style, this.#options);
    const exact = shownText(column.kind, text, { ...plan.style, decimals: 0 }, this.#options);
    const room = plan.right - plan.left;
    const isText = column.kind === 'text' || column.kind === 'json';
    const change = (reason: Reason) => this.changes.push({ reason, text, column: column.name });
    let wrapped = this.#breaker.wrap(shown, room, isText ? (isOneLine ? 1 : TEXT_LINES) : mostLines);
    if (!isText && wrapped.lines.length > 1) {
      const line = this.#breaker.line(shown);
      if (this.drawer.canCondense(line.width, room)) wrapped = { ...wrapped, lines: [line] };
    }
    for (const reason of reasonsOf(shown, wrapped)) change(reason);
    this.#closeArray();
    const isNegative = isNumeric(column.kind) && isPlainNumber(text) && text.startsWith('-');
    this.drawer.cell(
      {
        lines: wrapped.lines,
        actual: actualOf(wrapped, exact),
        colour: isNegative ? NEGATIVE : undefined,
      },
      plan,
    );
    this.#openArray();
    this.lineCount = Math.max(this.lineCount, wrapped.lines.length);
  }
}

/** Why lines do not show their text as it is. */
export function reasonsOf(shown: string, { isCut, hasBox }: Wrapped): Reason[] {
  return [
    ...(isCut ? (['cut'] as const) : []),
    ...(hasBox ? (['glyph'] as const) : []),
    ...(isRightToLeft(shown) ? (['direction'] as const) : []),
  ];
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
