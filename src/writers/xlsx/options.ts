// The options of XLSX, and the limits that Excel sets ("Excel specifications and limits", Microsoft).
import * as z from 'zod';
import { ReportError } from '../../core/errors.js';
import { booleans } from '../words/booleans.js';
import { locale } from '../words/locale.js';
import { strict } from '../words/strict.js';
import { spelled } from './text.js';

export const xlsxOptions = {
  locale,
  booleans,
  strict,
  sheet: z.string().optional().meta({
    argument: '<name>',
    description: 'xlsx: the name of the sheet with the rows (Dados)',
  }),
  template: z.string().min(1).optional().meta({
    argument: '<file>',
    description: 'xlsx: a workbook; the rows go under the header of its sheet',
  }),
};
const schema = z.object(xlsxOptions);

/** As a writer takes them: the template is the file, not its path. */
export type XlsxOptions = Readonly<Omit<z.infer<typeof schema>, 'template'>> & {
  readonly template?: Template | undefined;
};

/** The file of a workbook. Its JSON, in a definition's hash or a manifest, identifies its content. */
export interface Template {
  /** Its name without folders. */
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Where it was read, absolute. A method, since the JSON is part of what is published. */
  path(): string;
  /** Name to content of its parts, in the archive's order. @throws Error for what is no zip archive or is too large inflated */
  parts(): Map<string, Buffer>;
}

export const XLSX_FILE = {
  extension: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

export const SUMMARY_SHEET = 'Resumo';
export const ABOUT_SHEET = 'Sobre';
export const DATA_SHEET = 'Dados';

/** Limits of a sheet, the header included. */
export const SHEET_ROWS = 1_048_576;
export const SHEET_COLUMNS = 16_384;
const SHEET_NAME_LENGTH = 31;

/** The base name of the data sheets. @throws ReportError `usage` for a name that Excel does not take */
export function sheetOf({ sheet = DATA_SHEET }: XlsxOptions): string {
  // Excel reserves "History".
  const taken = [SUMMARY_SHEET, ABOUT_SHEET, 'History'].some((name) => isSameName(name, sheet));
  const illegal = /[[\]:*?/\\]|^'|'$|^\s*$/.test(sheet) || spelled(sheet) !== sheet;
  if (!taken && !illegal && sheet.length <= SHEET_NAME_LENGTH) return sheet;
  throw new ReportError('usage', `no sheet can be called ${JSON.stringify(sheet)}`, {
    hint: `Give 1 to ${SHEET_NAME_LENGTH} characters without [ ] : * ? / \\ no control characters and no ' at either end, but not ${SUMMARY_SHEET}, ${ABOUT_SHEET} or History.`,
  });
}

/** The name of the next data sheet, such as `Dados (2)`, within the length that Excel takes. */
export function nextSheetName(base: string, taken: readonly string[]): string {
  if (taken.length === 0) return base;
  for (let number = taken.length + 1; ; number++) {
    const suffix = ` (${number})`;
    const name = base.slice(0, SHEET_NAME_LENGTH - suffix.length).replace(/[\ud800-\udbff]$/, '') + suffix;
    if (!taken.some((other) => isSameName(other, name))) return name;
  }
}

/** Whether Excel takes both names for the same sheet. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
