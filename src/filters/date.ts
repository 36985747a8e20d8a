// The test on a date: spans of days, whatever type holds the moment.

import { type DateSpan, parseDates, startOfDay } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import type { Dimension, Filter, SqlOperand } from '../core/filter.js';

/** How the beginning of a day is written as a literal of each type that can hold a date. */
const LITERALS: Readonly<Record<string, (date: string, timezone: string) => string>> = {
  date: (date) => date,
  // Without a zone the value is what the clock on the wall said in the report's zone.
  timestamp: (date) => `${date} 00:00:00`,
  timestamptz: startOfDay,
};

/** @throws ReportError `usage` when a value is not what `--date` takes */
export function parseDateFilter(
  dimension: Dimension,
  values: readonly string[],
  { timezone, today }: { readonly timezone: string; readonly today: string },
): Filter {
  const spans = values.map((value) => parseDates(value, today));
  return dateFilter(dimension, values, spans, timezone);
}

/** `values` are only for messages and manifests; the `spans` are what is selected. */
export function dateFilter(
  dimension: Dimension,
  values: readonly string[],
  spans: readonly DateSpan[],
  timezone: string,
): Filter {
  const start = (date: string | undefined) =>
    date === undefined ? undefined : { date, instant: startOfDay(date, timezone) };
  return {
    dimension,
    values,
    test: { of: 'dates', anyOf: spans.map(({ from, to }) => ({ from: start(from), to: start(to) })) },
    toSql(operand) {
      const literal = Object.hasOwn(LITERALS, operand.type) ? LITERALS[operand.type] : undefined;
      if (!literal) throw notADate(dimension, operand);
      const start = (date: string) => `${operand.quote(literal(date, timezone))}::${operand.type}`;
      const conditions = spans.map(({ from, to }) => {
        const ends: string[] = [];
        if (from !== undefined) ends.push(`${operand.expression} >= ${start(from)}`);
        if (to !== undefined) ends.push(`${operand.expression} < ${start(to)}`);
        return ends.length > 0 ? ends.join(' AND ') : `${operand.expression} IS NOT NULL`;
      });
      // AND binds more than OR, so one pair of parentheses is enough.
      return `(${conditions.join(' OR ')})`;
    },
  };
}

function notADate(dimension: Dimension, { expression, type }: SqlOperand): ReportError {
  return new ReportError(
    'contract',
    `cannot filter by ${dimension}: ${expression} is of type ${type}, not a date`,
    {
      hint: `map ${dimension} to a column of type date, timestamp or timestamptz, or cast it in the query`,
    },
  );
}
