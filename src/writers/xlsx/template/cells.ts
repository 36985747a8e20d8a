// The cells of a template that have formulas: without the results that they were saved with, and with formulas for all rows.
import { columnIndex } from '../letters.js';
import { hasFormula } from './grid.js';
import { changedText } from './growth.js';
import { shifted } from './references.js';
import { attributeOf, elementsOf, escapedText, unescaped, withoutAttribute } from './xml.js';

interface Place {
  readonly column: number;
  readonly row: number;
}

interface Area {
  readonly from: Place;
  readonly to: Place;
}

/**
 * A sheet whose formulas have no result. A program that does not calculate on opening shows nothing then, where it showed what
 * was true of other rows; LibreOffice calculates a formula that has no result, whatever the workbook says.
 */
export function withoutResults(xml: string): string {
  if (!hasFormula(xml)) return xml;
  const areas = (xml.match(elementsOf('f')) ?? []).flatMap(areaOf);
  return xml.replace(elementsOf('c'), (cell) => {
    const isResult = hasFormula(cell) || isIn(placeOf(cell), areas);
    return isResult ? withoutAttribute(cell.replace(elementsOf('v'), ''), 't') : cell;
  });
}

/** The cells of a formula that has several: the other ones have results only. */
function areaOf(formula: string): Area[] {
  if (!/^(?:array|dataTable)$/.test(attributeOf(formula, 't') ?? '')) return [];
  const [from = '', to = from] = (attributeOf(formula, 'ref') ?? '').split(':');
  return from === to ? [] : [{ from: placeAt(from), to: placeAt(to) }];
}

function isIn({ column, row }: Place, areas: readonly Area[]): boolean {
  return areas.some(({ from, to }) => {
    return from.column <= column && column <= to.column && from.row <= row && row <= to.row;
  });
}

function placeOf(cell: string): Place {
  return placeAt(attributeOf(cell, 'r') ?? '');
}

function placeAt(reference: string): Place {
  const [, letters = '', row = ''] = /^\$?([A-Z]{1,3})\$?(\d+)$/.exec(reference) ?? [];
  return { column: columnIndex(letters), row: Number(row) };
}

/**
 * The sheet, or a part of one, with its formulas changed. A formula that several cells share is written into each of them where
 * it changes: a change for the first one need not be right for the others.
 */
export function withCellFormulas(xml: string, change: (formula: string) => string): string {
  if (!hasFormula(xml)) return xml;
  const shared = new Map<string, { readonly formula: string; readonly place: Place }>();
  for (const cell of xml.match(elementsOf('c')) ?? []) {
    const [tag, formula] = formulaOf(cell);
    const group = attributeOf(tag, 'si');
    if (attributeOf(tag, 't') !== 'shared' || group === undefined || formula === '') continue;
    if (change(formula) !== formula) shared.set(group, { formula, place: placeOf(cell) });
  }
  return xml.replace(elementsOf('c'), (cell) => {
    const [tag] = formulaOf(cell);
    if (tag === '') return cell;
    const first = shared.get(attributeOf(tag, 't') === 'shared' ? (attributeOf(tag, 'si') ?? '') : '');
    if (first === undefined) {
      return cell.replace(/(<f(?:\s[^<>]*)?>)([^<]+)/, (_, start: string, text: string) => {
        return start + changedText(text, change);
      });
    }
    const { column, row } = placeOf(cell);
    const own = shifted(first.formula, column - first.place.column, row - first.place.row);
    return cell.replace(elementsOf('f'), () => `<f>${escapedText(change(own))}</f>`);
  });
}

/** The start tag of a cell's formula and the formula; both are empty where it has none. */
export function formulaOf(cell: string): readonly [tag: string, formula: string] {
  const [, tag = '', text = ''] = /(<f(?:\s[^<>]*)?>)([^<]*)/.exec(cell) ?? [];
  return [tag, unescaped(text)];
}
