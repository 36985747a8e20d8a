// The parts of a workbook that refer to the rows of the sheet: tables, pivot tables, defined names, calculation.
import { isSameName } from '../options.js';
import { changedText, grown } from './growth.js';
import { extended, type Reach, rowsOf } from './ranges.js';
import { attributeOf, elementsOf, escapedText, unescaped, withAttribute } from './xml.js';

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

/** The XML of a pivot table's rows: its range reaches to the last row, and a program reads it anew on opening. */
export function pivotFor(xml: string, sheetName: string, reach: Reach): string {
  const [source] = /<worksheetSource\s[^<>]*>/.exec(xml) ?? [];
  if (source === undefined) return xml;
  const reference = attributeOf(source, 'ref');
  const isOurs = isSameName(unescaped(attributeOf(source, 'sheet') ?? ''), sheetName);
  // A source with a name is a table or a defined name, which grows itself.
  if (reference !== undefined && !isOurs) return xml;
  const now = reference === undefined ? source : withAttribute(source, 'ref', extended(reference, reach));
  return xml
    .replace(source, () => now)
    .replace(/<pivotCacheDefinition\s[^<>]*>/, (tag) => withAttribute(tag, 'refreshOnLoad', '1'));
}

/** The XML of the workbook: defined names reach to the last row, `added` ones follow, and it is recalculated on opening. */
export function workbookFor(xml: string, sheetName: string, reach: Reach, added: RangeNames): string {
  const named = xml.replace(
    /(<definedName\s[^<>]*>)([^<]*)(?=<\/definedName)/g,
    (_, tag: string, text: string) => {
      const isFilter = attributeOf(tag, 'name') === '_xlnm._FilterDatabase';
      const own = isFilter ? { ...reach, model: reach.model - 1 } : reach;
      return tag + changedText(text, (formula) => grown(formula, { sheetName, isOwn: false }, 'name', own));
    },
  );
  return withCalculation(withNames(named, added.elements(sheetName, reach)));
}

function withNames(xml: string, elements: string): string {
  if (elements === '') return xml;
  if (xml.includes('</definedNames>')) {
    return xml.replace('</definedNames>', () => `${elements}</definedNames>`);
  }
  const own = `<definedNames>${elements}</definedNames>`;
  // Some programs write the list when it is empty, too.
  if (elementsOf('definedNames').test(xml)) return xml.replace(elementsOf('definedNames'), () => own);
  return after(xml, ['externalReferences', 'functionGroups', 'sheets'], own);
}

function withCalculation(xml: string): string {
  if (elementsOf('calcPr').test(xml)) {
    return xml.replace(elementsOf('calcPr'), (element) => withAttribute(element, 'fullCalcOnLoad', '1'));
  }
  const before = ['definedNames', 'externalReferences', 'functionGroups', 'sheets'];
  return after(xml, before, '<calcPr fullCalcOnLoad="1"/>');
}

/** An element is added after the first of these: the order of a workbook's children is fixed (ECMA-376 part 1, 18.2.27 workbook). */
function after(xml: string, names: readonly string[], added: string): string {
  const before = names.find((name) => elementsOf(name).test(xml));
  return xml.replace(elementsOf(before ?? 'sheets'), (element) => element + added);
}

/**
 * Names for ranges of rows. The formulas above the rows are written before the number of rows is known; so such a formula gets a
 * name for its range, and the workbook, which is written last, says what the name means.
 */
export class RangeNames {
  readonly #taken: ReadonlySet<string>;
  readonly #names = new Map<string, string>();

  /** @param workbook the XML of the workbook, whose own names are left alone */
  constructor(workbook: string) {
    const tags = workbook.match(/<definedName\s[^<>]*>/g) ?? [];
    this.#taken = new Set(tags.map((tag) => unescaped(attributeOf(tag, 'name') ?? '').toLowerCase()));
  }

  /** The name for a range of the sheet, such as `Linhas_C5_C5`. */
  nameOf(range: string): string {
    const plain = range.replaceAll('$', '');
    const known = this.#names.get(plain);
    if (known !== undefined) return known;
    const base = `Linhas_${plain.replace(':', '_')}`;
    let name = base;
    for (let number = 2; this.#taken.has(name.toLowerCase()); number++) name = `${base}_${number}`;
    this.#names.set(plain, name);
    return name;
  }

  elements(sheetName: string, reach: Reach): string {
    const sheet = `'${sheetName.replaceAll("'", "''")}'`;
    return [...this.#names]
      .map(([range, name]) => {
        const absolute = extended(range, reach).replace(/([A-Z]+)(\d+)/g, '$$$1$$$2');
        return `<definedName name="${name}">${escapedText(`${sheet}!${absolute}`)}</definedName>`;
      })
      .join('');
  }
}
