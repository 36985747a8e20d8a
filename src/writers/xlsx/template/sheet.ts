// The sheet of a template that takes the rows: the XML above them, the look of the model row, and the XML below.
import { columnLetters } from '../letters.js';
import { cellsOf, hasFormula, isFilled, type Row, rowsOfSheet, sheetData } from './grid.js';
import { allExtended, type Reach, rowsOf } from './ranges.js';
import { attributeOf, elementsOf, numberOf, withAttribute } from './xml.js';

export interface Model {
  /** The XML up to the end of the header's row. */
  readonly start: string;
  readonly headerRow: number;
  /** The last row that is replaced, or the header's row where none is. */
  readonly lastRow: number;
  /** Attributes of the model row, each with a space before it. */
  readonly attributes: string;
  /** By column: the style index of the model row's cell; undefined where it has none. */
  readonly styles: readonly (number | undefined)[];
  /** The XML after the rows. */
  readonly rest: string;
}

/** The attributes of a row that define its look. */
const LOOKS = ['s', 'customFormat', 'ht', 'customHeight'];
/** Elements that apply to ranges: they grow with the rows. */
const RULES = ['conditionalFormatting', 'dataValidation', 'ignoredError', 'protectedRange'];
/** Excel's extensions of the same elements. */
const NEWER_RULES = elementsOf('x14:conditionalFormatting|x14:dataValidation');

/**
 * The header is the first row that has exactly its first `width` cells filled, none with a formula, as a row of totals has; the
 * row below is the model.
 * @returns undefined where there is no such row
 */
export function modelOf(xml: string, width: number): Model | undefined {
  const data = sheetData(xml);
  if (data === undefined) return undefined;
  const rows = rowsOfSheet(xml);
  const index = rows.findIndex((row) => isFilledTo(row, width));
  const header = rows[index];
  if (header === undefined) return undefined;
  const below = rows[index + 1];
  const model = below?.number === header.number + 1 ? below : undefined;
  const cells = model === undefined ? undefined : cellsOf(model);
  const ofColumns = columnStylesIn(xml.slice(0, data.from));
  const styles = Array.from({ length: width }, (_, column) => {
    const own = numberOf(cells?.get(columnLetters(column)), 's') ?? numberOf(model?.xml, 's');
    return own ?? ofColumns(column) ?? (cells === undefined || cells.size === 0 ? undefined : 0);
  });
  return {
    // The last row is not known yet, and `dimension` is optional.
    start: xml.slice(0, header.end).replace(elementsOf('dimension'), ''),
    headerRow: header.number,
    lastRow: rows.at(-1)?.number ?? header.number,
    attributes: LOOKS.flatMap((name) => {
      const value = numberOf(model?.xml, name);
      return value === undefined ? [] : ` ${name}="${value}"`;
    }).join(''),
    styles,
    rest: xml.slice(data.to),
  };
}

/** The XML after the rows, adapted to their number. */
export function endOf({ rest, headerRow }: Model, reach: Reach): string {
  const grown = (name: string, to: Reach) => (element: string) => {
    const references = attributeOf(element, name);
    return references === undefined ? element : withAttribute(element, name, allExtended(references, to));
  };
  return (
    withoutOld(withoutOld(rest, 'mergeCell', headerRow), 'hyperlink', headerRow)
      .replace(/<sortState\s[^<>]*>/g, grown('ref', reach))
      // Over a header without rows a filter ends there.
      .replace(/<autoFilter\s[^<>]*>/g, grown('ref', { ...reach, model: headerRow }))
      .replace(new RegExp(`<(?:${RULES.join('|')})\\s[^<>]*>`, 'g'), grown('sqref', reach))
      .replace(NEWER_RULES, (rule) =>
        rule.replace(
          /(<xm:sqref>)([^<]*)/g,
          (_, tag: string, ranges: string) => tag + allExtended(ranges, reach),
        ),
      )
  );
}

/** Removes merged cells and links of the replaced rows, which would apply to the new rows. */
function withoutOld(xml: string, name: string, headerRow: number): string {
  return xml.replace(elementsOf(`${name}s`), (list) => {
    const kept = (list.match(elementsOf(name)) ?? []).filter((element) => {
      const rows = rowsOf(attributeOf(element, 'ref') ?? '');
      return rows === undefined || rows.last <= headerRow;
    });
    if (kept.length === 0) return '';
    const [tag = ''] = /^<[^<>]*>/.exec(list) ?? [];
    const counted =
      attributeOf(tag, 'count') === undefined ? tag : withAttribute(tag, 'count', `${kept.length}`);
    return `${counted}${kept.join('')}</${name}s>`;
  });
}

function isFilledTo(row: Row, width: number): boolean {
  const cells = cellsOf(row);
  const isFull = (column: number) => isFilled(cells.get(columnLetters(column)));
  return (
    Array.from({ length: width }, (_, column) => column).every(isFull) &&
    !isFull(width) &&
    ![...cells.values()].some(hasFormula)
  );
}

function columnStylesIn(before: string): (column: number) => number | undefined {
  const columns = before.match(elementsOf('col')) ?? [];
  return (column) => {
    const found = columns.find((element) => {
      return (numberOf(element, 'min') ?? 0) <= column + 1 && (numberOf(element, 'max') ?? 0) > column;
    });
    return numberOf(found, 'style');
  };
}
