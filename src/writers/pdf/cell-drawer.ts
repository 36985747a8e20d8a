// Draws lines of text at columns of the present line of a content stream (ISO 32000-1, 9.4.3 Text-Showing Operators).
import type { ContentBytes } from './bytes.js';
import { points } from './bytes.js';
import type { Face } from './fonts.js';
import { textString } from './objects.js';
import { BOX_SCALE, BOX_SIDE, type Line } from './text-lines.js';

/** Where a cell stands, in 1/1000 em from the left margin. */
export interface Place {
  readonly left: number;
  readonly right: number;
  readonly isRight: boolean;
}

/** A box around the number of a character that the font lacks. */
export interface Box {
  /** In 1/1000 em from the left margin. */
  readonly left: number;
  readonly width: number;
  /** The line of the cell, from 0. */
  readonly line: number;
}

export interface CellText {
  readonly lines: readonly Line[];
  /** What the cell holds, where that is not what the lines show; undefined where it is. */
  readonly actual?: string | undefined;
  /** Operators that set a colour, or none. */
  readonly colour?: string | undefined;
}

/** A PDF string has at most 32,767 bytes (ISO 19005-2, 6.1.13): so many UTF-16 units and a byte order mark. */
const STRING_LENGTH = 16_000;
/** Percent: letters are not condensed more than this. */
const NARROWEST = 60;
const BLACK = '0 g';

/** Draws cells of one font, one after the other; the pen is between them. */
export class CellDrawer {
  /** Of the boxes that were drawn since they were last taken away. */
  readonly boxes: Box[] = [];
  readonly #out: ContentBytes;
  readonly #face: Face;
  readonly #font: string;
  readonly #size: number;
  readonly #down: string;
  readonly #lineHeight: number;
  /** In 1/1000 em from the left margin. */
  pen = 0;

  /**
   * @param font the name of the face in the page's resources
   * @param size of the letters, in points
   * @param lineHeight in points
   */
  constructor(out: ContentBytes, face: Face, font: string, size: number, lineHeight: number) {
    this.#out = out;
    this.#face = face;
    this.#font = font;
    this.#size = size;
    this.#lineHeight = lineHeight;
    this.#down = ` 0 ${points(-lineHeight)} Td`;
  }

  /** Draws a cell, outside of a TJ array. A single line that is too wide is condensed. */
  cell({ lines, actual, colour }: CellText, place: Place): void {
    const out = this.#out;
    if (actual !== undefined) out.add(spanStart(actual));
    if (colour !== undefined) out.add(`${colour} `);
    for (const [index, line] of lines.entries()) {
      if (index > 0) {
        out.add(this.#down);
        this.pen = 0;
      }
      this.#line(line, index, place);
    }
    if (lines.length === 0) out.add('()Tj ');
    if (lines.length > 1) {
      out.add(` 0 ${points((lines.length - 1) * this.#lineHeight)} Td`);
      this.pen = 0;
    }
    if (colour !== undefined) out.add(` ${BLACK}`);
    if (actual !== undefined) out.add(' EMC ');
  }

  /** Whether a line fits when it is condensed. */
  canCondense(width: number, room: number): boolean {
    return room * 100 >= width * NARROWEST;
  }

  #line({ runs, width }: Line, index: number, { left, right, isRight }: Place): void {
    const out = this.#out;
    const room = right - left;
    const percent = width <= room ? 100 : Math.floor((room * 1000) / width) / 10;
    const shown = percent === 100 ? width : room;
    const target = isRight ? right - shown : left;
    out.add(`[${this.pen - target}]TJ `);
    this.pen = target;
    if (percent !== 100) out.add(` ${percent} Tz`);
    if (runs.length === 0) out.add('()Tj ');
    for (const { text, width: advance, isBox } of runs) {
      if (isBox) this.#box(text, advance, index);
      else this.#string(text);
      this.pen += advance;
    }
    if (percent !== 100) out.add(' 100 Tz');
    this.pen = target + shown;
  }

  /** The number of a character in small letters; whoever places the line draws the box. */
  #box(code: string, width: number, line: number): void {
    const out = this.#out;
    out.add(`[${-BOX_SIDE}]TJ/${this.#font} ${points(this.#size * BOX_SCALE)} Tf`);
    this.#string(code);
    out.add(`/${this.#font} ${points(this.#size)} Tf[${-BOX_SIDE}]TJ`);
    this.boxes.push({ left: this.pen, width, line });
  }

  /** A string of UTF-16BE text, which the font takes as it is. */
  #string(text: string): void {
    for (let at = 0; at < text.length; at++) this.#face.used[text.charCodeAt(at)] = 1;
    this.#out.add(`(${literal(text)})Tj `);
  }
}

/** UTF-16BE text as bytes of a literal string, one character each (ISO 32000-1, 7.3.4.2). */
function literal(text: string): string {
  let bytes = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    bytes += String.fromCharCode(code >> 8, code & 0xff);
  }
  return bytes.replace(/[()\\\r]/g, (byte) => (byte === '\r' ? '\\r' : `\\${byte}`));
}

/** Begins what is read as another text than is drawn (ISO 32000-1, 14.9.4 Replacement Text). */
function spanStart(actual: string): string {
  if (actual.length <= STRING_LENGTH) return `/Span<</ActualText${textString(actual)}>>BDC `;
  const pieces: string[] = [];
  for (let at = 0; at < actual.length; at += STRING_LENGTH) {
    pieces.push(textString(actual.slice(at, at + STRING_LENGTH)));
  }
  return `/Span<</RPTC_Text[${pieces.join('')}]>>BDC `;
}
