// Compares the header of a template with the columns of the report: rows must not stand under the header of another column.
import type { ReportError } from '../../../core/errors.js';
import type { Column } from '../../../core/table.js';
import { columnIndex, columnLetters } from '../letters.js';
import type { Template } from '../options.js';
import { cellsOf, hasFormula, isFilled, type Row, rowsOfSheet, sharedTexts, textOfCell } from './grid.js';
import { type Package, textOf, unfit } from './package.js';
import { rowsOf } from './ranges.js';
import { attributeOf, elementsOf } from './xml.js';

/** How many headers a hint lists. */
const MAX_LISTED = 12;
/** How many rows are searched for a header that is not as it should be. */
const MAX_SEARCHED = 200;

/**
 * The first thing that is wrong with the header of a template, or undefined. A header is the title or the name of its column;
 * case, accents, line breaks, underscores and spaces at the ends make no difference.
 * @param headerRow the number of the row that is taken for the header; undefined where none has a cell for each column
 */
export function headerFault(
  template: Template,
  pack: Package,
  columns: readonly Column[],
  headerRow: number | undefined,
): ReportError | undefined {
  const xml = textOf(pack.parts, pack.sheet);
  const shared = sharedTexts(textOf(pack.parts, pack.sharedStrings ?? ''));
  const rows = rowsOfSheet(xml);
  const textsOf = (row: Row) => {
    const cells = cellsOf(row);
    return (column: number) => {
      const cell = cells.get(columnLetters(column));
      return cell !== undefined && isFilled(cell) ? textOfCell(cell, shared) : undefined;
    };
  };
  const faultIn = (row: Row) => faultOf(template, { pack, xml, row, columns }, textsOf(row));
  const taken = rows.find(({ number }) => number === headerRow);
  const fault = taken && faultIn(taken);
  if (taken !== undefined && fault === undefined) return undefined;
  // Where the header lacks a cell, a row of samples below it can be the first that is filled.
  const nearest = nearestRow(rows.slice(0, MAX_SEARCHED), columns, textsOf);
  const nearer = nearest && faultIn(nearest);
  if (nearer !== undefined) return nearer;
  if (taken === undefined) return noHeader(template, pack, columns.length);
  return nearest === undefined ? fault : tooEarly(template, pack, taken, nearest, columns.length);
}

interface HeaderRow {
  readonly pack: Package;
  readonly xml: string;
  readonly row: Row;
  readonly columns: readonly Column[];
}

/** @param text of the cell in a column, from 0; undefined where it is empty */
function faultOf(
  template: Template,
  header: HeaderRow,
  text: (column: number) => string | undefined,
): ReportError | undefined {
  const { pack, row, columns } = header;
  for (const [index, column] of columns.entries()) {
    const found = text(index) ?? '';
    if (owners(found, columns).includes(index)) continue;
    return misplaced(template, { ...header, index, found, column });
  }
  const more = text(columns.length);
  if (more === undefined) return undefined;
  const beside = `${columnLetters(columns.length)}${row.number}`;
  return unfit(
    template,
    `${beside} of the sheet "${pack.sheetName}" has the header ${JSON.stringify(more)}, and the report has ${columns.length} columns`,
    'Remove that header, or add its column to the report.',
  );
}

interface Place extends HeaderRow {
  /** Of the column that is expected. */
  readonly index: number;
  readonly found: string;
  readonly column: Column;
}

function misplaced(template: Template, place: Place): ReportError {
  const { pack, xml, row, index, found, column, columns } = place;
  const cell = `${columnLetters(index)}${row.number}`;
  const where = `${cell} of the sheet "${pack.sheetName}"`;
  const title = JSON.stringify(titleOf(column));
  if (found.trim() === '') {
    const merged = mergedInto(xml, index, row.number);
    const own = cellsOf(row).get(columnLetters(index)) ?? '';
    const reason = hasFormula(own) ? ' (a formula is none)' : merged && ` (it is merged into ${merged})`;
    return unfit(
      template,
      `${where} has no header${reason ?? ''}, and ${title} is expected there`,
      `Write ${title} into ${cell}${merged === undefined ? '' : `, after undoing the merge: each column needs a cell of its own`}.`,
    );
  }
  const [owner] = owners(found, columns);
  const header = `${where} has the header ${JSON.stringify(found)}`;
  if (owner !== undefined) {
    const listed = columns.slice(0, MAX_LISTED).map(titleOf).join(', ');
    return unfit(
      template,
      `${header}, which is expected in ${columnLetters(owner)}${row.number}; ${title} is expected there`,
      `Put the headers into the order of the report's columns: ${listed}${columns.length > MAX_LISTED ? ', …' : ''}.`,
    );
  }
  return unfit(
    template,
    `${header}, and ${title} is expected there`,
    `Write ${title} into ${cell}, or give the column ${column.name} the title ${JSON.stringify(found)} in the report.`,
  );
}

function noHeader(template: Template, { sheetName }: Package, width: number): ReportError {
  const last = columnLetters(width - 1);
  return unfit(
    template,
    `the sheet "${sheetName}" has no header: no row with the cells A to ${last} filled and no more`,
    `Give it one for each of the ${width} columns of the report, from A, and nothing beside the last.`,
  );
}

function tooEarly(
  template: Template,
  { sheetName }: Package,
  taken: Row,
  { number }: Row,
  width: number,
): ReportError {
  return unfit(
    template,
    `the header of the report is in row ${number} of the sheet "${sheetName}", and row ${taken.number} is the first with exactly the cells A to ${columnLetters(width - 1)} filled`,
    `Leave a cell of the rows above ${number} empty, or fill one beside it.`,
  );
}

/** The row that has the most headers of the report, in any order; undefined where none has two, or the only one. */
function nearestRow(
  rows: readonly Row[],
  columns: readonly Column[],
  textsOf: (row: Row) => (column: number) => string | undefined,
): Row | undefined {
  const counted = rows.map((row) => {
    const text = textsOf(row);
    return { row, count: columns.filter((_, index) => owners(text(index) ?? '', columns).length > 0).length };
  });
  const most = Math.max(0, ...counted.map(({ count }) => count));
  return most < Math.min(2, columns.length) ? undefined : counted.find(({ count }) => count === most)?.row;
}

/** The columns that a header can mean; the more exactly it is written, the fewer. */
function owners(header: string, columns: readonly Column[]): number[] {
  const ways: ((column: Column) => boolean)[] = [
    (column) => titleOf(column) === header,
    ({ name }) => name === header,
    (column) => folded(titleOf(column)) === folded(header),
    ({ name }) => folded(name) === folded(header),
  ];
  if (header.trim() === '') return [];
  for (const isIt of ways) {
    const found = columns.flatMap((column, index) => (isIt(column) ? [index] : []));
    if (found.length > 0) return found;
  }
  return [];
}

function titleOf({ title, name }: Column): string {
  return title ?? name;
}

/** `Preço  Unitário ` and `preco_unitario` are the same. */
function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s_]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** The first cell of the merged cells that the cell is in; undefined where it is that cell, or in none. */
function mergedInto(xml: string, column: number, row: number): string | undefined {
  const cell = `${columnLetters(column)}${row}`;
  return (xml.match(elementsOf('mergeCell')) ?? [])
    .flatMap((element) => {
      const reference = attributeOf(element, 'ref') ?? '';
      const rows = rowsOf(reference);
      const [first = '', last = first] = reference.split(':').map((end) => end.replace(/(?<!\d)\d+$/, ''));
      const isIn = rows !== undefined && rows.first <= row && rows.last >= row;
      return isIn && columnIndex(first) <= column && columnIndex(last) >= column
        ? [reference.split(':')[0] ?? '']
        : [];
    })
    .find((first) => first !== cell);
}
