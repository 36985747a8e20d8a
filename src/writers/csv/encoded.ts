// Rows that are still COPY text to CSV: what needs no change is copied in long runs and never decoded.
import { decodeCell } from '../../copy-text.js';
import type { Batch, EncodedRows, Kind } from '../../table.js';
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
const BACKSLASH = 92;

/** A text as this dialect spells it, before it is quoted; undefined where it stays as it is. */
export type Spelling = ((text: string) => string) | undefined;

/** What there is to look at in a column's cells that need no quotes. */
const LOOKS: Readonly<Record<Kind, 'nothing' | 'formula' | 'decimal' | 'date'>> = {
  text: 'formula',
  integer: 'nothing',
  decimal: 'decimal',
  boolean: 'nothing',
  date: 'date',
  timestamp: 'date',
  json: 'nothing',
};

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
  const looks = columns.map(({ kind, spell }) => (spell === undefined ? 'nothing' : LOOKS[kind]));
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

  return ({ encoded: { bytes, ends }, rowCount }) => {
    const changed = Buffer.from(bytes);
    // All separators at once; each row then gets its line feed back.
    for (let at = 0; at < ends.length; at++) changed[ends[at] as number] = separator;
    const output = new Output(changed);
    const suspicion = new Suspicion(bytes, suspects);
    for (let row = 0, cell = 0, rowStart = 0; row < rowCount; row++, cell += width) {
      const rowEnd = ends[cell + width - 1] as number;
      changed[rowEnd] = NEWLINE;
      let isOdd = suspicion.isIn(rowStart, rowEnd);
      output.mark();
      for (let column = 0, start = rowStart; column < width && !isOdd; column++) {
        const end = ends[cell + column] as number;
        if (start === end) output.insert('""', start, end);
        // Every other backslash has made the row odd.
        else if (bytes[start] === BACKSLASH) output.insert('', start, end);
        else {
          const look = looks[column];
          if (look === 'formula') isOdd = FORMULA_STARTS[bytes[start] as number] === 1;
          else if (look === 'decimal') dotToComma(changed, start, end);
          else if (look === 'date') {
            const length = brazilianDateBytes(bytes, changed, start, end);
            if (length === undefined) isOdd = true;
            else if (start + length < end) output.insert('', start + length, end);
          }
        }
        start = end + 1;
      }
      if (isOdd) {
        output.backToMark();
        output.insert(oddRow(bytes.toString('utf8', rowStart, rowEnd)), rowStart, rowEnd + 1);
      } else if (eol === '\r\n') output.insert('\r', rowEnd, rowEnd);
      rowStart = rowEnd + 1;
    }
    return output.finish();
  };
}

function dotToComma(bytes: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at++) if (bytes[at] === DOT) bytes[at] = COMMA;
}

/** Where the bytes are that may ask for quotes or hide a formula: found by the fastest search there is, and rare. */
class Suspicion {
  readonly #bytes: Buffer;
  readonly #suspects: readonly { readonly byte: number; next: number }[];
  #backslash: number;

  constructor(bytes: Buffer, suspects: readonly number[]) {
    this.#bytes = bytes;
    this.#suspects = [...new Set(suspects)].map((byte) => ({ byte, next: this.#find(byte, 0) }));
    this.#backslash = this.#find(BACKSLASH, 0);
  }

  /** To be asked row by row. */
  isIn(start: number, end: number): boolean {
    let found = false;
    for (const suspect of this.#suspects) {
      if (suspect.next < start) suspect.next = this.#find(suspect.byte, start);
      if (suspect.next < end) found = true;
    }
    if (this.#backslash < start) this.#backslash = this.#find(BACKSLASH, start);
    while (!found && this.#backslash < end) {
      found = !this.#isNull(this.#backslash);
      this.#backslash = this.#find(BACKSLASH, this.#backslash + 1);
    }
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
