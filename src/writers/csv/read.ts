// Reads the CSV that write.ts writes, and nothing else: what could be read in two ways is refused.
import { ReportError } from '../../core/errors.js';
import type { WrittenFile } from '../../core/format.js';
import type { Cell } from '../../core/table.js';
import { type Dialect, recordedDialect } from './dialect.js';
import { headerSpelling } from './formulas.js';

/**
 * Rows as cells, the titles first, without the apostrophes that the writer put before formulas. Decimals have a point again; dates,
 * booleans and texts with such an apostrophe stay as the dialect wrote them.
 * @throws ReportError `contract` when it is not CSV of that dialect
 */
export async function* readCsv(
  bytes: AsyncIterable<Buffer>,
  { options, columns }: Pick<WrittenFile, 'options' | 'columns'>,
): AsyncGenerator<Cell[][]> {
  const chosen = recordedDialect(options);
  const commas = columns.flatMap(({ kind }, index) =>
    kind === 'decimal' && chosen.decimal === ',' ? [index] : [],
  );
  const text = new CsvText(chosen);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw unreadable(`${text.place()} is not UTF-8`, cause);
    }
  };
  const inHeader = headerSpelling(chosen);
  const titleOf = (cell: Cell, index: number) => {
    const { title, name = '' } = columns[index] ?? {};
    // A header with the title itself was written before titles got apostrophes.
    return cell === inHeader(title ?? name) ? (title ?? name) : cell;
  };
  let isHeader = true;
  const canonical = (rows: Cell[][]) => {
    for (const [at, row] of rows.entries()) {
      if (isHeader) rows[at] = row.map(titleOf);
      for (const index of isHeader ? [] : commas) {
        const cell = row[index];
        if (typeof cell === 'string') row[index] = cell.replace(',', '.');
      }
      isHeader = false;
    }
    return rows;
  };
  for await (const chunk of bytes) {
    const rows = canonical(text.add(decode(chunk)));
    if (rows.length > 0) yield rows;
  }
  const rest = canonical([...text.add(decode()), ...text.end()]);
  if (rest.length > 0) yield rest;
}

function unreadable(message: string, cause?: unknown): ReportError {
  return new ReportError('contract', message, { cause });
}

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;
/** In UTF-16 units. Without a limit, a missing quote would make the rest of the file one row. */
const LONGEST_ROW = 64 * 1024 ** 2;

/** Cuts text that arrives in pieces into rows. */
class CsvText {
  readonly #dialect: Dialect;
  #pieces: string[] = [];
  #length = 0;
  /** The length of text at which the unfinished row is scanned again: a long row must not be scanned at every piece. */
  #wanted = 0;
  #isBegun = false;
  #rows = 0;

  constructor(chosen: Dialect) {
    this.#dialect = chosen;
  }

  /** The rows that are complete with this piece. */
  add(piece: string): Cell[][] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this.#length < this.#wanted ? [] : this.#cut();
  }

  /** The last rows. @throws ReportError `contract` for an unfinished row */
  end(): Cell[][] {
    const rows = this.#cut();
    if (this.#length > 0) throw unreadable(`${this.place()} is cut off`);
    if (!this.#isBegun) throw unreadable('it is empty');
    return rows;
  }

  /** The present position, for messages. */
  place(): string {
    return this.#rows === 0 ? 'the header' : `row ${this.#rows}`;
  }

  #cut(): Cell[][] {
    const text = this.#pieces.join('');
    const rows: Cell[][] = [];
    let at = this.#begin(text);
    for (;;) {
      const row = this.#row(text, at);
      if (row === undefined) break;
      rows.push(row.cells);
      this.#rows += 1;
      at = row.end;
    }
    const rest = text.slice(at);
    if (rest.length > LONGEST_ROW)
      throw unreadable(`${this.place()} is longer than ${LONGEST_ROW} characters`);
    this.#pieces = [rest];
    this.#length = rest.length;
    this.#wanted = rest.length * 2;
    return rows;
  }

  #begin(text: string): number {
    if (this.#isBegun || text === '') return 0;
    this.#isBegun = true;
    if (!this.#dialect.bom) return 0;
    if (!text.startsWith('\ufeff')) throw unreadable('it begins without a byte order mark');
    return 1;
  }

  /** The row that begins here, and the position of the next one; undefined when the text ends before that. */
  #row(text: string, start: number): { cells: Cell[]; end: number } | undefined {
    const { delimiter, eol, null: nullText } = this.#dialect;
    const cells: Cell[] = [];
    let at = start;
    for (;;) {
      const from = at;
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at + 1);
        if (close === undefined) return undefined;
        cells.push(text.slice(from + 1, close).replaceAll('""', '"'));
        at = close + 1;
      } else {
        at = bareEnd(text, at, delimiter);
        const bare = text.slice(from, at);
        cells.push(bare === nullText ? null : bare);
      }
      if (text.startsWith(delimiter, at)) at += delimiter.length;
      else if (text.startsWith(eol, at)) return { cells, end: at + eol.length };
      // The text ends here, maybe in the middle of CRLF.
      else if (eol.startsWith(text.slice(at, at + eol.length))) return undefined;
      else {
        const found = JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
        throw unreadable(`${this.place()} has ${found} where cell ${cells.length} should have ended`);
      }
    }
  }
}

/** The position of the closing quote, or undefined: a quote at the end of the text may be the first of two. */
function closingQuote(text: string, start: number): number | undefined {
  for (let at = text.indexOf('"', start); at !== -1 && at + 1 < text.length; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  }
  return undefined;
}

/** The position behind a cell without quotes: of a delimiter, a quote or a line break. */
function bareEnd(text: string, start: number, delimiter: string): number {
  const separator = delimiter.charCodeAt(0);
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE || unit === NEWLINE || unit === RETURN) return at;
    if (unit === separator && text.startsWith(delimiter, at)) return at;
  }
  return text.length;
}
