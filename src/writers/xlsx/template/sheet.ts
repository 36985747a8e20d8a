// The sheet of a template that takes the rows: the XML above them, the look of the model row, and the XML below.
import { columnLetters } from '../letters.js';
import { allExtended, type Reach, rowsOf } from './ranges.js';
import { attributeOf, elementsOf, withAttribute } from './xml.js';

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

interface Row {
  readonly number: number;
  readonly xml: string;
  /** Where it ends in the sheet. */
  readonly end: number;
}

/** A value, text or formula that is not empty. */
const CONTENT = /<(?:v|t|f)(?:\s[^<>]*)?>[^<]/;
/** The attributes of a row that define its look. */
const LOOKS = ['s', 'customFormat', 'ht', 'customHeight'];
/** Elements that apply to ranges: they grow with the rows. */
const RULES = ['conditionalFormatting', 'dataValidation', 'ignoredError', 'protectedRange'];
/** Excel's extensions of the same elements. */
const NEWER_RULES = elementsOf('x14:conditionalFormatting|x14:dataValidation');

/**
 * The header is the first row that has exactly its first `width` cells filled; the row below is the model.
 * @returns undefined where there is no such row
 */
export function modelOf(xml: string, width: number): Model | undefined {
  const open = /<sheetData\s*>/.exec(xml);
  const close = xml.lastIndexOf('</sheetData');
  if (!open || close < open.index) return undefined;
  const from = open.index + open[0].length;
  const rows = rowsIn(xml.slice(from, close), from);
  const index = rows.findIndex((row) => isFilledTo(row, width));
  const header = rows[index];
  if (header === undefined) return undefined;
  const below = rows[index + 1];
  const model = below?.number === header.number + 1 ? below : undefined;
  const cells = model === undefined ? undefined : cellsOf(model);
  const ofColumns = columnStylesIn(xml.slice(0, open.index));
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
    rest: xml.slice(close),
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

function rowsIn(data: string, offset: number): Row[] {
  let number = 0;
  return [...data.matchAll(elementsOf('row'))].map(({ 0: xml, index }) => {
    number = numberOf(xml, 'r') ?? number + 1;
    return { number, xml, end: offset + index + xml.length };
  });
}

/** By its column's letters. */
function cellsOf({ xml }: Row): Map<string, string> {
  const cells = (xml.match(elementsOf('c')) ?? []).map((cell, index) => {
    const reference = attributeOf(cell, 'r');
    return [reference?.replace(/(?<!\d)\d+$/, '') ?? columnLetters(index), cell] as const;
  });
  return new Map(cells);
}

function isFilledTo(row: Row, width: number): boolean {
  const cells = cellsOf(row);
  const isFilled = (column: number) => CONTENT.test(cells.get(columnLetters(column)) ?? '');
  return Array.from({ length: width }, (_, column) => column).every(isFilled) && !isFilled(width);
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

function numberOf(tag: string | undefined, name: string): number | undefined {
  const value = tag === undefined ? undefined : attributeOf(tag, name);
  if (value === 'true') return 1;
  return value === undefined || !/^\d+(\.\d+)?$/.test(value) ? undefined : Number(value);
}
