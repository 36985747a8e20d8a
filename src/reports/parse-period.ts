// Parses the day, or the span of days, by which a user names a period of a report.
import { type Period, parseDates, periodContaining } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import type { Report } from './report.js';

interface Naming {
  /** The command's name, for messages. */
  readonly command: string;
  /** What to give instead. */
  readonly hint?: string;
}

/**
 * The period that contains the day or the span.
 * @param text as `--date` takes it
 * @param today `YYYY-MM-DD` in the report's time zone
 * @throws ReportError `usage` when the text is not within one period of the report
 */
export function parsePeriod(
  { command, hint = 'Give a day.' }: Naming,
  report: Report,
  text: string,
  today: string,
): Period {
  const span = parseDates(text, today);
  const period = span.from === undefined ? undefined : periodContaining(report.period, span.from);
  if (period !== undefined && span.to !== undefined && span.to <= period.to) return period;
  throw new ReportError(
    'usage',
    `${command}: "${text}" is not within one ${report.period} of "${report.name}"`,
    { hint },
  );
}
