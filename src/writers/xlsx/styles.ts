// How the cells of the data sheets look. exceljs makes the styles before the first row, since rows have their numbers; the
// formats of numbers are known after the last row, and take the place of placeholders.
import type { Style } from 'exceljs';
import type { Locale } from '../../core/format.js';
import { type Column, isNumeric, type Kind } from '../../core/table.js';
import { currencyFormat, decimalFormat } from '../words/number-format.js';
import type { Extent } from './extent.js';
import type { ColumnStyles } from './rows.js';
import { escaped } from './sheet.js';

/** Excel shows booleans in its own language, whatever their format; LibreOffice shows some of them as 0 without one. */
export const FORMATS = {
  iso: { date: 'yyyy-mm-dd', timestamp: 'yyyy-mm-dd hh:mm:ss', boolean: '"TRUE";"TRUE";"FALSE"' },
  'pt-BR': {
    date: 'dd/mm/yyyy',
    timestamp: 'dd/mm/yyyy hh:mm:ss',
    boolean: '"VERDADEIRO";"VERDADEIRO";"FALSO"',
  },
} as const;
/** Without separators: it may be a code. */
export const INTEGER = '0';
/** Of a column without numbers. */
const DECIMAL = decimalFormat(2);
/** The default font, which a style that has a font of its own must name. */
const FONT = { name: 'Calibri', family: 2, size: 11 };
export const BOLD = { ...FONT, bold: true };
export const HEADING: Partial<Style> = {
  font: BOLD,
  fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFE7ECF3' } },
  border: { bottom: { style: 'thin', color: { argb: 'FF8A99AD' } } },
};
/** So that a number does not touch the text to its right, and the filter's button does not cover a header. */
export const INDENT = 2;

/** Built-in formats (ECMA-376 part 1, 18.8.30 numFmt), the others being custom ones. */
const BUILT_IN: Readonly<Record<string, number>> = {
  '0': 1,
  '0.00': 2,
  '#,##0': 3,
  '#,##0.00': 4,
  '0%': 9,
  '0.00%': 10,
};

type Alignment = Partial<Style['alignment']>;

const ALIGNMENTS: Readonly<Record<Kind, Alignment>> = {
  text: { horizontal: 'left' },
  json: { horizontal: 'left' },
  integer: { horizontal: 'right', indent: INDENT },
  decimal: { horizontal: 'right', indent: INDENT },
  boolean: { horizontal: 'center' },
  date: { horizontal: 'center' },
  timestamp: { horizontal: 'center' },
};

/** The format of a column's numbers. @param extent of all rows */
export function numberCode(column: Column, extent: Extent): string {
  return knownCode(column) ?? (extent.hasNumbers ? decimalFormat(extent.decimals) : DECIMAL);
}

/** The format that does not depend on the rows. */
function knownCode({ kind, currency, format }: Column): string | undefined {
  if (format !== undefined) return format;
  if (currency !== undefined) return currencyFormat(currency);
  return kind === 'integer' ? INTEGER : undefined;
}

/**
 * Five styles for each column: header, value, precise, text, lines. Columns that look alike share them, as the same object;
 * decimals without a format that is known by now have one of their own, with a placeholder.
 * @param shrinks whether numbers are shown smaller where they do not fit
 */
export function dataStyles(
  columns: readonly Column[],
  locale: Locale | undefined,
  shrinks: boolean,
): Partial<Style>[] {
  const formats = FORMATS[locale ?? 'iso'];
  const known = new Map<string, Partial<Style>>();
  const shared = (style: Partial<Style>): Partial<Style> => {
    const key = JSON.stringify(style);
    const first = known.get(key) ?? style;
    known.set(key, first);
    return first;
  };
  const text: Partial<Style> = { numFmt: '@', alignment: { vertical: 'top', ...ALIGNMENTS.text } };
  const lines: Partial<Style> = { ...text, alignment: { ...text.alignment, wrapText: true } };
  return columns.flatMap((column, index) => {
    const { kind } = column;
    const header = shared(headerOf(kind));
    if (kind === 'text' || kind === 'json') return [header, text, text, text, lines];
    const numFmt = isNumeric(kind) ? (knownCode(column) ?? placeholder(index)) : formats[kind];
    const value: Partial<Style> = {
      // LibreOffice 7.4 forgets the indent of a cell whose left neighbour differs in nothing but the format: name the font in turn.
      ...(index % 2 === 0 ? {} : { font: FONT }),
      numFmt,
      alignment: {
        vertical: 'top',
        ...ALIGNMENTS[kind],
        ...(shrinks && isNumeric(kind) && { shrinkToFit: true }),
      },
    };
    const precise = kind === 'timestamp' ? { ...value, numFmt: `${formats.timestamp}.000` } : value;
    return [header, shared(value), shared(precise), text, lines];
  });
}

function headerOf(kind: Kind): Partial<Style> {
  return { ...HEADING, alignment: { vertical: 'middle', ...ALIGNMENTS[kind] } };
}

/** @param numbers of dataStyles(), as the workbook has them */
export function stylesOf(
  column: number,
  numbers: readonly number[],
): ColumnStyles & { readonly header: number } {
  const [header = 0, value = 0, precise = 0, text = 0, lines = 0] = numbers.slice(column * 5, column * 5 + 5);
  return { header, value, precise, text, lines };
}

/** A format that no column has. */
function placeholder(column: number): string {
  return `0"column ${column}"`;
}

/**
 * The XML of the styles' part with the formats in place of the placeholders.
 * @param codes by the index of the column; columns without numbers have none
 */
export function withFormats(styles: string, codes: readonly (string | undefined)[]): string {
  const list = /<numFmts [^<>]*>((?:<numFmt [^<>]*>)*)<\/numFmts>/.exec(styles);
  if (list === null) return styles;
  const custom = [...(list[1] ?? '').matchAll(/<numFmt numFmtId="(\d+)" formatCode="([^"]*)"\/>/g)];
  const columns = new Map(codes.map((code, column) => [escaped(placeholder(column)), code]));
  /** By the escaped code. */
  const ids = new Map(Object.entries(BUILT_IN));
  const renumbered = new Map<string, number>();
  const kept: string[] = [];
  for (const [, id = '', written = ''] of custom) {
    const found = columns.get(written);
    const code = found === undefined ? written : escaped(found);
    let number = ids.get(code);
    if (number === undefined) {
      number = Number(id);
      ids.set(code, number);
      kept.push(`<numFmt numFmtId="${number}" formatCode="${code}"/>`);
    }
    renumbered.set(id, number);
  }
  const formats = kept.length === 0 ? '' : `<numFmts count="${kept.length}">${kept.join('')}</numFmts>`;
  return styles
    .replace(list[0], () => formats)
    .replace(/<xf numFmtId="(\d+)"/g, (tag, id) => {
      const number = renumbered.get(id);
      return number === undefined ? tag : `<xf numFmtId="${number}"`;
    });
}
