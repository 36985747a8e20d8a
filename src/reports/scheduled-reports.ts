// Derives the reports that a run publishes from a report with schedules: itself, and one for each organization with a period of its own.
import { didYouMean, ReportError } from '../core/errors.js';
import { safeSegment } from './key.js';
import type { Report } from './report.js';

/**
 * One report for each organization under `schedules:`, in the order of the file: the same query, columns and gates, the
 * organization's own period, only its rows, and only the outputs whose key has {organization}. Users type its name,
 * `vendas@ACME Ltda`, and its run records are stored under that name.
 */
export function scheduledReports(report: Report): Report[] {
  return report.schedules.map(({ organization, period }) => ({
    ...report,
    name: `${report.name}@${safeSegment(organization)}`,
    period,
    organization,
    labels: { ...report.labels, organization },
    outputs: report.scheduledOutputs,
    schedules: [],
    scheduledOutputs: [],
  }));
}

/** The reports that a run of this report publishes: the report itself and its schedules, without those that have no outputs. */
export function publishedReports(report: Report): Report[] {
  return [report, ...scheduledReports(report)].filter(({ outputs }) => outputs.length > 0);
}

/**
 * The report of one schedule.
 * @param named the organization, as in the data or as in the schedule's name
 * @throws ReportError `usage` when there is none
 */
export function scheduledReport(report: Report, named: string): Report {
  const scheduled = scheduledReports(report);
  const name = `${report.name}@${named}`;
  const found = scheduled.find((each) => each.name === name || each.organization === named);
  if (found !== undefined) return found;
  const names = scheduled.map((each) => each.name);
  throw new ReportError('usage', `no report "${name}": ${report.file} has no schedule for it`, {
    hint: `${didYouMean(name, names)}.`,
  });
}
