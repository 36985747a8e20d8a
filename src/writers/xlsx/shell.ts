// Everything of a workbook except its rows, by exceljs: styles, the sheets Resumo and Sobre, relationships.
import type { CellValue, Style, Workbook, Worksheet } from 'exceljs';
import type { Locale } from '../../core/format.js';
import { dayText } from '../words/asked.js';
import { decimalFormat, shownLength } from '../words/number-format.js';
import { digitLimits, unfitNumber } from './cells.js';
import { ABOUT_SHEET, SUMMARY_SHEET } from './options.js';
import { A4, type HeadAndFoot, MARGINS, pageFor } from './page.js';
import { type DataSheet, reordered } from './sheet.js';
import { BOLD, FORMATS, HEADING } from './styles.js';
import { fitting, spelled } from './text.js';
import { unzipped } from './unzip.js';

/** A text, a count, a day `YYYY-MM-DD`, or an exact decimal, which is a number as far as Excel can hold it, or rounded. */
export type Shown =
  | string
  | number
  | { readonly day: string }
  | {
      readonly decimal: string;
      /** The format. */
      readonly code: string;
      /** Whether 15 significant digits are enough, as of a sum of floating-point numbers. */
      readonly isRounded?: boolean;
    };

export interface Line {
  readonly cells: readonly Shown[];
  /** `totals`: a heading whose cells after the first stand over numbers. */
  readonly look: 'title' | 'heading' | 'totals' | 'plain' | 'strong';
}

export interface ShellContent {
  readonly title: string;
  readonly subject: string;
  /** When the run began, or undefined for the same bytes each time. */
  readonly started: string | undefined;
  readonly dataSheets: readonly DataSheet[];
  /** Of the cells of the data sheets. */
  readonly styles: readonly Partial<Style>[];
  readonly headAndFoot: HeadAndFoot;
  readonly summary: readonly Line[];
  readonly about: readonly Line[];
}

export interface Shell {
  /** The number of each style. */
  readonly styles: readonly number[];
  /** Name to content; the data sheets are not among them. */
  readonly parts: Map<string, Buffer>;
}

/** Before it Excel's dates are wrong: see serial.ts. */
const FIRST_DAY = '1900-03-01';
const COUNT = decimalFormat(0);
const LOOKS: Readonly<Record<Line['look'], Partial<Style>>> = {
  title: { font: { ...BOLD, size: 16 } },
  heading: HEADING,
  totals: HEADING,
  plain: {},
  strong: { font: BOLD },
};

/** Of facts, their values with a SHA-256, and the last day of a period: together they are legible on a page. */
const ABOUT_WIDTHS = [28, 72, 12];

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
export async function makeShell(locale: Locale | undefined, content: ShellContent): Promise<Shell> {
  const workbook = await newWorkbook();
  const made = new Date(content.started ?? '1980-01-01T00:00:00Z');
  Object.assign(workbook, {
    creator: 'reportctl',
    lastModifiedBy: 'reportctl',
    created: made,
    modified: made,
  });
  workbook.title = content.title;
  workbook.subject = content.subject;
  // Many columns share a style, and are the same object then.
  const styles = [...new Set(content.styles)];
  // The data sheets are placeholders, their rows being written elsewhere; the first one shows each style once.
  for (const [index, { name }] of content.dataSheets.entries()) {
    const sheet = workbook.addWorksheet(name);
    if (index > 0) continue;
    for (const [row, style] of styles.entries()) sheet.getCell(row + 1, 1).style = style;
  }
  fill(
    workbook.addWorksheet(SUMMARY_SHEET),
    content.summary,
    summaryWidths(content.summary),
    content,
    locale,
  );
  fill(workbook.addWorksheet(ABOUT_SHEET), content.about, ABOUT_WIDTHS, content, locale);
  workbook.views = [
    { x: 0, y: 0, width: 24_000, height: 14_000, firstSheet: 0, activeTab: 0, visibility: 'visible' },
  ];
  const parts = unzipped(Buffer.from(await workbook.xlsx.writeBuffer()));
  const first = parts.get(sheetPath(1))?.toString() ?? '';
  const numbers = [...first.matchAll(/<c r="A\d+" s="(\d+)"/g)].map((match) => Number(match[1]));
  for (let number = 1; number <= content.dataSheets.length; number++) parts.delete(sheetPath(number));
  const joined = parts.get('xl/workbook.xml')?.toString() ?? '';
  parts.set('xl/workbook.xml', Buffer.from(reordered(joined, SUMMARY_SHEET, content.dataSheets)));
  const numberOf = new Map(styles.map((style, index) => [style, numbers[index] ?? 0]));
  return { styles: content.styles.map((style) => numberOf.get(style) ?? 0), parts };
}

function fill(
  sheet: Worksheet,
  lines: readonly Line[],
  widths: readonly number[],
  { headAndFoot }: ShellContent,
  locale: Locale | undefined,
): void {
  const most = Math.max(0, ...lines.map((line) => line.cells.length));
  const all = Array.from({ length: most }, (_, index) => widths[index] ?? widths.at(-1) ?? 20);
  for (const [index, width] of all.entries()) sheet.getColumn(index + 1).width = width;
  const { orientation, pagesWide } = pageFor(all);
  sheet.views = [{ showGridLines: false }];
  Object.assign(sheet.pageSetup, {
    paperSize: A4,
    orientation,
    fitToPage: true,
    fitToWidth: pagesWide,
    fitToHeight: 0,
    margins: MARGINS,
  });
  Object.assign(sheet.headerFooter, headAndFoot);
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

function cellOf(
  shown: Shown,
  locale: Locale | undefined,
): { readonly value: CellValue; readonly style: Partial<Style> } {
  const alignment = { vertical: 'top' } as const;
  if (typeof shown === 'number') return { value: shown, style: { numFmt: COUNT, alignment } };
  if (typeof shown === 'string') {
    const value = spelled(fitting(shown, () => undefined));
    return { value, style: { alignment } };
  }
  if ('day' in shown) {
    const isDate = shown.day >= FIRST_DAY;
    const value = isDate ? new Date(`${shown.day}T00:00:00Z`) : dayText(shown.day, locale);
    return {
      value,
      style: { numFmt: FORMATS[locale ?? 'iso'].date, alignment: { ...alignment, horizontal: 'left' } },
    };
  }
  const { decimal, code, isRounded = false } = shown;
  const limits = digitLimits(isRounded ? { longNumbers: 'number' } : {});
  if (unfitNumber(decimal, limits) === undefined) {
    return {
      value: Number(decimal),
      style: { numFmt: code, alignment: { ...alignment, horizontal: 'right' } },
    };
  }
  return { value: decimal, style: { numFmt: '@', alignment: { ...alignment, horizontal: 'right' } } };
}

const WIDEST_NAME = 60;
const NARROWEST = 14;

/** As wide as the names of groups, and as the amounts and their headings; other values have empty cells at their right. */
function summaryWidths(lines: readonly Line[]): number[] {
  const widths: number[] = [];
  for (const { cells, look } of lines) {
    if (look === 'title') continue;
    for (const [column, shown] of cells.entries()) {
      const isSeen = column === 0 || look === 'totals' || typeof shown !== 'string';
      const width = isSeen ? Math.min(WIDEST_NAME, lengthOf(shown)) + 2 : 0;
      widths[column] = Math.max(widths[column] ?? NARROWEST, width);
    }
  }
  return widths;
}

function lengthOf(shown: Shown): number {
  if (typeof shown === 'string') return shown.length * 1.1;
  if (typeof shown === 'number') return shownLength(COUNT, `${shown}`.length);
  if ('day' in shown) return shown.day.length;
  return shownLength(shown.code, shown.decimal.split('.')[0]?.length ?? 0);
}
