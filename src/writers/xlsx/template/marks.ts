// The marks of errors that the designer of a template has hidden (ECMA-376 part 1, 18.3.1.50 ignoredError).
import { columnIndex, columnLetters } from '../letters.js';
import { attributeOf, elementsOf, withAttribute } from './xml.js';

const RANGE = /^\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?$/;

/**
 * Shows the mark of a number that is text again, in the columns that have such numbers: a sum leaves them out.
 * @param xml what follows the rows of the sheet
 * @param columns their indices
 */
export function withShownMarks(xml: string, columns: readonly number[], headerRow: number): string {
  if (columns.length === 0) return xml;
  return xml.replace(elementsOf('ignoredErrors'), (list) => {
    const kept = (list.match(elementsOf('ignoredError')) ?? []).flatMap((element) => {
      const ranges = attributeOf(element, 'sqref') ?? '';
      if (!/^(1|true)$/.test(attributeOf(element, 'numberStoredAsText') ?? '')) return [element];
      const left = ranges.split(' ').flatMap((range) => withoutColumns(range, columns, headerRow));
      return left.length === 0 ? [] : [withAttribute(element, 'sqref', left.join(' '))];
    });
    return kept.length === 0 ? '' : `<ignoredErrors>${kept.join('')}</ignoredErrors>`;
  });
}

/** The range as ranges that have none of the columns; unchanged when it ends above the rows. */
function withoutColumns(range: string, columns: readonly number[], headerRow: number): string[] {
  const match = RANGE.exec(range);
  const [, from = '', first = '', to = from, last = first] = match ?? [];
  if (match === null || Number(last) <= headerRow) return [range];
  const end = columnIndex(to) + 1;
  const cuts = columns.filter((column) => column >= columnIndex(from) && column < end).sort((a, b) => a - b);
  if (cuts.length === 0) return [range];
  const starts = [columnIndex(from), ...cuts.map((column) => column + 1)];
  return starts.flatMap((start, index) => {
    const until = (cuts[index] ?? end) - 1;
    return start > until ? [] : [`${columnLetters(start)}${first}:${columnLetters(until)}${last}`];
  });
}
