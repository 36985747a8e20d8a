// A report with schedules as the reports that are run: itself, and one for each organization that has a period of its own.
import { didYouMean, ReportError } from '../core/errors.js';
import { safeSegment } from './key.js';
import type { Report } from './report.js';

/**
 * One report for each organization under `schedules:`, in the order of the file: the same query, columns and gates, with
 * the organization's own period, its rows only, and the outputs whose key has {organization}. Its name,
 * `vendas@ACME Ltda`, is what users type and what its run records stand under.
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

/** What is published of a report file: the report itself where it has outputs of its own, and its schedules. */
export function publishedReports(report: Report): Report[] {
  return [report, ...scheduledReports(report)].filter(({ outputs }) => outputs.length > 0);
}

/**
 * The report of one schedule.
 * @param named the organization, as the data or as the report's name spells it
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
