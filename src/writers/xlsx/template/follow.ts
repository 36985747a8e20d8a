// Makes the parts of a template follow the rows: formulas, charts, pivot tables, tables and names reach to the last row.
import { SHEET_ROWS } from '../options.js';
import { pivotFor, type RangeNames, tableFor, workbookFor } from './around.js';
import { withCellFormulas, withoutResults } from './cells.js';
import { chartFor, growing, grown, rulesFor } from './growth.js';
import { type Package, textOf } from './package.js';
import { extended, type Reach } from './ranges.js';
import type { Model } from './sheet.js';

/** The template with formulas that have no result. */
export function withoutOldResults(pack: Package): Package {
  const parts = new Map(pack.parts);
  for (const { part } of pack.sheets) {
    const before = textOf(parts, part);
    const after = withoutResults(before);
    if (after !== before) parts.set(part, Buffer.from(after));
  }
  return { ...pack, parts };
}

/** The names of the parts that depend on the number of rows, besides the sheet that takes them. */
export function partsAround(pack: Package): string[] {
  const sheets = pack.sheets.filter(({ part }) => part !== pack.sheet);
  return [
    ...new Set([
      pack.workbook,
      ...sheets.map(({ part }) => part),
      ...pack.tables,
      ...pack.charts,
      ...pack.pivotCaches,
    ]),
  ];
}

/** Those parts with their XML, for the rows that were written. @param names of ranges that formulas above the rows use */
export function* followed(
  parts: ReadonlyMap<string, Buffer>,
  pack: Package,
  reach: Reach,
  names: RangeNames,
): Generator<readonly [name: string, xml: string]> {
  const { sheetName } = pack;
  const home = { sheetName, isOwn: false };
  for (const name of partsAround(pack)) {
    const xml = textOf(parts, name);
    if (name === pack.workbook) yield [name, workbookFor(xml, sheetName, reach, names)];
    else if (pack.tables.includes(name)) yield [name, tableFor(xml, reach)];
    else if (pack.charts.includes(name)) yield [name, chartFor(xml, sheetName, reach)];
    else if (pack.pivotCaches.includes(name)) yield [name, pivotFor(xml, sheetName, reach)];
    else {
      const cells = withCellFormulas(xml, (formula) => grown(formula, home, 'cell', reach));
      yield [name, rulesFor(cells, home, reach)];
    }
  }
}

/** The rows that are replaced, and the last one that is written in their place. */
export function reachOf({ headerRow, lastRow }: Model, last: number): Reach {
  // A table has at least one row under its header, even an empty one.
  const model = headerRow + 1;
  return { model, lastModel: Math.max(lastRow, model), last: Math.max(last, model) };
}

/** The XML up to the rows: where a formula means all rows, whose number is not known yet, it gets a name for them. */
export function startFor(model: Model, { sheetName }: Package, names: RangeNames): string {
  const home = { sheetName, isOwn: true };
  const any = reachOf(model, SHEET_ROWS);
  return withCellFormulas(model.start, (formula) =>
    growing(formula, home, 'cell', ({ text }) => {
      return extended(text, any) === text ? undefined : names.nameOf(text);
    }),
  );
}
