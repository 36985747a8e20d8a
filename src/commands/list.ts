// reportctl list: prints every report with its title, sources, filters, outputs and next period.
import { Command } from 'commander';
import { periodContaining, todayIn } from '../core/calendar.js';
import { errorSentence, ReportError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { reportLoader, reportNames } from '../reports/load-report.js';
import { scheduledReports } from '../reports/scheduled-reports.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { alignedLines, printJson, printLines } from './shared/print.js';

export function listCommand(context: Context): Command {
  const command = new Command('list').description(
    'the reports: title, source, filters, outputs, next period',
  );
  addCommonOptions(command);
  return command.action(async (options: CommonOptions) => {
    const { config, stdout, json, log } = await openSession(context, options);
    const names = await reportNames(config);
    const loaded = await Promise.allSettled(names.map(reportLoader(config)));
    const reports = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const scheduled = reports.flatMap((report) => [report, ...scheduledReports(report)]);
    const rows = scheduled.map((report) => ({
      name: report.name,
      title: report.title ?? '',
      sources: report.sources,
      filters: Object.keys(report.filters),
      outputs: report.outputs.map((output) => output.key),
      // The next period to publish is the one that is still open.
      next: periodContaining(report.period, todayIn(report.timezone, context.now)),
    }));
    if (json) {
      printJson(stdout, rows);
      return reportBroken(loaded, log);
    }
    const header = ['REPORT', 'TITLE', 'SOURCE', 'FILTERS', 'OUTPUTS', 'NEXT'];
    const cells = rows.map((row) => [
      row.name,
      row.title,
      row.sources.join(','),
      row.filters.join(','),
      row.outputs.join(',') || '-',
      row.outputs.length === 0 ? '-' : `${row.next.kind} to ${row.next.lastDay}`,
    ]);
    printLines(stdout, alignedLines([header, ...cells]));
    reportBroken(loaded, log);
  });
}

/** Logs the error of every report that could not be loaded. @throws ReportError `definition` when there is one */
function reportBroken(loaded: readonly PromiseSettledResult<unknown>[], log: Log): void {
  const broken = loaded.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of broken) log.error(errorSentence(error));
  if (broken.length === 0) return;
  throw new ReportError('definition', `${broken.length} of ${loaded.length} reports cannot be read`);
}
