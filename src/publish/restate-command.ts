// The command that publishes a period again, for hints.
import { shellWord } from '../core/shell-word.js';
import { loadReport, type ReportFolder } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';

/** `reportctl run p --date 1998-04-30 --restate "reason"`. @param lastDay of the period */
export function restateReport({ name, filters }: Pick<Report, 'name' | 'filters'>, lastDay: string): string {
  // A report without a date filter is a snapshot, and takes no date.
  const date = filters.date === undefined ? '' : ` --date ${lastDay}`;
  return `reportctl run ${shellWord(name)}${date} --restate "reason"`;
}

/** The same for a report by its name, which need not be there any more. */
export async function restateCommand(folder: ReportFolder, name: string, lastDay: string): Promise<string> {
  const { filters = { date: '' } } = await loadReport(name, folder).catch(() => ({}) as Partial<Report>);
  return restateReport({ name, filters }, lastDay);
}

/** How many commands a hint has. */
const MAX_COMMANDS = 3;

/** The same for several periods, to complete "publish …". */
export async function restateCommands(
  folder: ReportFolder,
  periods: readonly { readonly report: string; readonly lastDay: string }[],
): Promise<string> {
  const ids = new Map(periods.map((each) => [`${each.report} ${each.lastDay}`, each]));
  const [first, ...more] = await Promise.all(
    [...ids.values()]
      .slice(0, MAX_COMMANDS)
      .map(({ report, lastDay }) => restateCommand(folder, report, lastDay)),
  );
  if (first === undefined) return 'the period again: reportctl run REPORT --date DAY --restate "reason".';
  if (more.length === 0) return `the period again: ${first}.`;
  const others = ids.size > MAX_COMMANDS ? ` and so on, ${ids.size} periods` : '';
  return `the periods again: ${[first, ...more].join('; ')}${others}.`;
}
