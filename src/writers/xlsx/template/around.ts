// The parts of a workbook that refer to the rows of the sheet: tables, defined names, calculation.
import { isSameName } from '../options.js';
import { extended, type Reach, rowsOf } from './ranges.js';
import { attributeOf, elementsOf, unescaped, withAttribute } from './xml.js';

/** The XML of a table, with its range extended to the last row and without its row of totals, which was replaced. */
export function tableFor(xml: string, reach: Reach): string {
  return xml
    .replace(/<(?:table|autoFilter|sortState)\s[^<>]*>/g, (tag) => {
      const reference = attributeOf(tag, 'ref');
      return reference === undefined ? tag : withAttribute(tag, 'ref', extended(reference, reach));
    })
    .replace(/<table\s[^<>]*>/, (tag) => {
      const rows = rowsOf(attributeOf(tag, 'ref') ?? '');
      return rows === undefined || rows.last < reach.model
        ? tag
        : tag.replace(/\stotalsRowCount="[^"]*"/, '');
    });
}

/** A table that begins in the rows that are replaced, and its first row; undefined for any other. */
export function lostTable(xml: string, headerRow: number): { name: string; row: number } | undefined {
  const [tag = ''] = /<table\s[^<>]*>/.exec(xml) ?? [];
  const rows = rowsOf(attributeOf(tag, 'ref') ?? '');
  if (rows === undefined || rows.first <= headerRow) return undefined;
  return { name: unescaped(attributeOf(tag, 'displayName') ?? ''), row: rows.first };
}

/** The XML of the workbook, with defined names extended to the last row, and recalculation when it is opened. */
export function workbookFor(xml: string, sheetName: string, reach: Reach): string {
  const named = xml.replace(
    /(<definedName\s[^<>]*>)([^<]*)(?=<\/definedName)/g,
    (_, tag: string, text: string) => {
      const isFilter = attributeOf(tag, 'name') === '_xlnm._FilterDatabase';
      return tag + nameFor(text, sheetName, isFilter ? { ...reach, model: reach.model - 1 } : reach);
    },
  );
  if (elementsOf('calcPr').test(named)) {
    return named.replace(elementsOf('calcPr'), (element) => withAttribute(element, 'fullCalcOnLoad', '1'));
  }
  // The order of a workbook's children is fixed (ECMA-376 part 1, 18.2.27 workbook).
  const before = ['definedNames', 'externalReferences', 'functionGroups', 'sheets'].find((name) => {
    return elementsOf(name).test(named);
  });
  return named.replace(elementsOf(before ?? 'sheets'), (element) => `${element}<calcPr fullCalcOnLoad="1"/>`);
}

/** One range of the sheet, such as `'Meus dados'!$A$5:$J$5`; formulas and lists of ranges stay. */
function nameFor(text: string, sheetName: string, reach: Reach): string {
  const match = /^(?:'((?:[^']|'')+)'|([^'!]+))!([^!]+)$/.exec(unescaped(text));
  if (!match?.[3]) return text;
  const [, quoted, plain = '', reference] = match;
  if (!isSameName(quoted?.replaceAll("''", "'") ?? plain, sheetName)) return text;
  // XML escapes no character of a range, so its length is the same in `text`.
  return text.slice(0, text.length - reference.length) + extended(reference, reach);
}
