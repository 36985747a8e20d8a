// Formulas and charts that refer to the model row of a template refer to all rows afterwards.
import { isSameName } from '../options.js';
import { extended, type Reach, rowsOf } from './ranges.js';
import { type Reference, sheetOfPrefix, withReferences } from './references.js';
import { elementsOf, escapedText, unescaped } from './xml.js';

/** The sheet that takes the rows, as a formula sees it. */
export interface Home {
  readonly sheetName: string;
  /** Whether the formula stands on that sheet, so that references without a sheet are to it. */
  readonly isOwn: boolean;
}

/**
 * Where a formula stands. In the rule of a format or a validation, a row without `$` is the row of the cell that it is about.
 * What is drawn is a chart or a sparkline, whose one cell is a series.
 */
export type Place = 'cell' | 'rule' | 'name' | 'drawn';

/** Functions that take lists of values: a single cell as their argument is the column whose only row it was. */
const AGGREGATES = new Set(
  'SUM SUMSQ SUMPRODUCT PRODUCT AVERAGE AVERAGEA COUNT COUNTA COUNTBLANK MAX MAXA MIN MINA MEDIAN STDEV STDEVA STDEVP STDEVPA VAR VARA VARP VARPA SUBTOTAL AGGREGATE GEOMEAN HARMEAN'.split(
    ' ',
  ),
);
const ABSOLUTE = /\$\d+:\$?[A-Z]{1,3}\$\d+$/;

/** Whether a reference is to the sheet that takes the rows. */
export function isHome({ prefix }: Reference, { sheetName, isOwn }: Home): boolean {
  const sheet = sheetOfPrefix(prefix);
  return sheet === undefined ? isOwn : isSameName(sheet, sheetName);
}

/** Whether a reference to the model row in a formula means all rows. */
export function meansAllRows({ prefix, text, call }: Reference, place: Place, formula: string): boolean {
  if (rowsOf(text) === undefined) return false;
  if (place === 'drawn' || (place === 'name' && formula === prefix + text)) return true;
  if (place === 'cell') return text.includes(':') || AGGREGATES.has(call);
  return ABSOLUTE.test(text);
}

/** The formula with the references that mean all rows replaced. @param change undefined leaves one as it is */
export function growing(
  formula: string,
  home: Home,
  place: Place,
  change: (reference: Reference) => string | undefined,
): string {
  return withReferences(formula, (reference) => {
    const grows = isHome(reference, home) && meansAllRows(reference, place, formula);
    return (grows ? change(reference) : undefined) ?? reference.prefix + reference.text;
  });
}

/** The formula for the rows that were written. */
export function grown(formula: string, home: Home, place: Place, reach: Reach): string {
  return growing(formula, home, place, ({ prefix, text }) => prefix + extended(text, reach));
}

/** The elements of that name with their formulas, which are their texts, replaced. @param name a regular expression */
function withFormulas(xml: string, name: string, change: (formula: string) => string): string {
  return xml.replace(
    new RegExp(`(<(?:${name})(?:\\s[^<>]*)?>)([^<]+)(?=</)`, 'g'),
    (_, tag: string, text: string) => {
      return tag + changedText(text, change);
    },
  );
}

/** Escaped text after a change; text that does not change stays byte for byte. */
export function changedText(text: string, change: (formula: string) => string): string {
  const before = unescaped(text);
  const after = change(before);
  return after === before ? text : escapedText(after);
}

/** A chart: its series reach to the last row, and what they showed before is left out, so that it is read from the cells. */
export function chartFor(xml: string, sheetName: string, reach: Reach): string {
  const home = { sheetName, isOwn: false };
  return withFormulas(xml, '(?:\\w+:)?(?:f|sqref)', (formula) =>
    grown(formula, home, 'drawn', reach),
  ).replace(elementsOf('(?:\\w+:)?(?:numCache|strCache|multiLvlStrCache|dlblRangeCache)'), '');
}

/** The formulas of formats, validations and sparklines on a sheet. */
export function rulesFor(xml: string, home: Home, reach: Reach): string {
  const rules = withFormulas(xml, 'formula|formula1|formula2', (formula) =>
    grown(formula, home, 'rule', reach),
  );
  return rules.replace(elementsOf('x14:sparkline|x14:cfRule|x14:dataValidation'), (element) => {
    const place = element.startsWith('<x14:sparkline') ? 'drawn' : 'rule';
    return withFormulas(element, 'xm:f', (formula) => grown(formula, home, place, reach));
  });
}
