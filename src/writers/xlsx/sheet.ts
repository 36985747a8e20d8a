// The parts of a data sheet around its rows (ECMA-376 part 1, 18.3.1.99 worksheet): widths, the frozen header, the filter.
import type { Cell, Column, Kind } from '../../core/table.js';
import { columnLetters } from './letters.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const ONE_PAGE_WIDE = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>';
const LANDSCAPE = '<pageSetup orientation="landscape" fitToHeight="0"/>';
const FROZEN_HEADER =
  '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
  '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>';

/** Column widths in characters of the default font, by kind; other columns have the width of their sample, within limits. */
const WIDTHS: Readonly<Partial<Record<Kind, number>>> = { date: 10, timestamp: 23, boolean: 10 };
const NARROWEST = 8;
const WIDEST = 60;
/** The width of the filter's button in the header. */
const BUTTON = 3;
const PADDING = 1.5;
/** The symbol of a currency and the blank after it. */
const SYMBOL = 4;

/** The start of a data sheet up to its rows. @param sample the first rows, for the widths */
export function sheetStart(columns: readonly Column[], sample: readonly (readonly Cell[])[]): string {
  const widths = columns.map((column, index) => {
    const width = widthOf(
      column,
      sample.map((row) => row[index] ?? null),
    );
    return `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`;
  });
  return `${DECLARATION}<worksheet xmlns="${MAIN}">${ONE_PAGE_WIDE}${FROZEN_HEADER}<sheetFormatPr defaultRowHeight="15"/><cols>${widths.join('')}</cols><sheetData>`;
}

/** The end of a data sheet after its rows. @param rows with the header */
export function sheetEnd(columns: readonly Column[], rows: number): string {
  const range = `A1:${columnLetters(columns.length - 1)}${rows}`;
  return `</sheetData><autoFilter ref="${range}"/>${LANDSCAPE}${ignoredErrors(columns, rows)}</worksheet>`;
}

/**
 * Codes of digits are text on purpose: Excel does not mark them as errors, nor titles of digits. It does mark a number that is
 * text for want of digits, because its sums leave that out.
 */
function ignoredErrors(columns: readonly Column[], rows: number): string {
  const ranges = [`A1:${columnLetters(columns.length - 1)}1`];
  const isText = (index: number) => ['text', 'json'].includes(columns[index]?.kind ?? '');
  for (let first = 0; rows > 1 && first < columns.length; first++) {
    let last = first;
    while (isText(last)) last += 1;
    if (last > first) ranges.push(`${columnLetters(first)}2:${columnLetters(last - 1)}${rows}`);
    first = last;
  }
  return `<ignoredErrors><ignoredError sqref="${ranges.join(' ')}" numberStoredAsText="1"/></ignoredErrors>`;
}

function widthOf({ kind, name, title = name, currency }: Column, cells: readonly Cell[]): number {
  const symbol = currency === undefined ? 0 : SYMBOL;
  const lengths = cells.map((cell) => (cell === null ? 0 : shownLength(kind, cell) + symbol));
  const content = WIDTHS[kind] ?? lengths.reduce((longest, length) => Math.max(longest, length), 0);
  return Math.min(WIDEST, Math.max(NARROWEST, title.length + BUTTON, content)) + PADDING;
}

function shownLength(kind: Kind, cell: string): number {
  if (kind !== 'decimal') return cell.indexOf('\n') === -1 ? cell.length : cell.indexOf('\n');
  const whole = cell.replace(/\..*$/, '').length;
  // A separator after every three digits, and two decimals.
  return whole + Math.floor(whole / 3) + 3;
}

const LIST = '<sheets>';
const LIST_END = '</sheets>';

export interface DataSheet {
  readonly name: string;
  readonly width: number;
  /** With the header. */
  readonly rows: number;
}

/**
 * The workbook that exceljs wrote, its sheets in another order and with the ranges of the filters, without which Excel
 * does not show the filters as its own.
 * @param first the name of the sheet that opens, of which the rest follow in the order they have
 */
export function reordered(workbook: string, first: string, dataSheets: readonly DataSheet[]): string {
  const sheets = workbook.slice(workbook.indexOf(LIST), workbook.lastIndexOf(LIST_END) + LIST_END.length);
  const each = sheets.match(/<sheet [^<>]*\/>/g) ?? [];
  const order = [
    ...each.filter((sheet) => isOf(first, sheet)),
    ...each.filter((sheet) => !isOf(first, sheet)),
  ];
  const filters = dataSheets.map(({ name, width, rows }) => {
    const range = `'${name.replaceAll("'", "''")}'!$A$1:$${columnLetters(width - 1)}$${rows}`;
    const index = order.findIndex((sheet) => isOf(name, sheet));
    return `<definedName name="_xlnm._FilterDatabase" localSheetId="${index}" hidden="1">${escaped(range)}</definedName>`;
  });
  const ordered = `<sheets>${order.join('')}</sheets><definedNames>${filters.join('')}</definedNames>`;
  return workbook.replace(sheets, () => ordered);
}

function isOf(name: string, sheet: string): boolean {
  return sheet.includes(` name="${escaped(name)}"`);
}

/** As exceljs escapes an attribute. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (mark) => entities[mark] ?? '');
}
