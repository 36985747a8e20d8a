// A filter's test as a predicate on the values of one document, by the rules that MongoDB and PostgreSQL share.
import type { FilterTest } from '../../core/filter.js';
import type { Kind } from '../../core/table.js';
import { compareNumbers } from '../../rows/sort/numbers.js';
import { toCell, type Value } from './value.js';

export interface MatchRules {
  /** The kind of the dimension's value: a date test of a `date` and of a `timestamp` is told apart by it. */
  readonly kind: Kind;
  readonly timezone: string;
  readonly isoText: boolean;
}

/** What postgres/condition.ts takes for a numeric column. */
const SPELLED_NUMBER = /^[+-]?\d{1,500}(?:\.\d{1,500})?$/;

/**
 * Does any of the values pass? A path that leads through an array has several (MongoDB's rule). Null never does. A text
 * that is asked for finds an ObjectId, a UUID or a number that it spells too, as it would in a column of that type.
 */
export function matcher(test: FilterTest, rules: MatchRules): (values: readonly Value[]) => boolean {
  const one = matchesOne(test, rules);
  return (values) => values.some(one);
}

function matchesOne(test: FilterTest, { kind, timezone, isoText }: MatchRules): (value: Value) => boolean {
  switch (test.of) {
    case 'texts': {
      const wanted = new Set(test.anyOf);
      const ids = new Set(test.anyOf.map((text) => text.toLowerCase()));
      const numbers = test.anyOf
        .filter((text) => SPELLED_NUMBER.test(text))
        .map((text) => text.replace('+', ''));
      return (value) => {
        if (value.type === 'text') return wanted.has(value.text);
        if (value.type === 'number')
          return numbers.some((number) => compareNumbers(value.text, number) === 0);
        return value.type === 'other' && /^(ObjectId|UUID)$/.test(value.name) && ids.has(value.text);
      };
    }
    case 'numbers':
      return (value) =>
        value.type === 'number' &&
        value.text !== 'NaN' &&
        test.anyOf.some(
          ({ from, to }) =>
            (from === undefined || compareNumbers(value.text, from) >= 0) &&
            (to === undefined || compareNumbers(value.text, to) <= 0),
        );
    case 'dates': {
      // Both a date and a timestamp begin with the local day, and days are what is asked for.
      const cell = toCell(kind === 'date' ? 'date' : 'timestamp', { timezone, isoText });
      return (value) => {
        const text = cell(value);
        if (typeof text !== 'string') return false;
        const day = dayOf(text);
        return test.anyOf.some(
          ({ from, to }) => (from === undefined || day >= from.date) && (to === undefined || day < to.date),
        );
      };
    }
  }
}

/** A text that sorts as the days do: years BC below all, years of five digits and more above. */
function dayOf(cell: string): string {
  if (cell.endsWith(' BC')) return ' ';
  const year = /^\d+/.exec(cell)?.[0] ?? '';
  return year.length > 4 ? `~${cell}` : cell.slice(0, 10);
}
