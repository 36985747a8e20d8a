// Rows of COPY text to CSV: bytes that need no change are copied in long runs and never decoded.

import type { Batch, EncodedRows, Kind } from '../../core/table.js';
import { decodeCell } from '../../rows/encoded-rows.js';
import { brazilianDateBytes } from '../words/date-bytes.js';
import type { Dialect } from './dialect.js';
import { FORMULA_STARTS } from './formulas.js';
import { Output } from './output.js';

const NUL = 0;
const TAB = 9;
const NEWLINE = 10;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const LETTER_N = 78;
const BACKSLASH = 92;

/** What to do with a cell: its column and its first byte decide. */
const COPY = 0;
const QUOTE_EMPTY = 1;
const CUT_NULL = 2;
const DECODE_ROW = 3;
const CHANGE_DECIMAL = 4;
const CHANGE_DATE = 5;

/** A text as this dialect spells it, before it is quoted; undefined for a column whose texts stay unchanged. */
export type Spelling = ((text: string) => string) | undefined;

interface SpelledColumn {
  readonly kind: Kind;
  readonly spell: Spelling;
}

/** Whether most cells stay unchanged in this dialect. For any other dialect there is only csv-stringify. */
export function canStayEncoded({ delimiter, decimal, quoteAll, null: nullText }: Dialect): boolean {
  return /^[,;|\t]$/.test(delimiter) && delimiter !== decimal && !quoteAll && nullText === '';
}

/**
 * Makes the same bytes of a batch as csv-stringify makes of its rows (RFC 4180). The rows are edited in one buffer; a row
 * with anything but ordinary texts, numbers, dates and nulls is decoded instead, and spelled cell by cell.
 */
export class EncodedRowsToCsv {
  readonly #columns: readonly SpelledColumn[];
  readonly #delimiter: string;
  readonly #eol: string;
  readonly #actions: Uint8Array;
  readonly #needsQuotes: RegExp;
  readonly #suspects: readonly number[];
  readonly #output = new Output();
  /** The cuts in the present row, in its order; a cut from a position to itself is an empty text, which needs quotes. */
  readonly #cutStarts: Int32Array;
  readonly #cutEnds: Int32Array;

  constructor(columns: readonly SpelledColumn[], { delimiter, eol, neutralise }: Dialect) {
    this.#columns = columns;
    this.#delimiter = delimiter;
    this.#eol = eol;
    this.#actions = actionsOf(columns, neutralise);
    this.#needsQuotes = new RegExp(`["\\r\\n${delimiter}]|^$`);
    const suspects = [NUL, QUOTE, delimiter.charCodeAt(0), ...(neutralise ? [COMMA, SEMICOLON] : [])];
    this.#suspects = suspects.filter((byte) => byte !== TAB);
    this.#cutStarts = new Int32Array(columns.length);
    this.#cutEnds = new Int32Array(columns.length);
  }

  /** @returns memory that is used again by the next call */
  encode({ encoded, rowCount }: Pick<Batch, 'rowCount'> & { readonly encoded: EncodedRows }): Buffer {
    const { bytes, ends } = encoded;
    const actions = this.#actions;
    const width = this.#columns.length;
    const separator = this.#delimiter.charCodeAt(0);
    const output = this.#output;
    output.begin(bytes);
    // Hot: what the loops need is in variables, and a row without cuts calls nothing.
    let { bytes: target, shift } = output;
    const suspicion = new Suspicion(bytes, this.#suspects);
    for (let row = 0, rowStart = 0; row < rowCount; row++) {
      const first = row * width;
      const rowEnd = ends[first + width - 1] as number;
      let mustDecode = suspicion.isIn(rowStart, rowEnd);
      let cuts = 0;
      for (let column = 0, start = rowStart; column < width && !mustDecode; column++) {
        const end = ends[first + column] as number;
        target[end + shift] = separator;
        const action = actions[(column << 8) | (bytes[start] as number)];
        if (action === CHANGE_DECIMAL) dotToComma(target, start + shift, end + shift);
        else if (action === DECODE_ROW) mustDecode = true;
        else if (action !== COPY) {
          const kept = action === CHANGE_DATE ? brazilianDateBytes(bytes, start, end, output) : 0;
          if (kept === undefined) mustDecode = true;
          else if (kept < end - start || action === QUOTE_EMPTY) {
            this.#cutStarts[cuts] = start + kept;
            this.#cutEnds[cuts++] = end;
          }
        }
        start = end + 1;
      }
      if (mustDecode) {
        output.insert(this.#decodedRow(bytes.toString('utf8', rowStart, rowEnd)), rowStart, rowEnd + 1);
      } else {
        target[rowEnd + shift] = NEWLINE;
        if (cuts > 0) this.#cut(cuts);
        if (this.#eol === '\r\n') output.insert('\r', rowEnd, rowEnd);
      }
      ({ bytes: target, shift } = output);
      rowStart = rowEnd + 1;
    }
    return output.finish();
  }

  #cut(count: number): void {
    for (let index = 0; index < count; index++) {
      const start = this.#cutStarts[index] as number;
      const end = this.#cutEnds[index] as number;
      if (start < end) this.#output.cut(start, end);
      else this.#output.insert('""', start, end);
    }
  }

  #decodedRow(line: string): string {
    const cells = line.split('\t').map((coded, column) => {
      const cell = decodeCell(coded);
      if (cell === null) return '';
      const text = this.#columns[column]?.spell?.(cell) ?? cell;
      return this.#needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    });
    return cells.join(this.#delimiter) + this.#eol;
  }
}

/**
 * For each column 256 actions, by the first byte of a cell; an empty cell has the byte behind its end.
 * @param neutralise whether texts that begin like a formula change
 */
function actionsOf(columns: readonly SpelledColumn[], neutralise: boolean): Uint8Array {
  const actions = new Uint8Array(columns.length << 8);
  for (const [index, { kind, spell }] of columns.entries()) {
    const own = actions.subarray(index << 8, (index + 1) << 8);
    if (spell !== undefined) {
      if (kind === 'text')
        for (const byte of own.keys()) own[byte] = neutralise && FORMULA_STARTS[byte] ? DECODE_ROW : COPY;
      else if (kind === 'boolean') own.fill(DECODE_ROW);
      else own.fill(kind === 'decimal' ? CHANGE_DECIMAL : CHANGE_DATE);
    }
    own[TAB] = QUOTE_EMPTY;
    own[NEWLINE] = QUOTE_EMPTY;
    // Suspicion finds every backslash but those of nulls.
    own[BACKSLASH] = CUT_NULL;
  }
  return actions;
}

function dotToComma(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) if (bytes[at] === DOT) bytes[at] = COMMA;
}

/** Finds the rows with bytes that may need quotes, decoding or an apostrophe. They are rare, and Buffer.indexOf() is the fastest search. */
class Suspicion {
  readonly #bytes: Buffer;
  readonly #suspects: readonly { readonly byte: number; next: number }[];
  #backslash: number;
  /** No such byte stands before this position. */
  #next = 0;

  constructor(bytes: Buffer, suspects: readonly number[]) {
    this.#bytes = bytes;
    this.#suspects = [...new Set(suspects)].map((byte) => ({ byte, next: this.#find(byte, 0) }));
    this.#backslash = this.#find(BACKSLASH, 0);
  }

  /** Whether a row has such a byte; to be called for each row, in order. */
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
