// Cuts the XML of a data sheet into rows. Reads what rows.ts writes, and nothing else.
import type { WrittenFile } from '../../../core/format.js';
import { type Cell, type Column, isNumeric, type Kind } from '../../../core/table.js';
import { columnLetters } from '../letters.js';
import { SHEET_ROWS } from '../options.js';
import { modelOf } from '../template/sheet.js';
import { refuseHidden, unescaped } from './workbook.js';
import { damaged } from './zip-archive.js';

const START = '<sheetData>';
const END = '</sheetData>';
const ROW_END = '</row>';
const ROW = /<row r="(\d+)"[^<>/]*>/y;
const CELL =
  /<c r="([A-Z]{1,3})(\d+)"(?: s="\d+")?(?: t="([a-zA-Z]+)")?(?:\/>|>(?:<v>([^<]*)<\/v>|<is><t(?: xml:space="preserve")?>([^<]*)<\/t><\/is>)<\/c>)/y;
/** In UTF-16 units, as for CSV. */
const LONGEST_ROW = 64 * 1024 ** 2;
/** In UTF-16 units: more than the widths of 16,384 columns need. */
const LONGEST_FRAME = 8 * 1024 ** 2;
/** Cells in a batch: a row without cells is short in XML, but gets a cell for every column. */
const BATCH_CELLS = 64 * 1024;

/** Limits the exponent: one of millions would become a sum of millions of digits. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?$/;
const NO_NUMBER = /^(?:NaN|-?Infinity)$/;
const SERIAL = /^\d+(?:\.\d+)?$/;
const BOOLEANS: Readonly<Record<string, string>> = { '0': 'false', '1': 'true' };
/** The attribute `t` of a cell by kind; numbers have none. */
const TYPES: Readonly<Partial<Record<Kind, string>>> = { text: 'str', json: 'str', boolean: 'b' };

/** Takes XML in pieces. */
export class SheetText {
  readonly #name: string;
  readonly #columns: readonly Column[];
  readonly #letters: readonly string[];
  readonly #isTemplate: boolean;
  readonly #onTextNumber: WrittenFile['onTextNumber'];
  #text = '';
  /** The length of text at which the unfinished row is scanned again: a long row must not be scanned at every piece. */
  #wanted = 0;
  #part: 'start' | 'rows' | 'end' = 'start';
  /** The number of the last row that was read. */
  #rows = 0;

  /**
   * @param name the sheet's, for messages
   * @param isTemplate the rows of the template's designer come first, the header last of them: they are skipped
   */
  constructor(
    name: string,
    { columns, onTextNumber }: Pick<WrittenFile, 'columns' | 'onTextNumber'>,
    isTemplate = false,
  ) {
    this.#isTemplate = isTemplate;
    this.#onTextNumber = onTextNumber;
    this.#name = name;
    this.#columns = columns;
    this.#letters = columns.map((_, index) => columnLetters(index));
  }

  /** The rows that are complete with this piece, the header first. @throws ReportError `contract` */
  *add(piece: string): Generator<Cell[][]> {
    this.#text += piece;
    if (this.#text.length < this.#wanted) return;
    if (this.#part === 'start') this.#start();
    if (this.#part === 'rows') yield* this.#cut();
    const most = this.#part === 'rows' ? LONGEST_ROW : LONGEST_FRAME;
    if (this.#text.length > most)
      throw damaged(`${this.place()} is followed by more than ${most} characters`);
    this.#wanted = this.#text.length * 2;
  }

  /** The last rows. @throws ReportError `contract` when the sheet is not complete */
  *end(): Generator<Cell[][]> {
    this.#wanted = 0;
    yield* this.add('');
    const [end] = /^<\/sheetData>.*<\/worksheet>\s*$/s.exec(this.#text) ?? [];
    if (this.#part !== 'end' || end === undefined || this.#rows === 0) {
      throw damaged(`${this.place()} is not followed by the sheet's end`);
    }
    if (/<(sheetData|row|c)\b/.test(end)) throw damaged(`${this.place()} is followed by rows after the end`);
    refuseHidden(this.place(), end);
  }

  /** The present position, for messages. */
  place(): string {
    const sheet = JSON.stringify(this.#name);
    return this.#rows === 0 ? `the start of ${sheet}` : `row ${this.#rows} of ${sheet}`;
  }

  #start(): void {
    const at = this.#text.indexOf(START);
    if (at === -1) return;
    const start = this.#text.slice(0, at);
    if (!/^(<\?xml [^<>]*\?>\s*)?<worksheet\s/.test(start)) throw damaged(`${this.place()} is no worksheet`);
    refuseHidden(this.place(), start);
    const from = this.#isTemplate ? this.#afterHeader() : at + START.length;
    if (from === undefined) return;
    this.#text = this.#text.slice(from);
    this.#part = 'rows';
  }

  /** The position of the first row of data, or undefined while the header is not complete. */
  #afterHeader(): number | undefined {
    const text = this.#text;
    const whole = text.slice(0, text.lastIndexOf(ROW_END) + ROW_END.length);
    const model = modelOf(`${whole}${END}`, this.#columns.length);
    if (model === undefined) return undefined;
    this.#rows = model.headerRow;
    const header = text.search(new RegExp(`<row\\s[^<>]*\\br="${model.headerRow}"`));
    return text.indexOf(ROW_END, header) + ROW_END.length;
  }

  *#cut(): Generator<Cell[][]> {
    const text = this.#text;
    const end = text.lastIndexOf(ROW_END);
    let at = 0;
    while (at <= end) {
      const rows: Cell[][] = [];
      for (let room = BATCH_CELLS; at <= end && room > 0; room -= this.#columns.length) {
        const row = this.#row(text, at);
        rows.push(row.cells);
        at = row.end;
      }
      yield rows;
    }
    this.#text = text.slice(at);
    if (this.#text.startsWith(END)) this.#part = 'end';
    else if (!this.#text.startsWith('<row '.slice(0, this.#text.length)) && !END.startsWith(this.#text)) {
      throw this.#unexpected(this.#text, 0);
    }
  }

  /** The row that begins here; the text holds its end. */
  #row(text: string, start: number): { cells: Cell[]; end: number } {
    ROW.lastIndex = start;
    const number = ROW.exec(text)?.[1];
    if (number === undefined) throw this.#unexpected(text, start);
    if (number !== String(this.#rows + 1) || this.#rows === SHEET_ROWS) {
      throw damaged(`${this.place()} is followed by row ${number.slice(0, 20)}`);
    }
    this.#rows += 1;
    const columns = this.#columns;
    const cells = new Array<Cell>(columns.length).fill(null);
    let index = 0;
    let at = ROW.lastIndex;
    while (!text.startsWith(ROW_END, at)) {
      CELL.lastIndex = at;
      const match = CELL.exec(text);
      if (match === null) throw this.#unexpected(text, at);
      const [, letters, row, type, value, inline] = match;
      while (index < columns.length && this.#letters[index] !== letters) index += 1;
      const column = columns[index];
      if (column === undefined || row !== number) {
        throw damaged(`${this.place()} has the cell ${letters}${row} in the wrong place`);
      }
      // An empty cell of a template, with a style only, is null.
      const isBlank = type === undefined && value === undefined && inline === undefined;
      const cell = isBlank
        ? null
        : this.#rows === 1
          ? this.#spelled(type, value, inline)
          : this.#cell(column.kind, type, value, inline);
      if (value === undefined && cell !== null && this.#rows > 1 && isNumeric(column.kind)) {
        this.#onTextNumber?.(index);
      }
      if (cell === undefined) throw damaged(`${this.place()} has ${shown(match[0])}, no ${column.kind}`);
      cells[index] = cell;
      index += 1;
      at = CELL.lastIndex;
    }
    return { cells, end: at + ROW_END.length };
  }

  /** Undefined for content that a cell of that kind cannot have. */
  #cell(
    kind: Kind,
    type: string | undefined,
    value: string | undefined,
    inline: string | undefined,
  ): Cell | undefined {
    if (kind === 'text' || kind === 'json') return this.#spelled(type, value, inline);
    if (value === undefined) {
      // A value that Excel cannot hold is written as text; see changes.ts.
      const text = this.#spelled(type, value, inline);
      if (!isNumeric(kind) || text === undefined) return text;
      return NUMBER.test(text) || NO_NUMBER.test(text) ? text : undefined;
    }
    if (type !== TYPES[kind]) return undefined;
    if (kind === 'boolean') return BOOLEANS[value];
    return (isNumeric(kind) ? NUMBER : SERIAL).test(value) ? value : undefined;
  }

  #spelled(
    type: string | undefined,
    value: string | undefined,
    inline: string | undefined,
  ): string | undefined {
    const text = type === 'inlineStr' ? inline : type === 'str' ? value : undefined;
    return text === undefined ? undefined : unspelled(unescaped(text, () => this.place()));
  }

  #unexpected(text: string, at: number) {
    return damaged(`${this.place()} has ${shown(text.slice(at))} where a cell or a row should be`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Replaces `_x000D_` and the like by their characters (22.9.2.19 ST_Xstring). */
function unspelled(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
