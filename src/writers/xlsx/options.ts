// What a caller says about a workbook, and the limits that Excel sets ("Excel specifications and limits", Microsoft).
import { ReportError } from '../../core/errors.js';
import { spelled } from './text.js';

/** As a command line or a report spells them. */
export interface XlsxOptions {
  /** How dates look: `dd/mm/yyyy`; without it `yyyy-mm-dd`. */
  readonly locale?: 'pt-BR' | undefined;
  /** What stands, as text, for true and for false: `Sim/Não`; without it they are booleans. */
  readonly booleans?: string | undefined;
  /** A cell that Excel cannot hold as it is fails the export; without it, it is changed and counted. */
  readonly strict?: boolean | undefined;
  /** The name of the sheet with the rows; `Dados` without it. */
  readonly sheet?: string | undefined;
  /** The workbook whose sheet of that name takes the rows. */
  readonly template?: Template | undefined;
}

/** A workbook's file as it was read. Its JSON, in a definition's hash or a manifest, says what it holds. */
export interface Template {
  /** Its name without folders. */
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  content(): Buffer;
}

/** What the sheets `Resumo` and `Sobre` tell of the rows; what is left out is not told. */
export interface About {
  /** The report's name. */
  readonly report?: string | undefined;
  readonly title?: string | undefined;
  /** As readers see it: `2024-10-05` or `2024-09-01 a 2024-09-15`. */
  readonly period?: string | undefined;
  /** IANA name: the zone that the timestamps are in already. */
  readonly timezone?: string | undefined;
  /** Dimension to the values that were asked for. */
  readonly filters?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** The most rows that were asked for. */
  readonly limit?: number | undefined;
  /** Names of sources; no URL, no secret. */
  readonly sources?: readonly string[] | undefined;
  /** The definition's hash. */
  readonly definition?: string | undefined;
  readonly revision?: number | undefined;
  /** When the run began: ISO 8601, UTC. Without it the workbook says 1980, so that the same rows make the same bytes. */
  readonly started?: string | undefined;
  /** Name and version of the program. */
  readonly tool?: string | undefined;
  /** Names of integer or decimal columns to sum; those that are not exported are passed over. */
  readonly totals?: readonly string[] | undefined;
  /** The columns to group the totals by; those that are not exported are passed over. */
  readonly dimensions?:
    | { readonly organization?: string | undefined; readonly 'product-type'?: string | undefined }
    | undefined;
}

export const SUMMARY_SHEET = 'Resumo';
export const ABOUT_SHEET = 'Sobre';
export const DATA_SHEET = 'Dados';

/** With the header. */
export const SHEET_ROWS = 1_048_576;
export const SHEET_COLUMNS = 16_384;
const SHEET_NAME_LENGTH = 31;

/** The base name of the data sheets. @throws ReportError `usage` for a name that Excel does not take */
export function sheetOf({ sheet = DATA_SHEET }: XlsxOptions): string {
  // "History" is Excel's own.
  const taken = [SUMMARY_SHEET, ABOUT_SHEET, 'History'].some((name) => isSameName(name, sheet));
  const illegal = /[[\]:*?/\\]|^'|'$|^\s*$/.test(sheet) || spelled(sheet) !== sheet;
  if (!taken && !illegal && sheet.length <= SHEET_NAME_LENGTH) return sheet;
  throw new ReportError('usage', `no sheet can be called ${JSON.stringify(sheet)}`, {
    hint: `Give 1 to ${SHEET_NAME_LENGTH} characters without [ ] : * ? / \\ no control characters and no ' at either end, but not ${SUMMARY_SHEET}, ${ABOUT_SHEET} or History.`,
  });
}

/** The name of one more data sheet: `Dados (2)`, cut to the length that Excel takes. */
export function nextSheetName(base: string, taken: readonly string[]): string {
  if (taken.length === 0) return base;
  for (let number = taken.length + 1; ; number++) {
    const suffix = ` (${number})`;
    const name = base.slice(0, SHEET_NAME_LENGTH - suffix.length).replace(/[\ud800-\udbff]$/, '') + suffix;
    if (!taken.some((other) => isSameName(other, name))) return name;
  }
}

/** As Excel compares names of sheets. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
