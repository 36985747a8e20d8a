// Makes a predicate on the values of one document from a filter's test, by the rules that MongoDB and PostgreSQL share.
import { type FilterTest, type NumberRange, type TextMatch, textsOf } from '../../core/filter.js';
import { foldedPattern } from '../../core/folded-text.js';
import type { Kind } from '../../core/table.js';
import { compareNumbers } from '../../rows/sort/numbers.js';
import { toCell, type Value } from './value.js';

export interface MatchRules {
  /** The kind of the filter's values; date tests differ for `date` and `timestamp`. */
  readonly kind: Kind;
  readonly timezone: string;
  readonly isoText: boolean;
}

/** What postgres/condition.ts takes for a numeric column. */
const SPELLED_NUMBER = /^[+-]?\d{1,500}(?:\.\d{1,500})?$/;

type Matches = (value: Value) => boolean;

/**
 * The predicate is true when any of the values passes and none is unwanted: a path through an array has several (MongoDB's rule).
 * Null never passes. A wanted text also matches an ObjectId, a UUID or a number that it spells, as it would in a column of that type.
 */
export function matcher(test: FilterTest, rules: MatchRules): (values: readonly Value[]) => boolean {
  const wanted = wantedBy(test, rules);
  const unwanted = unwantedBy(test);
  return unwanted === undefined
    ? (values) => values.some(wanted)
    : (values) => values.some(wanted) && !values.some(unwanted);
}

function unwantedBy(test: FilterTest): Matches | undefined {
  if (test.of === 'texts' && test.noneOf !== undefined) return textMatch(test.noneOf);
  return test.of === 'numbers' && test.noneOf !== undefined ? numberMatch(test.noneOf) : undefined;
}

function wantedBy(test: FilterTest, rules: MatchRules): Matches {
  switch (test.of) {
    case 'texts':
      return test.anyOf.length === 0 ? isAnyValue : textMatch(test.anyOf);
    case 'numbers':
      return numberMatch(test.anyOf);
    case 'dates':
      return dateMatch(test, rules);
    case 'booleans':
      return (value) => value.type === 'boolean' && test.anyOf.includes(value.text);
  }
}

/** Not null, and no array directly inside an array, which MongoDB does not look into. */
function isAnyValue(value: Value): boolean {
  return value.type !== 'null' && !(value.type === 'json' && value.text.startsWith('['));
}

function textMatch(matches: readonly TextMatch[]): Matches {
  const { exact, containing } = textsOf(matches);
  const wanted = new Set(exact);
  const ids = new Set(exact.map((text) => text.toLowerCase()));
  const numbers = exact.filter((text) => SPELLED_NUMBER.test(text)).map((text) => text.replace('+', ''));
  const patterns = containing.map(
    (folded) =>
      new RegExp(
        foldedPattern(folded, (codePoint) => `\\u{${codePoint.toString(16)}}`),
        'u',
      ),
  );
  return (value) => {
    if (value.type === 'text')
      return wanted.has(value.text) || patterns.some((pattern) => pattern.test(value.text));
    if (value.type === 'number') return numbers.some((number) => compareNumbers(value.text, number) === 0);
    return value.type === 'other' && /^(ObjectId|UUID)$/.test(value.name) && ids.has(value.text);
  };
}

function numberMatch(ranges: readonly NumberRange[]): Matches {
  return (value) =>
    value.type === 'number' &&
    value.text !== 'NaN' &&
    ranges.some(
      ({ from, to }) =>
        (from === undefined || compareNumbers(value.text, from) >= 0) &&
        (to === undefined || compareNumbers(value.text, to) <= 0),
    );
}

function dateMatch(
  { anyOf }: Extract<FilterTest, { of: 'dates' }>,
  { kind, timezone, isoText }: MatchRules,
): Matches {
  // Ranges are days, and both kinds of cells start with the local day.
  const cell = toCell(kind === 'date' ? 'date' : 'timestamp', { timezone, isoText });
  return (value) => {
    const text = cell(value);
    if (typeof text !== 'string') return false;
    const day = dayOf(text);
    return anyOf.some(
      ({ from, to }) => (from === undefined || day >= from.date) && (to === undefined || day < to.date),
    );
  };
}

/** Text that sorts like the day: years BC before all others, years of five digits or more after them. */
function dayOf(cell: string): string {
  if (cell.endsWith(' BC')) return ' ';
  const year = /^\d+/.exec(cell)?.[0] ?? '';
  return year.length > 4 ? `~${cell}` : cell.slice(0, 10);
}
