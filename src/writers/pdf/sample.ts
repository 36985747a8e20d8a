// Measures columns in the first rows, so that their widths are known before the first page.
import type { Column } from '../../core/table.js';
import { cellStart, isNullCell } from '../../rows/encoded-rows.js';
import type { Lines } from '../../rows/lines.js';
import { currencyDecimals, currencySymbol } from '../words/number-format.js';
import type { Faces } from './canvas.js';
import type { ColumnSample } from './columns.js';
import { isPlainNumber, type NumberStyle, numberStyle } from './numbers.js';
import { type Language, shownText } from './spelling.js';
import { LineBreaker } from './text-lines.js';

/** Enough to know what is usual. */
export const MEASURED_ROWS = 1000;
/** A column with more decimals than this has floating-point numbers, which are shown with as many as each has. */
const MOST_DECIMALS = 4;
/** Of a measured text; longer ones wrap. */
const MOST_CHARACTERS = 120;
/** Shown in a column without values. */
const EXAMPLES = {
  integer: '0000',
  decimal: '0.000,00',
  boolean: 'false',
  date: '00/00/0000',
  timestamp: '00/00/0000 00:00:00',
};

export interface MeasuredColumn extends ColumnSample {
  /** Of the column in the rows. */
  readonly index: number;
  readonly style: NumberStyle;
}

interface Options extends Language {
  /** Names of the columns that are summed: their thousands are set apart. */
  readonly summed: readonly string[];
}

/** @param first the first rows, of which MEASURED_ROWS are measured. @param indices of the columns of the table in the rows */
export function measureColumns(
  columns: readonly Column[],
  indices: readonly number[],
  first: readonly Lines[],
  faces: Faces,
  options: Options,
): MeasuredColumn[] {
  const values = new LineBreaker(faces.regular);
  const titles = new LineBreaker(faces.bold);
  return indices.map((index) => {
    const column = columns[index] as Column;
    const texts = textsOf(first, index);
    const style = styleOf(column, texts, options);
    const example = column.kind in EXAMPLES ? [EXAMPLES[column.kind as keyof typeof EXAMPLES]] : [];
    const shown = texts.map((text) => shownText(column.kind, text, style, options));
    const widths = [...shown, ...(texts.length === 0 ? example : [])]
      .map((text) => values.line(text.slice(0, MOST_CHARACTERS)).width)
      .sort((a, b) => a - b);
    const title = titleOf(column);
    const symbol = column.currency === undefined ? '' : `${currencySymbol(column.currency)} `;
    const ofSum = options.summed.includes(column.name) ? titles.line(`${symbol}0.000`).width : 0;
    return {
      column,
      index,
      style,
      widest: (widths.at(-1) ?? 0) + ofSum,
      usual: widths[Math.floor(widths.length * 0.9)] ?? 0,
      title: titles.line(title).width,
      titleWord: Math.max(0, ...title.split(' ').map((word) => titles.line(word).width)),
    };
  });
}

/** With the symbol of its currency. */
export function titleOf({ name, title = name, currency }: Column): string {
  return currency === undefined ? title : `${title} (${currencySymbol(currency)})`;
}

function textsOf(first: readonly Lines[], index: number): string[] {
  const texts: string[] = [];
  let left = MEASURED_ROWS;
  for (const { bytes, ends, rowCount, textAt } of first) {
    const width = ends.length / rowCount;
    for (let row = 0; row < Math.min(rowCount, left); row++) {
      const cell = row * width + index;
      const start = cellStart(ends, cell);
      if (!isNullCell(bytes, start, ends[cell] as number)) texts.push(textAt(cell));
    }
    left -= Math.min(rowCount, left);
  }
  return texts;
}

function styleOf(
  { name, kind, currency }: Column,
  texts: readonly string[],
  { locale, summed }: Options,
): NumberStyle {
  const isGrouped = kind === 'decimal' || summed.includes(name);
  if (kind !== 'decimal') return numberStyle(locale, isGrouped, 0);
  const decimals = texts
    .filter(isPlainNumber)
    .map((text) => (text.includes('.') ? text.length - text.indexOf('.') - 1 : 0))
    .filter((count) => count <= MOST_DECIMALS);
  return numberStyle(
    locale,
    isGrouped,
    Math.max(currency === undefined ? 0 : currencyDecimals(currency), ...decimals),
  );
}
