// Rows to the XML of a sheet's rows (ECMA-376 part 1, 18.3.1.73 row and 18.3.1.4 c), straight from their bytes.

import type { BooleanWords } from '../../core/format.js';
import type { Column, Kind } from '../../core/table.js';
import { isNullCell } from '../../rows/encoded-rows.js';
import { wordOf } from '../words/booleans.js';
import type { Block } from './block.js';
import {
  cellStart,
  ODD,
  putBoolean,
  putDate,
  putNumber,
  putText,
  putTimestamp,
  unfitNumber,
} from './cells.js';
import type { Changes } from './changes.js';
import { columnLetters } from './letters.js';
import type { Lines } from './lines.js';
import type { WorkbookStyles } from './shell.js';
import { Counting, OVERRUN, put, snippet } from './snippets.js';
import { fitting, inlineString } from './text.js';

const BACKSLASH = 92;
const ROW_CLOSE = snippet('</row>');
/** More than any cell's tags, and more than any row's. */
const TAGS = 96;
/** One byte of COPY text becomes seven where it is spelled `_x0007_`, and no more. */
const EXPANSION = 7;

type Look = 'text' | 'number' | 'boolean' | 'word' | 'date' | 'timestamp';

/** What cells are written alike. */
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

/** The numbers of the styles of a column's cells. */
export interface ColumnStyles {
  readonly value: number;
  /** Of a timestamp with a part of a second. */
  readonly precise: number;
  /** Of what can only be kept as text. */
  readonly text: number;
  /** Of null; without it there is no cell. */
  readonly blank?: number;
}

/** What the workbook's own styles make of a column. */
export function columnStyles({ kind, currency = '' }: Column, styles: WorkbookStyles): ColumnStyles {
  const value = styles.currencies[currency] ?? styles[kind === 'json' ? 'text' : kind];
  return { value, precise: kind === 'timestamp' ? styles.precise : value, text: styles.text };
}

interface CellPlan {
  readonly name: string;
  readonly kind: Kind;
  readonly look: Look;
  readonly letters: string;
  readonly styles: ColumnStyles;
  readonly start: Counting;
  readonly precise: Counting;
  readonly blank: Counting | undefined;
}

export interface RowOptions {
  /** Of every row beside its number, with a space before each. */
  readonly attributes?: string;
  readonly booleans?: BooleanWords | undefined;
}

export class RowEncoder {
  readonly #columns: readonly CellPlan[];
  readonly #rowStart: Counting;
  /** Everything with the number of the row in it. */
  readonly #counting: readonly Counting[];
  readonly #changes: Changes;
  readonly #booleans: BooleanWords | undefined;
  /** In this sheet, from 1. */
  #row = 1;
  /** Of all sheets, for messages. */
  #rows = 0;

  /**
   * @param styles one for each column
   */
  constructor(
    columns: readonly Column[],
    styles: readonly ColumnStyles[],
    changes: Changes,
    { attributes = '', booleans }: RowOptions = {},
  ) {
    this.#booleans = booleans;
    this.#rowStart = new Counting('<row r="', `"${attributes}>`, 1);
    this.#columns = columns.map(({ name, kind }, index) => {
      const letters = columnLetters(index);
      const own = styles[index] ?? { value: 0, precise: 0, text: 0 };
      const starting = (style: number) => {
        const [before = '', after = ''] = cellStart(`${letters}#`, style, TYPES[kind] ?? '').split('#');
        return new Counting(before, after, 1);
      };
      const start = starting(own.value);
      return {
        name,
        kind,
        look: kind === 'boolean' && booleans !== undefined ? 'word' : LOOKS[kind],
        letters,
        styles: own,
        start,
        precise: own.precise === own.value ? start : starting(own.precise),
        blank:
          own.blank === undefined ? undefined : new Counting(`<c r="${letters}`, `" s="${own.blank}"/>`, 1),
      };
    });
    const cells = this.#columns.flatMap(({ start, precise, blank }) => [start, precise, blank ?? start]);
    this.#counting = [...new Set([this.#rowStart, ...cells])];
    this.#changes = changes;
  }

  /** The first row of a sheet, in the style of that number. */
  header(titles: readonly string[], style: number, block: Block): void {
    const cells = titles.map((title, index) => {
      const text = fitting(title, (reason) => this.#changes.add(reason, title, () => 'the header'));
      return `<c r="${columnLetters(index)}1" s="${style}" t="inlineStr">${inlineString(text)}</c>`;
    });
    block.add(`<row r="1">${cells.join('')}</row>`);
    this.begin(2);
  }

  /** The number of the next row. */
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
    let row = from;
    let start = row === 0 ? 0 : (ends[row * width - 1] as number) + 1;
    while (row < to && !block.isFull) {
      const first = row * width;
      block.reserve(((ends[first + width - 1] as number) - start) * EXPANSION + (width + 1) * TAGS + OVERRUN);
      this.#rows += 1;
      let at = put(block.view, block.length, this.#rowStart);
      for (let column = 0; column < width; column++) {
        const end = ends[first + column] as number;
        const plan = columns[column] as CellPlan;
        if (bytes[start] === BACKSLASH && isNullCell(bytes, start, end)) {
          if (plan.blank !== undefined) at = put(block.view, at, plan.blank);
        } else {
          const next = putCell(block.view, at, plan, bytes, start, end);
          at = next === ODD ? this.#putOdd(block, at, plan, lines.textAt(first + column)) : next;
        }
        start = end + 1;
      }
      block.length = put(block.view, at, ROW_CLOSE);
      for (let index = 0; index < counting.length; index++) (counting[index] as Counting).increment();
      this.#row += 1;
      row += 1;
    }
    return row;
  }

  /** @returns where it ends */
  #putOdd(block: Block, at: number, plan: CellPlan, text: string): number {
    return at + block.bytes.write(this.#oddCell(plan, text), at, 'utf8');
  }

  /** A cell that needs a closer look. */
  #oddCell({ kind, name, letters, styles }: CellPlan, text: string): string {
    const place = () => `row ${this.#rows}, column "${name}"`;
    const reference = `${letters}${this.#row}`;
    const word = kind === 'boolean' && this.#booleans !== undefined;
    let fit = word ? wordOf(this.#booleans, text) : text;
    if (kind === 'integer' || kind === 'decimal') {
      const unfit = unfitNumber(text);
      if (unfit === undefined) return `${cellStart(reference, styles.value, '')}${text}</v></c>`;
      this.#changes.add(unfit, text, place);
    } else if (kind === 'date' || kind === 'timestamp') this.#changes.add('date', text, place);
    else fit = fitting(fit, (reason) => this.#changes.add(reason, text, place));
    return `<c r="${reference}" s="${word ? styles.value : styles.text}" t="inlineStr">${inlineString(fit)}</c>`;
  }
}

/** @returns where the cell ends, or ODD */
function putCell(
  view: DataView,
  at: number,
  { look, start: cell, precise }: CellPlan,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  switch (look) {
    case 'text':
      return putText(view, at, cell, bytes, start, end);
    case 'number':
      return putNumber(view, at, cell, bytes, start, end);
    case 'boolean':
      return putBoolean(view, at, cell, bytes, start, end);
    case 'word':
      return ODD;
    case 'date':
      return putDate(view, at, cell, bytes, start, end);
    case 'timestamp':
      return putTimestamp(view, at, cell, precise, bytes, start, end);
  }
}
