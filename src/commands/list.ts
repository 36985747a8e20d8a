// reportctl list: prints every report with its title, sources, filters, outputs and next period.
import { Command } from 'commander';
import { type Period, periodContaining, todayIn } from '../core/calendar.js';
import { errorSentence, ReportError } from '../core/errors.js';
import { printable } from '../core/foreign-text.js';
import type { Log } from '../core/log.js';
import { reportLoader, reportNames } from '../reports/load-report.js';
import { scheduledReports } from '../reports/scheduled-reports.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { printJson, printLines } from './shared/print.js';
import { terminalWidth } from './shared/screen.js';
import { fitTable, hiddenNote, type TextColumn } from './shared/table.js';

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
    const rows = scheduled.map(
      (report): Row => ({
        name: report.name,
        title: report.title ?? '',
        sources: report.sources,
        filters: Object.keys(report.filters),
        outputs: report.outputs.map((output) => output.key),
        // The next period to publish is the one that is still open.
        next: periodContaining(report.period, todayIn(report.timezone, context.now)),
      }),
    );
    if (json) {
      printJson(stdout, rows);
      return reportBroken(loaded, log);
    }
    printLines(stdout, listLines(rows, terminalWidth({ stdout })));
    reportBroken(loaded, log);
  });
}

interface Row {
  readonly name: string;
  readonly title: string;
  readonly sources: readonly string[];
  readonly filters: readonly string[];
  readonly outputs: readonly string[];
  readonly next: Period;
}

/** @param width of the terminal; without it nothing is cut */
function listLines(rows: readonly Row[], width: number | undefined): string[] {
  const column = (header: string, rank: number, textOf: (row: Row) => string): TextColumn => ({
    header,
    cells: rows.map((row) => printable(textOf(row))),
    rank,
    isWhole: rank <= 1,
  });
  const columns = [
    column('REPORT', 0, ({ name }) => name),
    column('TITLE', 2, ({ title }) => title),
    column('SOURCE', 3, ({ sources }) => sources.join(',')),
    column('FILTERS', 5, ({ filters }) => filters.join(',')),
    column('OUTPUTS', 4, ({ outputs }) => outputs.join(',') || '-'),
    column('NEXT', 1, ({ outputs, next }) =>
      outputs.length === 0 ? '-' : `${next.kind} to ${next.lastDay}`,
    ),
  ];
  const table = fitTable(columns, width);
  return [table.header, ...table.rows, ...hiddenNote(columns, table, width)];
}

/** Logs the error of every report that could not be loaded. @throws ReportError `definition` when there is one */
function reportBroken(loaded: readonly PromiseSettledResult<unknown>[], log: Log): void {
  const broken = loaded.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of broken) log.error(errorSentence(error));
  if (broken.length === 0) return;
  throw new ReportError('definition', `${broken.length} of ${loaded.length} reports cannot be read`);
}
