// What a template loses to the rows, and what in it cannot follow them: a line for each, before anything is read.
import { columnIndex, columnLetters } from '../letters.js';
import type { Template } from '../options.js';
import { formulaOf } from './cells.js';
import { reachOf } from './follow.js';
import { cellsOf, hasFormula, isFilled, rowsOfSheet } from './grid.js';
import { type Home, isHome, meansAllRows, type Place } from './growth.js';
import { type Package, textOf } from './package.js';
import { unknownPlaceholders } from './placeholders.js';
import { type Reach, rowsOf } from './ranges.js';
import { sheetOfPrefix, withReferences } from './references.js';
import type { Model } from './sheet.js';
import { attributeOf, elementsOf, unescaped } from './xml.js';

/** How many places a line names. */
const MAX_NAMED = 8;

/** One line for each kind of thing. @param width the number of columns */
export function cautionsOf(template: Template, pack: Package, model: Model, width: number): string[] {
  const lines = [
    ...replacedCells(pack, model, width),
    ...references(pack, reachOf(model, model.headerRow + 1)),
    ...sparklinesAmongRows(pack, model),
    ...picturesOverRows(pack, model, width),
    ...pivotTables(pack),
    ...unknownPlaceholders(pack).map(
      (word) => `${word} is no place-holder and stays as it is; there are {title}, {period} and {filters}`,
    ),
  ];
  return lines.map((line) => `the template ${template.file}: ${line}`);
}

/** The cells below and beside the model row, which the rows replace. */
function replacedCells({ parts, sheet, sheetName }: Package, { headerRow }: Model, width: number): string[] {
  const below: string[] = [];
  const beside: string[] = [];
  const formulas: string[] = [];
  let first = 0;
  let last = 0;
  for (const row of rowsOfSheet(textOf(parts, sheet))) {
    if (row.number <= headerRow) continue;
    const isModel = row.number === headerRow + 1;
    for (const [letters, cell] of cellsOf(row)) {
      if (!isFilled(cell) || (isModel && columnIndex(letters) < width)) continue;
      const name = `${letters}${row.number}`;
      (isModel ? beside : below).push(name);
      if (isModel) continue;
      first ||= row.number;
      last = row.number;
      if (hasFormula(cell)) formulas.push(name);
    }
  }
  const where = `of the sheet "${sheetName}"`;
  const lines: string[] = [];
  if (below.length > 0) {
    const named = first === last ? `row ${first}` : `rows ${first} to ${last}`;
    const cells = below.length === 1 ? `1 cell (${below[0]})` : `${below.length} cells`;
    const some = formulas.length === 0 ? '' : `, with a formula in ${listed(formulas)}`;
    lines.push(
      `${named} ${where}, below the model row, ${first === last ? 'is' : 'are'} left out: ${cells}${some}; put totals above the header or on another sheet`,
    );
  }
  if (beside.length > 0) {
    const after = columnLetters(width - 1);
    lines.push(`what stands beside the model row ${where} is left out: ${listed(beside)}, after ${after}`);
  }
  return lines;
}

interface Found {
  /** Where formulas refer to rows below the model row. */
  readonly lost: Set<string>;
  /** Cells that refer to one cell of the model row. */
  readonly single: Set<string>;
  /** Where one reference is to the model row of several sheets. */
  readonly several: Set<string>;
  /** Where the text of an INDIRECT refers to the model row. */
  readonly indirect: Set<string>;
}

/** A text in a formula, without its quotes. */
const TEXTS = /"((?:[^"]|"")*)"/g;

function references(pack: Package, reach: Reach): string[] {
  const { parts, sheetName } = pack;
  const found: Found = { lost: new Set(), single: new Set(), several: new Set(), indirect: new Set() };
  const away = { sheetName, isOwn: false };
  for (const { name, part } of pack.sheets) {
    const home = { sheetName, isOwn: part === pack.sheet };
    const xml = textOf(parts, part);
    for (const row of hasFormula(xml) ? rowsOfSheet(xml) : []) {
      if (home.isOwn && row.number >= reach.model) break;
      for (const [letters, cell] of cellsOf(row)) {
        const [, formula] = formulaOf(cell);
        note(found, `${name}!${letters}${row.number}`, formula, home, 'cell', reach);
      }
    }
    for (const [, formula = ''] of xml.matchAll(/<xm:f>([^<]*)/g)) {
      note(found, `a sparkline or rule of "${name}"`, unescaped(formula), home, 'drawn', reach);
    }
  }
  for (const [, tag = '', formula = ''] of textOf(parts, pack.workbook).matchAll(
    /(<definedName\s[^<>]*>)([^<]*)/g,
  )) {
    note(found, `the name ${attributeOf(tag, 'name')}`, unescaped(formula), away, 'name', reach);
  }
  for (const part of pack.charts) {
    for (const [, formula = ''] of textOf(parts, part).matchAll(/<(?:\w+:)?f(?:\s[^<>]*)?>([^<]*)/g)) {
      note(found, 'a chart', unescaped(formula), away, 'drawn', reach);
    }
  }
  return [
    ...(found.lost.size === 0
      ? []
      : [
          `${listed([...found.lost])} refer${found.lost.size === 1 ? 's' : ''} to rows below the model row, which are replaced`,
        ]),
    ...(found.single.size === 0
      ? []
      : [
          `${listed([...found.single])} refer${found.single.size === 1 ? 's' : ''} to one cell of the model row, and so to the first row alone; write a range such as C5:C5 for all rows, or a $ before the row for the first`,
        ]),
    ...(found.several.size === 0
      ? []
      : [
          `${listed([...found.several])} refer${found.several.size === 1 ? 's' : ''} to the model row of several sheets at once, which does not follow the rows; write the range of the one sheet`,
        ]),
    ...(found.indirect.size === 0
      ? []
      : [
          `${listed([...found.indirect])} refer${found.indirect.size === 1 ? 's' : ''} to the model row in a text of INDIRECT, which does not follow the rows; write the range itself`,
        ]),
  ];
}

/** Looks at the references of one formula. @param where it stands, for people */
function note(found: Found, where: string, formula: string, home: Home, place: Place, reach: Reach): void {
  withReferences(formula, (reference) => {
    const { prefix, text } = reference;
    const ofSeveral = sheetOfPrefix(prefix)?.includes(':') ? rowsOf(text) : undefined;
    if (ofSeveral !== undefined && ofSeveral.first <= reach.model && ofSeveral.last >= reach.model)
      found.several.add(where);
    const rows = isHome(reference, home) ? rowsOf(text) : undefined;
    if (rows !== undefined) {
      if (rows.first > reach.model && rows.first <= reach.lastModel) found.lost.add(where);
      const isOne = rows.first === reach.model && !text.includes(':') && !/\$\d/.test(text);
      if (place === 'cell' && isOne && !meansAllRows(reference, place, formula)) found.single.add(where);
    }
    return prefix + text;
  });
  if (!/\bINDIRECT\(/i.test(formula)) return;
  for (const [, quoted = ''] of formula.matchAll(TEXTS)) {
    withReferences(quoted, (reference) => {
      const rows = isHome(reference, home) ? rowsOf(reference.text) : undefined;
      if (rows !== undefined && rows.first <= reach.model && rows.last >= reach.model)
        found.indirect.add(where);
      return reference.text;
    });
  }
}

function sparklinesAmongRows({ parts, sheet, sheetName }: Package, { headerRow }: Model): string[] {
  const among = (textOf(parts, sheet).match(elementsOf('x14:sparkline')) ?? []).flatMap((element) => {
    const cell = /<xm:sqref>([^<]*)/.exec(element)?.[1] ?? '';
    return (rowsOf(cell)?.first ?? 0) > headerRow ? [cell] : [];
  });
  return among.length === 0
    ? []
    : [
        `sparklines in ${listed(among)} of the sheet "${sheetName}" stand among the rows and are not repeated for each`,
      ];
}

function picturesOverRows(
  { parts, drawing, sheetName }: Package,
  { headerRow }: Model,
  width: number,
): string[] {
  const starts = textOf(parts, drawing ?? '').match(elementsOf('(?:\\w+:)?from')) ?? [];
  const over = starts.filter((start) => {
    const [, column] = /col>(\d+)/.exec(start) ?? [];
    const [, row] = /row>(\d+)/.exec(start) ?? [];
    return Number(column) < width && Number(row) >= headerRow;
  });
  return over.length === 0
    ? []
    : [
        `${over.length === 1 ? 'a picture or chart lies' : `${over.length} pictures or charts lie`} over the rows of the sheet "${sheetName}"; put them above the header or after column ${columnLetters(width - 1)}`,
      ];
}

function pivotTables({ parts, pivotCaches, sheetName }: Package): string[] {
  const ours = pivotCaches.filter((part) => {
    const [source = ''] = /<worksheetSource\s[^<>]*>/.exec(textOf(parts, part)) ?? [];
    const sheet = attributeOf(source, 'sheet');
    return (
      source !== '' && (sheet === undefined || unescaped(sheet).toLowerCase() === sheetName.toLowerCase())
    );
  });
  return ours.length === 0
    ? []
    : [
        'its pivot tables show what it was saved with until a program reads the rows anew, which Excel does on opening',
      ];
}

function listed(places: readonly string[]): string {
  const more = places.length - MAX_NAMED;
  return places.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
