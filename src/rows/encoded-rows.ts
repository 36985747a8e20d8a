// Encodes and decodes rows as COPY text, the form of encoded batches (PostgreSQL manual, COPY, "Text Format").
import type { Batch, Cell, EncodedRows } from '../core/table.js';

const TAB = 9;
const NEWLINE = 10;
const BACKSLASH = 92;
const LETTER_N = 78;

/** A batch of COPY text, decoded by rows(). */
export class CopyText implements Batch {
  readonly rowCount: number;
  readonly encoded: EncodedRows;
  #rows: Cell[][] | undefined;

  constructor(encoded: EncodedRows, columnCount: number) {
    this.encoded = encoded;
    this.rowCount = encoded.ends.length / columnCount;
  }

  rows(): readonly (readonly Cell[])[] {
    this.#rows ??= decodeLines(this.encoded.bytes, 0, this.encoded.bytes.length);
    return this.#rows;
  }
}

/** Reused for every batch: memory in the CPU's cache is several times faster than new memory. */
let scratch = new Int32Array(1 << 15);

/** 1 for tab and line feed, which end a cell. */
const ENDS_CELL = new Uint8Array(256);
ENDS_CELL[TAB] = 1;
ENDS_CELL[NEWLINE] = 1;

/** The ends of the cells in whole lines; see EncodedRows. */
export function cellEnds(lines: Buffer): Int32Array {
  const words = new DataView(lines.buffer, lines.byteOffset, lines.length);
  const wholeWords = lines.length & ~3;
  let ends = scratch;
  let count = 0;
  let at = 0;
  for (; at < wholeWords; at += 4) {
    // Test four bytes at a time for one below 11 (Bit Twiddling Hacks, "hasless").
    const word = words.getInt32(at, true);
    if (((word - 0x0b0b0b0b) & ~word & 0x80808080) === 0) continue;
    if (count + 4 > ends.length) ends = longEnough(ends, count + 4);
    // Write all four positions, and keep only ends: branches here are unpredictable (this is 2.6 times as fast).
    ends[count] = at;
    count += ENDS_CELL[word & 0xff] as number;
    ends[count] = at + 1;
    count += ENDS_CELL[(word >>> 8) & 0xff] as number;
    ends[count] = at + 2;
    count += ENDS_CELL[(word >>> 16) & 0xff] as number;
    ends[count] = at + 3;
    count += ENDS_CELL[word >>> 24] as number;
  }
  ends = longEnough(ends, count + 4);
  for (; at < lines.length; at++) if (ENDS_CELL[lines[at] as number] === 1) ends[count++] = at;
  scratch = ends;
  return ends.slice(0, count);
}

/** The array, or a copy at least twice as long when it is shorter than `least`. */
export function longEnough(numbers: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  if (least <= numbers.length) return numbers;
  const more = new Int32Array(Math.max(least, numbers.length * 2));
  more.set(numbers);
  return more;
}

/** Where a cell starts. @param ends of the cells, @param cell its index there */
export function cellStart(ends: Int32Array, cell: number): number {
  return cell === 0 ? 0 : (ends[cell - 1] as number) + 1;
}

/** Whether the cell from `start` to `end` is null. The text `\N` has an escaped backslash: three bytes. */
export function isNullCell(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === LETTER_N;
}

/** The rows of whole lines. */
function decodeLines(bytes: Buffer, start: number, end: number): Cell[][] {
  const lines = bytes.toString('utf8', start, end - 1).split('\n');
  return lines.map((line) => line.split('\t').map(decodeCell));
}

/** Decodes a cell of COPY text. */
export function decodeCell(text: string): Cell {
  if (!text.includes('\\')) return text;
  return text === '\\N'
    ? null
    : text.replace(/\\([\s\S])/g, (_, letter: string) => UNESCAPED[letter] ?? letter);
}

/** The lines that PostgreSQL's COPY writes for the rows, each ended by a line feed. */
export function encodeRows(rows: readonly (readonly Cell[])[]): Buffer {
  return Buffer.from(rows.map((row) => `${row.map(encodeCell).join('\t')}\n`).join(''));
}

function encodeCell(cell: Cell): string {
  if (cell === null) return '\\N';
  return cell.replace(/[\\\b\f\n\r\t\v]/g, (character) => `\\${ESCAPED[character]}`);
}

const UNESCAPED: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\',
  ...Object.fromEntries(Object.entries(UNESCAPED).map(([letter, character]) => [character, letter])),
};
