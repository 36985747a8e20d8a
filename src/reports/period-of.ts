// The period of a report that a user names by a day, or by a span within it.
import { type Period, parseDates, periodContaining } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import type { Report } from './report.js';

/**
 * @param command for messages
 * @param text as `--date` takes it
 * @param today `YYYY-MM-DD` in the report's time zone
 * @throws ReportError `usage` when the text is not within one period of the report
 */
export function periodOf(command: string, report: Report, text: string, today: string): Period {
  const span = parseDates(text, today);
  const period = span.from === undefined ? undefined : periodContaining(report.period, span.from);
  if (period !== undefined && span.to !== undefined && span.to <= period.to) return period;
  throw new ReportError(
    'usage',
    `${command}: "${text}" is not within one ${report.period} of "${report.name}"`,
    { hint: command === 'run' ? 'Give a day, or a range with --since and --until.' : 'Give a day.' },
  );
}
