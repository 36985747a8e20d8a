// The filter on a date: spans of days in the report's time zone.
import { type DateSpan, parseDates, startOfDay } from '../core/calendar.js';
import type { Dimension, Filter, StartOfDay } from '../core/filter.js';

/** @throws ReportError `usage` when a value is not what `--date` takes */
export function parseDateFilter(
  dimension: Dimension,
  values: readonly string[],
  { timezone, today }: { readonly timezone: string; readonly today: string },
): Filter {
  const spans = values.map((value) => parseDates(value, today));
  return dateFilter(dimension, values, spans, timezone);
}

/** @param values only for messages and manifests; the `spans` decide what is selected */
export function dateFilter(
  dimension: Dimension,
  values: readonly string[],
  spans: readonly DateSpan[],
  timezone: string,
): Filter {
  const start = (date: string | undefined): StartOfDay | undefined =>
    date === undefined ? undefined : { date, instant: startOfDay(date, timezone) };
  return {
    dimension,
    values,
    test: { of: 'dates', anyOf: spans.map(({ from, to }) => ({ from: start(from), to: start(to) })) },
  };
}
