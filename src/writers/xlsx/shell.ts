// Everything of a workbook except its rows, by exceljs: styles, the sheets Resumo and Sobre, relationships.
import type { CellValue, Style, Workbook, Worksheet } from 'exceljs';
import { dayText, type Locale } from '../words/asked.js';
import { digitLimits, type Styles, unfitNumber } from './cells.js';
import { ABOUT_SHEET, SUMMARY_SHEET } from './options.js';
import { type DataSheet, reordered } from './sheet.js';
import { fitting, spelled } from './text.js';
import { unzipped } from './unzip.js';

/** A text, a count, a day `YYYY-MM-DD`, or an exact decimal, which is a number as far as Excel can hold it, or rounded. */
export type Shown =
  | string
  | number
  | { readonly day: string }
  | {
      readonly decimal: string;
      readonly currency: string | undefined;
      /** Whether 15 significant digits are enough, as of a sum of floating-point numbers. */
      readonly isRounded?: boolean;
    };

export interface Line {
  readonly cells: readonly Shown[];
  /** `totals`: a heading whose cells after the first stand over numbers. */
  readonly look: 'title' | 'heading' | 'totals' | 'plain' | 'strong';
}

/** With the styles of amounts, by the code of their currency. */
export interface WorkbookStyles extends Styles {
  readonly currencies: Readonly<Record<string, number>>;
}

export interface ShellContent {
  readonly title: string;
  /** When the run began, or undefined for the same bytes each time. */
  readonly started: string | undefined;
  readonly dataSheets: readonly DataSheet[];
  /** Codes of ISO 4217 that have a style. */
  readonly currencies: readonly string[];
  readonly summary: readonly Line[];
  readonly about: readonly Line[];
}

export interface Shell {
  readonly styles: WorkbookStyles;
  /** Name to content; the data sheets are not among them. */
  readonly parts: ReadonlyMap<string, Buffer>;
}

/** Before it Excel's dates are wrong: see serial.ts. */
const FIRST_DAY = '1900-03-01';
const INTEGER = '0';
const DECIMAL = '#,##0.00';
export const DATES = {
  iso: { date: 'yyyy-mm-dd', timestamp: 'yyyy-mm-dd hh:mm:ss' },
  'pt-BR': { date: 'dd/mm/yyyy', timestamp: 'dd/mm/yyyy hh:mm:ss' },
} as const;
/** The default font, which a style that has a font of its own must name. */
const FONT = { name: 'Calibri', family: 2, size: 11 };
const BOLD = { ...FONT, bold: true };
const HEADING: Partial<Style> = {
  font: BOLD,
  fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFE7ECF3' } },
  border: { bottom: { style: 'thin', color: { argb: 'FF8A99AD' } } },
};
const LOOKS: Readonly<Record<Line['look'], Partial<Style>>> = {
  title: { font: { ...BOLD, size: 16 } },
  heading: HEADING,
  totals: HEADING,
  plain: {},
  strong: { font: BOLD },
};

/**
 * The format of an amount, such as `"R$" #,##0.00`: the symbol that Brazil writes (Unicode CLDR) and the decimals that the
 * currency has (ISO 4217), in the codes of ECMA-376 part 1, 18.8.31.
 */
export function currencyFormat(currency: string): string {
  const format = new Intl.NumberFormat('pt-BR', { style: 'currency', currency });
  const symbol = format.formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currency;
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  const number = decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`;
  return `"${symbol}" ${number};-"${symbol}" ${number}`;
}

function dataStyles(locale: Locale): Readonly<Record<keyof Styles, Partial<Style>>> {
  const { date, timestamp } = DATES[locale ?? 'iso'];
  return {
    header: { ...HEADING, alignment: { vertical: 'middle' } },
    text: { numFmt: '@' },
    integer: { numFmt: INTEGER },
    decimal: { numFmt: DECIMAL },
    boolean: { alignment: { horizontal: 'center' } },
    date: { numFmt: date },
    timestamp: { numFmt: timestamp },
    precise: { numFmt: `${timestamp}.000` },
  };
}

/** A new workbook; imports only the part of exceljs that makes one. */
export async function newWorkbook(): Promise<Workbook> {
  const { default: ExcelWorkbook } = await import('exceljs/lib/doc/workbook.js');
  return new ExcelWorkbook();
}

/** The path of the nth data sheet, from 1. */
export function sheetPath(number: number): string {
  return `xl/worksheets/sheet${number}.xml`;
}

/** The shell of a workbook. The styles are the same whatever the content is: they come first. */
export async function makeShell(locale: Locale, content: ShellContent): Promise<Shell> {
  const workbook = await newWorkbook();
  const made = new Date(content.started ?? '1980-01-01T00:00:00Z');
  Object.assign(workbook, {
    creator: 'reportctl',
    lastModifiedBy: 'reportctl',
    created: made,
    modified: made,
  });
  workbook.title = content.title;
  const kinds = dataStyles(locale);
  const names = Object.keys(kinds) as (keyof Styles)[];
  const amounts = content.currencies.map((currency) => ({ numFmt: currencyFormat(currency) }));
  const styles = [...names.map((name) => kinds[name]), ...amounts];
  // The data sheets are placeholders, their rows being written elsewhere; the first one shows each style once.
  for (const [index, { name }] of content.dataSheets.entries()) {
    const sheet = workbook.addWorksheet(name);
    if (index > 0) continue;
    for (const [column, style] of styles.entries()) sheet.getCell(1, column + 1).style = style;
  }
  fill(workbook.addWorksheet(SUMMARY_SHEET), content.summary, [44, 14, 26], locale);
  fill(workbook.addWorksheet(ABOUT_SHEET), content.about, [28, 110], locale);
  workbook.views = [
    { x: 0, y: 0, width: 24_000, height: 14_000, firstSheet: 0, activeTab: 0, visibility: 'visible' },
  ];
  const parts = unzipped(Buffer.from(await workbook.xlsx.writeBuffer()));
  const first = parts.get(sheetPath(1))?.toString() ?? '';
  const numbers = [...first.matchAll(/<c r="[A-Z]+1" s="(\d+)"/g)].map((match) => Number(match[1]));
  for (let number = 1; number <= content.dataSheets.length; number++) parts.delete(sheetPath(number));
  const joined = parts.get('xl/workbook.xml')?.toString() ?? '';
  parts.set('xl/workbook.xml', Buffer.from(reordered(joined, SUMMARY_SHEET, content.dataSheets)));
  return {
    styles: {
      ...(Object.fromEntries(names.map((name, index) => [name, numbers[index]])) as unknown as Styles),
      currencies: Object.fromEntries(
        content.currencies.map((currency, index) => [currency, numbers[names.length + index] ?? 0]),
      ),
    },
    parts,
  };
}

function fill(sheet: Worksheet, lines: readonly Line[], widths: readonly number[], locale: Locale): void {
  const most = Math.max(0, ...lines.map((line) => line.cells.length));
  for (let column = 1; column <= most; column++) {
    sheet.getColumn(column).width = widths[column - 1] ?? widths.at(-1) ?? 20;
  }
  sheet.views = [{ showGridLines: false }];
  Object.assign(sheet.pageSetup, { fitToPage: true, fitToWidth: 1, fitToHeight: 0 });
  for (const [row, { cells, look }] of lines.entries()) {
    for (const [column, shown] of cells.entries()) {
      const cell = sheet.getCell(row + 1, column + 1);
      const { value, style } = cellOf(shown, locale);
      cell.value = value;
      cell.style = { ...style, ...LOOKS[look] };
      if (look === 'totals' && column > 0) cell.alignment = { vertical: 'top', horizontal: 'right' };
    }
  }
}

function cellOf(shown: Shown, locale: Locale): { readonly value: CellValue; readonly style: Partial<Style> } {
  const alignment = { vertical: 'top' } as const;
  if (typeof shown === 'number') return { value: shown, style: { numFmt: '#,##0', alignment } };
  if (typeof shown === 'string') {
    const value = spelled(fitting(shown, () => undefined));
    return { value, style: { alignment } };
  }
  if ('day' in shown) {
    const isDate = shown.day >= FIRST_DAY;
    const value = isDate ? new Date(`${shown.day}T00:00:00Z`) : dayText(shown.day, locale);
    return {
      value,
      style: { numFmt: DATES[locale ?? 'iso'].date, alignment: { ...alignment, horizontal: 'left' } },
    };
  }
  const { decimal, currency, isRounded = false } = shown;
  const plain = decimal.includes('.') ? DECIMAL : '#,##0';
  const numFmt = currency === undefined ? plain : currencyFormat(currency);
  const limits = digitLimits(isRounded ? { longNumbers: 'number' } : {});
  if (unfitNumber(decimal, limits) === undefined)
    return { value: Number(decimal), style: { numFmt, alignment } };
  return { value: decimal, style: { numFmt: '@', alignment: { ...alignment, horizontal: 'right' } } };
}
