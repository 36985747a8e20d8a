// Rows to the XML of a sheet's rows (ECMA-376 part 1, 18.3.1.73 row and 18.3.1.4 c), straight from their bytes.

import type { BooleanWords } from '../../core/format.js';
import { type Column, isNumeric, type Kind } from '../../core/table.js';
import { isNullCell } from '../../rows/encoded-rows.js';
import type { Lines } from '../../rows/lines.js';
import { wordOf } from '../words/booleans.js';
import type { Block } from './block.js';
import { CellWriter, cellStart, type DigitLimits, digitLimits, unfitNumber } from './cells.js';
import type { Changes } from './changes.js';
import { Extent, MOST_DECIMALS, WIDEST_TEXT } from './extent.js';
import { columnLetters } from './letters.js';
import { Counting, OVERRUN, snippet } from './snippets.js';
import { fitting, inlineString } from './text.js';

const BACKSLASH = 92;
const ROW_CLOSE = snippet('</row>');
/** In bytes: more than the tags of a cell take, and more than the tags of a row. */
const TAGS = 96;
/** One byte of COPY text becomes at most seven, as `_x0007_`. */
const EXPANSION = 7;
/** The characters of a line in a column as wide as columns get for texts: most are narrower than a digit. */
const LINE_LENGTH = WIDEST_TEXT * 1.1;
/** In points: a line of the default font, and the highest row ("Excel specifications and limits"). */
const LINE = 15;
const HIGHEST = 409;

type Look = 'text' | 'number' | 'boolean' | 'word' | 'date' | 'timestamp';

/** Kinds with the same look are written alike. */
const LOOKS: Readonly<Record<Kind, Look>> = {
  text: 'text',
  json: 'text',
  integer: 'number',
  decimal: 'number',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
};
const TYPES: Readonly<Partial<Record<Kind, string>>> = { text: 'str', json: 'str', boolean: 'b' };

/** The indices of the styles of a column's cells. */
export interface ColumnStyles {
  readonly value: number;
  /** For a timestamp with a fraction of a second. */
  readonly precise: number;
  /** For a value that Excel can hold as text only. */
  readonly text: number;
  /** For a text with line breaks. */
  readonly lines: number;
  /** For null; without it null has no cell. */
  readonly blank?: number;
}

interface CellPlan {
  readonly name: string;
  readonly kind: Kind;
  readonly look: Look;
  readonly letters: string;
  /** Of a number. */
  readonly limits: DigitLimits;
  readonly styles: ColumnStyles;
  readonly extent: Extent;
  /** The cell up to its value. */
  readonly opening: Counting;
  /** The same for a timestamp with a fraction of a second. */
  readonly precise: Counting;
  /** The whole cell for null; without it null has no cell. */
  readonly blank: Counting | undefined;
}

export interface RowOptions {
  /** Whether rows with line breaks get the height that they need. */
  readonly grows?: boolean;
  /** More attributes of every `<row>`, each with a space before it. */
  readonly attributes?: string;
  readonly booleans?: BooleanWords | undefined;
}

export class RowEncoder {
  /** Of each column: of the rows that are encoded so far. */
  readonly extents: readonly Extent[];
  readonly #columns: readonly CellPlan[];
  readonly #cells = new CellWriter();
  readonly #rowStart: Counting;
  /** Every snippet that holds the number of the row. */
  readonly #counting: readonly Counting[];
  readonly #changes: Changes;
  readonly #booleans: BooleanWords | undefined;
  readonly #grows: boolean;
  /** The most lines of a text in the present row, where it has line breaks; else 0. */
  #lines = 0;
  /** The number of the next row in this sheet, from 1. */
  #row = 1;
  /** Rows in all sheets, for messages. */
  #rows = 0;

  /**
   * @param styles one for each column
   */
  constructor(
    columns: readonly Column[],
    styles: readonly ColumnStyles[],
    changes: Changes,
    { attributes = '', booleans, grows = false }: RowOptions = {},
  ) {
    this.#grows = grows;
    this.#booleans = booleans;
    this.extents = columns.map(() => new Extent());
    this.#rowStart = new Counting('<row r="', `"${attributes}>`, 1);
    this.#columns = columns.map((column, index) => {
      const { name, kind } = column;
      const letters = columnLetters(index);
      const own = styles[index] ?? { value: 0, precise: 0, text: 0, lines: 0 };
      const openingWith = (style: number) => {
        const [before = '', after = ''] = cellStart(`${letters}#`, style, TYPES[kind] ?? '').split('#');
        return new Counting(before, after, 1);
      };
      const opening = openingWith(own.value);
      return {
        name,
        kind,
        look: kind === 'boolean' && booleans !== undefined ? 'word' : LOOKS[kind],
        letters,
        limits: digitLimits(column),
        styles: own,
        extent: this.extents[index] as Extent,
        opening,
        precise: own.precise === own.value ? opening : openingWith(own.precise),
        blank:
          own.blank === undefined ? undefined : new Counting(`<c r="${letters}`, `" s="${own.blank}"/>`, 1),
      };
    });
    const cells = this.#columns.flatMap(({ opening, precise, blank }) => [
      opening,
      precise,
      blank ?? opening,
    ]);
    this.#counting = [...new Set([this.#rowStart, ...cells])];
    this.#changes = changes;
  }

  /** Writes the titles as the first row of a sheet. @param styles the index of each title's */
  header(titles: readonly string[], styles: readonly number[], block: Block): void {
    const cells = titles.map((title, index) => {
      const text = fitting(title, (reason) => this.#changes.add(reason, title, () => 'the header'));
      return `<c r="${columnLetters(index)}1" s="${styles[index]}" t="inlineStr">${inlineString(text)}</c>`;
    });
    block.add(`<row r="1">${cells.join('')}</row>`);
    this.begin(2);
  }

  /** Sets the number of the next row. */
  begin(row: number): void {
    this.#row = row;
    for (const counting of this.#counting) counting.set(row);
  }

  /**
   * Appends rows until they are done or the block is full.
   * @returns the row to go on with
   * @throws ReportError `contract` for a cell that may not be changed
   */
  encode(lines: Lines, from: number, to: number, block: Block): number {
    const { bytes, ends } = lines;
    const columns = this.#columns;
    const width = columns.length;
    const counting = this.#counting;
    const cells = this.#cells;
    cells.source = bytes;
    let row = from;
    let start = row === 0 ? 0 : (ends[row * width - 1] as number) + 1;
    while (row < to && !block.isFull) {
      const first = row * width;
      block.reserve(((ends[first + width - 1] as number) - start) * EXPANSION + (width + 1) * TAGS + OVERRUN);
      this.#rows += 1;
      cells.target = block.view;
      cells.at = block.length;
      cells.snippet(this.#rowStart);
      for (let column = 0; column < width; column++) {
        const end = ends[first + column] as number;
        const plan = columns[column] as CellPlan;
        if (bytes[start] === BACKSLASH && isNullCell(bytes, start, end)) {
          if (plan.blank !== undefined) cells.snippet(plan.blank);
        } else if (!writeCell(cells, plan, start, end)) {
          const xml = this.#slowCell(plan, lines.textAt(first + column));
          cells.at += block.bytes.write(xml, cells.at, 'utf8');
        }
        start = end + 1;
      }
      cells.snippet(ROW_CLOSE);
      if (this.#lines > 0) this.#grow(block);
      block.length = cells.at;
      for (let index = 0; index < counting.length; index++) (counting[index] as Counting).increment();
      this.#row += 1;
      row += 1;
    }
    return row;
  }

  /** Gives the present row, the last one in the block, the height of its lines. */
  #grow(block: Block): void {
    const cells = this.#cells;
    const height = Buffer.from(` ht="${Math.min(HIGHEST, this.#lines * LINE)}"`);
    const at = block.length + this.#rowStart.length - 1;
    block.bytes.copyWithin(at + height.length, at, cells.at);
    height.copy(block.bytes, at);
    cells.at += height.length;
    this.#lines = 0;
  }

  /** The slow path: the XML of a cell that CellWriter does not take. @throws ReportError `contract` */
  #slowCell({ kind, name, letters, limits, styles, extent }: CellPlan, text: string): string {
    const place = () => `row ${this.#rows}, column "${name}"`;
    const reference = `${letters}${this.#row}`;
    const word = kind === 'boolean' && this.#booleans !== undefined;
    let fit = word ? wordOf(this.#booleans, text) : text;
    if (isNumeric(kind)) {
      const unfit = unfitNumber(text, limits);
      if (unfit === undefined) {
        addPlain(extent, text);
        return `${cellStart(reference, styles.value, '')}${text}</v></c>`;
      }
      this.#changes.add(unfit, text, place);
      this.#changes.addTextNumber(unfit, text, { column: name, row: this.#rows });
    } else if (kind === 'date' || kind === 'timestamp') this.#changes.add('date', text, place);
    else fit = fitting(fit, (reason) => this.#changes.add(reason, text, place));
    extent.addText(fit);
    const hasLines = fit.includes('\n');
    if (hasLines && this.#grows) this.#lines = Math.max(this.#lines, linesOf(fit));
    const style = word ? styles.value : hasLines ? styles.lines : styles.text;
    return `<c r="${reference}" s="${style}" t="inlineStr">${inlineString(fit)}</c>`;
  }
}

/** The lines that a text takes in a column as wide as columns get. */
function linesOf(text: string): number {
  return text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_LENGTH)), 0);
}

/** Adds a number that may be written with an exponent. */
function addPlain(extent: Extent, text: string): void {
  const plain = /e/i.test(text)
    ? Number(text)
        .toFixed(MOST_DECIMALS)
        .replace(/\.?(?<!0)0+$/, '')
    : text;
  const bytes = Buffer.from(plain);
  const significant = plain.replace(/\D/g, '').replace(/^0+|(?<!0)0+$/g, '').length;
  extent.addNumber(bytes, 0, bytes.length, bytes.indexOf('.'), significant);
}

/** @returns whether the cell was written; false when it needs the slow path */
function writeCell(
  cells: CellWriter,
  { look, opening, precise, limits, extent }: CellPlan,
  start: number,
  end: number,
): boolean {
  switch (look) {
    case 'text':
      return cells.text(opening, start, end, extent);
    case 'number':
      return cells.number(opening, limits, start, end, extent);
    case 'boolean':
      return cells.boolean(opening, start, end);
    case 'word':
      return false;
    case 'date':
      return cells.date(opening, start, end);
    case 'timestamp':
      return cells.timestamp(opening, precise, start, end, extent);
  }
}
