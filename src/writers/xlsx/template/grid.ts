// The rows and cells of a template's sheet (ECMA-376 part 1, 18.3.1.73 row and 18.3.1.4 c), and the texts of the cells.
import { columnLetters } from '../letters.js';
import { attributeOf, elementsOf, numberOf, unescaped } from './xml.js';

export interface Row {
  readonly number: number;
  readonly xml: string;
  /** Where it ends in the sheet. */
  readonly end: number;
}

/** A value, text or formula that is not empty. */
const CONTENT = /<(?:v|t|f)(?:\s[^<>]*)?>[^<]/;
/** A character that XML or Excel does not have, such as `_x000D_` (22.9.2.19 ST_Xstring). */
const SPELLED = /_x([0-9A-Fa-f]{4})_/g;

/** The rows of a sheet, in their order; none where it has no `sheetData`. */
export function rowsOfSheet(xml: string): Row[] {
  const data = sheetData(xml);
  return data === undefined ? [] : rowsIn(xml.slice(data.from, data.to), data.from);
}

/** Where the rows of a sheet begin and end in its XML. */
export function sheetData(xml: string): { readonly from: number; readonly to: number } | undefined {
  const open = /<sheetData\s*>/.exec(xml);
  const to = xml.lastIndexOf('</sheetData');
  return !open || to < open.index ? undefined : { from: open.index + open[0].length, to };
}

function rowsIn(data: string, offset: number): Row[] {
  let number = 0;
  return [...data.matchAll(elementsOf('row'))].map(({ 0: xml, index }) => {
    number = numberOf(xml, 'r') ?? number + 1;
    return { number, xml, end: offset + index + xml.length };
  });
}

/** The cells of a row by their columns' letters. */
export function cellsOf({ xml }: Row): Map<string, string> {
  const cells = (xml.match(elementsOf('c')) ?? []).map((cell, index) => {
    const reference = attributeOf(cell, 'r');
    return [reference?.replace(/(?<!\d)\d+$/, '') ?? columnLetters(index), cell] as const;
  });
  return new Map(cells);
}

export function isFilled(cell: string | undefined): boolean {
  return cell !== undefined && CONTENT.test(cell);
}

export function hasFormula(cell: string): boolean {
  return /<f[\s/>]/.test(cell);
}

/** The texts of a workbook's shared strings (18.4 Shared String Table), by their index. */
export function sharedTexts(xml: string): readonly string[] {
  return (xml.match(elementsOf('si')) ?? []).map(textIn);
}

/** The text that a cell shows: of a number its digits; empty where there is none, and of a formula. */
export function textOfCell(cell: string, shared: readonly string[]): string {
  if (hasFormula(cell)) return '';
  const [, value = ''] = /<v(?:\s[^<>]*)?>([^<]*)/.exec(cell) ?? [];
  const type = attributeOf(cell, 't');
  if (type === 'inlineStr') return textIn(cell);
  return type === 's' ? (shared[Number(value)] ?? '') : unspelled(unescaped(value));
}

/** The text of a string with its runs joined, without the reading aids of East Asian texts. */
function textIn(element: string): string {
  const runs = element.replace(elementsOf('rPh'), '').match(elementsOf('t')) ?? [];
  return unspelled(unescaped(runs.map((run) => run.replace(/<[^<>]*>/g, '')).join('')));
}

function unspelled(text: string): string {
  return text.replace(SPELLED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
