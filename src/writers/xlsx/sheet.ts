// The parts of a data sheet around its rows (ECMA-376 part 1, 18.3.1.99 worksheet): widths, the frozen header, the filter, the page.
import type { Column } from '../../core/table.js';
import { columnLetters } from './letters.js';
import { A4, type HeadAndFoot, MARGINS, type Page } from './page.js';
import { spelled } from './text.js';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const FIT_TO_PAGES = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>';
const FROZEN_HEADER =
  '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' +
  '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>';
const PAGE_MARGINS = `<pageMargins ${Object.entries(MARGINS)
  .map(([side, inches]) => `${side}="${inches}"`)
  .join(' ')}/>`;

/** The start of a data sheet up to its rows. */
export function sheetStart(widths: readonly number[]): string {
  const columns = widths.map((width, index) => {
    return `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`;
  });
  return `${DECLARATION}<worksheet xmlns="${MAIN}">${FIT_TO_PAGES}${FROZEN_HEADER}<sheetFormatPr defaultRowHeight="15"/><cols>${columns.join('')}</cols><sheetData>`;
}

/** The end of a data sheet after its rows. @param rows with the header */
export function sheetEnd(
  columns: readonly Column[],
  rows: number,
  page: Page,
  { oddHeader, oddFooter }: HeadAndFoot,
): string {
  const range = `A1:${columnLetters(columns.length - 1)}${rows}`;
  const setup = `<pageSetup paperSize="${A4}" pageOrder="overThenDown" orientation="${page.orientation}" fitToWidth="${page.pagesWide}" fitToHeight="0"/>`;
  const texts = `<headerFooter><oddHeader>${escaped(spelled(oddHeader))}</oddHeader><oddFooter>${escaped(oddFooter)}</oddFooter></headerFooter>`;
  return `</sheetData><autoFilter ref="${range}"/>${PAGE_MARGINS}${setup}${texts}${ignoredErrors(columns, rows)}</worksheet>`;
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

const LIST = '<sheets>';
const LIST_END = '</sheets>';

export interface DataSheet {
  readonly name: string;
  readonly width: number;
  /** With the header. */
  readonly rows: number;
  readonly repeatsFirst: boolean;
}

/**
 * The workbook that exceljs wrote, its sheets in another order; with the ranges of the filters, without which Excel does not
 * show the filters as its own, and with the rows and columns that every page has (18.2.5 definedName).
 * @param first the name of the sheet that opens, of which the rest follow in the order they have
 */
export function reordered(workbook: string, first: string, dataSheets: readonly DataSheet[]): string {
  const sheets = workbook.slice(workbook.indexOf(LIST), workbook.lastIndexOf(LIST_END) + LIST_END.length);
  const each = sheets.match(/<sheet [^<>]*\/>/g) ?? [];
  const order = [
    ...each.filter((sheet) => isOf(first, sheet)),
    ...each.filter((sheet) => !isOf(first, sheet)),
  ];
  const names = dataSheets.flatMap(({ name, width, rows, repeatsFirst }) => {
    const sheet = `'${name.replaceAll("'", "''")}'!`;
    const index = order.findIndex((each) => isOf(name, each));
    const all = `${sheet}$A$1:$${columnLetters(width - 1)}$${rows}`;
    const titles = `${repeatsFirst ? `${sheet}$A:$A,` : ''}${sheet}$1:$1`;
    return [
      `<definedName name="_xlnm._FilterDatabase" localSheetId="${index}" hidden="1">${escaped(all)}</definedName>`,
      `<definedName name="_xlnm.Print_Titles" localSheetId="${index}">${escaped(titles)}</definedName>`,
    ];
  });
  const ordered = `<sheets>${order.join('')}</sheets><definedNames>${names.join('')}</definedNames>`;
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
