// The filter on a date: spans of days in the report's time zone.
import { type DateSpan, parseDates, startOfDay } from '../core/calendar.js';
import type { FilterTest, StartOfDay } from '../core/filter.js';

/**
 * @param today `YYYY-MM-DD`, for words such as `yesterday`
 * @throws ReportError `usage` when a value is not what `--date` takes
 */
export function parseDateTest(
  values: readonly string[],
  { timezone, today }: { readonly timezone: string; readonly today: string },
): FilterTest {
  const spans = values.map((value) => parseDates(value, today));
  return dateTest(spans, timezone);
}

/** Any of the spans, in the days of the time zone. */
export function dateTest(spans: readonly DateSpan[], timezone: string): FilterTest {
  const start = (date: string | undefined): StartOfDay | undefined =>
    date === undefined ? undefined : { date, instant: startOfDay(date, timezone) };
  return { of: 'dates', anyOf: spans.map(({ from, to }) => ({ from: start(from), to: start(to) })) };
}
