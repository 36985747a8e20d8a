// The period of a report that a user names by a day, or by a span within it.
import { type Period, parseDates, periodContaining } from '../../core/calendar.js';
import { ReportError } from '../../core/errors.js';
import type { Report } from '../../reports/report.js';

/** @param doing the command, for messages. @throws ReportError `usage` when the text is not within one period of the report */
export function onePeriod(doing: string, report: Report, text: string, today: string): Period {
  const span = parseDates(text, today);
  const period = span.from === undefined ? undefined : periodContaining(report.period, span.from);
  if (period !== undefined && span.to !== undefined && span.to <= period.to) return period;
  throw new ReportError(
    'usage',
    `${doing}: "${text}" is not within one ${report.period} of "${report.name}"`,
    {
      hint: 'Give a day.',
    },
  );
}
