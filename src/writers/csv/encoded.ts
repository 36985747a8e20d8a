// Rows that are still COPY text to CSV: what needs no change is copied in long runs and never decoded.

import type { Batch, EncodedRows, Kind } from '../../core/table.js';
import { decodeCell } from '../../rows/encoded-rows.js';
import { brazilianDateBytes } from './brazilian-date.js';
import type { Dialect } from './dialect.js';
import { FORMULA_STARTS } from './formulas.js';
import { Output } from './output.js';

const TAB = 9;
const NEWLINE = 10;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const LETTER_N = 78;

/** What is to be done with a cell, as its first byte tells. */
const NOTHING = 0;
const QUOTE_EMPTY = 1;
const CUT_NULL = 2;
const SPELL_ROW = 3;
const SPELL_DECIMAL = 4;
const SPELL_DATE = 5;
const BACKSLASH = 92;

/** A text as this dialect spells it, before it is quoted; undefined where it stays as it is. */
export type Spelling = ((text: string) => string) | undefined;

/** A dialect in which most cells stay as they are; for the others there is csv-stringify alone. */
export function canStayEncoded({ delimiter, decimal, quoteAll, null: nullText }: Dialect): boolean {
  return /^[,;|\t]$/.test(delimiter) && delimiter !== decimal && !quoteAll && nullText === '';
}

/**
 * A function that makes of a batch the bytes that csv-stringify makes of its rows (RFC 4180). A row with anything but
 * ordinary text, numbers, dates and nulls is decoded and spelled cell by cell.
 * @param columns each with its spelling
 */
export function encodedRowsToCsv(
  columns: readonly { readonly kind: Kind; readonly spell: Spelling }[],
  { delimiter, eol, neutralise }: Dialect,
): (batch: Pick<Batch, 'rowCount'> & { readonly encoded: EncodedRows }) => Buffer {
  const deeds = deedsOf(columns);
  const separator = delimiter.charCodeAt(0);
  const width = columns.length;
  const needsQuotes = new RegExp(`["\\r\\n${delimiter}]|^$`);
  const suspects = [QUOTE, separator, ...(neutralise ? [COMMA, SEMICOLON] : [])].filter(
    (byte) => byte !== TAB,
  );

  const oddRow = (line: string): string => {
    const cells = line.split('\t').map((coded, column) => {
      const cell = decodeCell(coded);
      if (cell === null) return '';
      const text = columns[column]?.spell?.(cell) ?? cell;
      return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    });
    return cells.join(delimiter) + eol;
  };

  // Of the row at hand: what is left out, or, where nothing is, the place of an empty text's quotes.
  const starts = new Int32Array(width);
  const stops = new Int32Array(width);
  const output = new Output();

  return ({ encoded: { bytes, ends }, rowCount }) => {
    output.begin(bytes);
    let { bytes: target, shift } = output;
    const suspicion = new Suspicion(bytes, suspects);
    for (let row = 0, cell = 0, rowStart = 0; row < rowCount; row++, cell += width) {
      const rowEnd = ends[cell + width - 1] as number;
      let isOdd = suspicion.isIn(rowStart, rowEnd);
      let changes = 0;
      for (let column = 0, start = rowStart; column < width && !isOdd; column++) {
        const end = ends[cell + column] as number;
        target[end + shift] = separator;
        const deed = deeds[(column << 8) | (bytes[start] as number)];
        if (deed !== NOTHING) {
          if (deed === SPELL_DECIMAL) dotToComma(target, start + shift, end + shift);
          else if (deed === SPELL_ROW) isOdd = true;
          else {
            const kept = deed === SPELL_DATE ? brazilianDateBytes(bytes, start, end, target, shift) : 0;
            if (kept === undefined) isOdd = true;
            else if (kept < end - start || deed === QUOTE_EMPTY) {
              starts[changes] = start + kept;
              stops[changes++] = end;
            }
          }
        }
        start = end + 1;
      }
      if (isOdd) output.insert(oddRow(bytes.toString('utf8', rowStart, rowEnd)), rowStart, rowEnd + 1);
      else {
        target[rowEnd + shift] = NEWLINE;
        for (let each = 0; each < changes; each++) {
          const start = starts[each] as number;
          const stop = stops[each] as number;
          if (start < stop) output.cut(start, stop);
          else output.insert('""', start, stop);
        }
        if (eol === '\r\n') output.insert('\r', rowEnd, rowEnd);
      }
      ({ bytes: target, shift } = output);
      rowStart = rowEnd + 1;
    }
    return output.finish();
  };
}

/** For each column, 256 deeds by a cell's first byte, which is its end where the cell is empty. */
function deedsOf(columns: readonly { readonly kind: Kind; readonly spell: Spelling }[]): Uint8Array {
  const deeds = new Uint8Array(columns.length << 8);
  for (const [index, { kind, spell }] of columns.entries()) {
    const own = deeds.subarray(index << 8, (index + 1) << 8);
    if (spell !== undefined) {
      if (kind === 'text')
        for (const byte of own.keys()) own[byte] = FORMULA_STARTS[byte] ? SPELL_ROW : NOTHING;
      else if (kind === 'boolean') own.fill(SPELL_ROW);
      else own.fill(kind === 'decimal' ? SPELL_DECIMAL : SPELL_DATE);
    }
    own[TAB] = QUOTE_EMPTY;
    own[NEWLINE] = QUOTE_EMPTY;
    // Every other backslash makes the row odd.
    own[BACKSLASH] = CUT_NULL;
  }
  return deeds;
}

function dotToComma(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) if (bytes[at] === DOT) bytes[at] = COMMA;
}

/** Where the bytes are that may ask for quotes or hide a formula: found by the fastest search there is, and rare. */
class Suspicion {
  readonly #bytes: Buffer;
  readonly #suspects: readonly { readonly byte: number; next: number }[];
  #backslash: number;
  /** None of them comes before. */
  #next = 0;

  constructor(bytes: Buffer, suspects: readonly number[]) {
    this.#bytes = bytes;
    this.#suspects = [...new Set(suspects)].map((byte) => ({ byte, next: this.#find(byte, 0) }));
    this.#backslash = this.#find(BACKSLASH, 0);
  }

  /** To be asked row by row. */
  isIn(start: number, end: number): boolean {
    return end > this.#next && this.#look(start, end);
  }

  #look(start: number, end: number): boolean {
    let found = false;
    let next = this.#bytes.length;
    for (const suspect of this.#suspects) {
      if (suspect.next < end) {
        if (suspect.next < start) suspect.next = this.#find(suspect.byte, start);
        if (suspect.next < end) found = true;
      }
      if (suspect.next < next) next = suspect.next;
    }
    if (this.#backslash < end) {
      for (let at = Math.max(start, this.#backslash); at < end && !found; at++) {
        found = this.#bytes[at] === BACKSLASH && !this.#isNull(at);
      }
      this.#backslash = this.#find(BACKSLASH, end);
    }
    this.#next = Math.min(next, this.#backslash);
    return found;
  }

  #find(byte: number, from: number): number {
    const at = this.#bytes.indexOf(byte, from);
    return at === -1 ? this.#bytes.length : at;
  }

  #isNull(at: number): boolean {
    const bytes = this.#bytes;
    const before = at === 0 ? NEWLINE : bytes[at - 1];
    const after = bytes[at + 2];
    return (
      bytes[at + 1] === LETTER_N &&
      (before === TAB || before === NEWLINE) &&
      (after === TAB || after === NEWLINE)
    );
  }
}
