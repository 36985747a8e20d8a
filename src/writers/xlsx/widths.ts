// The widths of the columns of a data sheet, in digits of the default font (ECMA-376 part 1, 18.3.1.13 col).
import { type Column, isNumeric } from '../../core/table.js';
import { shownLength } from '../words/number-format.js';
import { type Extent, WIDEST_TEXT } from './extent.js';
import { INDENT } from './styles.js';

const NARROWEST = 8;
/** Excel has columns of up to 255. */
const WIDEST = 250;
/** The lines and blanks at both sides of a cell. */
const PADDING = 1.5;
/** The width of the filter's button in the header. A header in the middle has that room on both sides. */
const BUTTON = 3;
/** A bold letter is so much wider than a digit. */
const BOLD = 1.08;
/** One step of indentation is three blanks. */
const INDENT_WIDTH = INDENT * 1.4;
const DATE = 10;
const TIMESTAMP = 19;
const FRACTION = 4;
/** FALSE, or VERDADEIRO. */
const BOOLEAN = 10;
/** So much larger an amount than all so far still fits, in digits. */
const HEADROOM = 4;
/** More digits stay text. */
const MOST_DIGITS = 16;

/** The width with which every value so far is seen. @param code the format of the column's numbers */
export function columnWidth(column: Column, extent: Extent, code: string, headroom = false): number {
  const { name, title = name, kind } = column;
  const isCentred = kind === 'boolean' || kind === 'date' || kind === 'timestamp';
  const room = isNumeric(column.kind) ? INDENT_WIDTH : isCentred ? 2 * BUTTON : BUTTON;
  const header = Math.min(WIDEST_TEXT, title.length * BOLD) + room;
  const text = Math.min(WIDEST_TEXT, extent.textWidth);
  const width = Math.max(NARROWEST, header, text, valueWidth(column, extent, code, headroom)) + PADDING;
  return Math.round(Math.min(WIDEST, width) * 100) / 100;
}

function valueWidth(column: Column, extent: Extent, code: string, headroom: boolean): number {
  switch (column.kind) {
    case 'integer':
    case 'decimal': {
      const { whole } = extent;
      const most = headroom ? Math.max(whole, Math.min(MOST_DIGITS, whole + HEADROOM)) : whole;
      return most === 0 ? 0 : shownLength(code, most) + INDENT_WIDTH;
    }
    case 'date':
      return DATE;
    case 'timestamp':
      return extent.hasFraction ? TIMESTAMP + FRACTION : TIMESTAMP;
    case 'boolean':
      return extent.textWidth === 0 ? BOOLEAN : 0;
    default:
      return 0;
  }
}
