// reportctl status: lists the closed periods of reports: published, missing, late, unfinished or damaged.
import { Command } from 'commander';
import { formatPeriod, parseDates, todayIn } from '../core/calendar.js';
import { errorSentence, ReportError } from '../core/errors.js';
import { withDestination } from '../destinations/for-session.js';
import { notifyFaults, requireNotified } from '../jobs/notify/status-faults.js';
import { restateCommands } from '../publish/restate-command.js';
import { FAULTS, type PeriodLine, statusOf } from '../publish/status.js';
import { type ReportFolder, reportLoader, reportNames } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import {
  type DeadlineOptions,
  deadlineOf,
  deadlineOption,
  HOST_ZONE,
  withDeadline,
} from './shared/deadline.js';
import { printJson, printLines } from './shared/print.js';
import { statusLines } from './status/lines.js';

interface StatusOptions extends CommonOptions, DeadlineOptions {
  readonly since?: string;
  readonly notify?: true;
}

export function statusCommand(context: Context): Command {
  const command = new Command('status')
    .description(
      'which closed periods are published, and which are due, missing, late, unfinished or damaged',
    )
    .argument('[reports...]', 'names in queries/, or paths of report files; else all that have outputs')
    .option('--since <when>', 'from the period that contains this day (the last seven periods)')
    .option('--notify', 'tell the webhook and the metrics file of periods that need action')
    .addOption(deadlineOption());
  addCommonOptions(command);
  return command.action(async (names: string[], options: StatusOptions) => {
    const session = await openSession(context, options);
    if (options.notify) requireNotified(session.config);
    const { reports, broken } = await chosenReports(names, session);
    const deadline = deadlineOf(options, session);
    const within = <T>(undone: string, work: (bounded: CommandSession) => Promise<T>) =>
      withDeadline(session, deadline, { timezone: HOST_ZONE, undone, isReading: true }, work);
    const lines = await within('status: not every period was looked at', (bounded) =>
      periodLines(reports, options, bounded),
    );
    if (session.json) printJson(session.stdout, lines);
    // Without a terminal, stdout may be the same file as the log.
    else if (session.config.logFormat === 'json' && !session.stdout.isTTY) logPeriods(session, lines);
    else printLines(session.stdout, statusLines(lines, reports, session));
    if (options.notify) {
      await within('status: not every message was sent', (bounded) => notifyFaults(bounded, reports, lines));
    }
    await throwFaults(lines, broken, session.config);
  });
}

/** One line of the JSON log for each period. */
function logPeriods({ log }: CommandSession, lines: readonly PeriodLine[]): void {
  for (const { detail, ...line } of lines) {
    const { report, period, status } = line;
    const text = [`${report} ${formatPeriod(period)}: ${status}`, detail].filter((part) => part !== '');
    log[FAULTS.includes(status) ? 'error' : 'info'](text.join(', '), { event: 'status', ...line });
  }
}

interface Chosen {
  readonly reports: readonly Report[];
  /** How many report files could not be loaded. */
  readonly broken: number;
}

/**
 * The reports to list: the named ones, or all. Without names, logs the error of each report that cannot be loaded and lists the others.
 * @throws ReportError `usage` or `definition` for a named report
 */
async function chosenReports(names: readonly string[], session: CommandSession): Promise<Chosen> {
  const { config } = session;
  if (names.length > 0) {
    const loaded = await Promise.all([...new Set(names)].map(reportLoader(config)));
    const unpublished = loaded.find((report) => publishedReports(report).length === 0);
    if (unpublished === undefined) return { reports: loaded.flatMap(publishedReports), broken: 0 };
    throw new ReportError('usage', `status: report "${unpublished.name}" has no outputs`, {
      hint: 'Only reports with outputs are published.',
    });
  }
  const all = await reportNames(config);
  const loaded = await Promise.allSettled(all.map(reportLoader(config)));
  const failures = loaded.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of failures) session.log.error(errorSentence(error));
  const reports = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return { reports: reports.flatMap(publishedReports), broken: failures.length };
}

async function periodLines(
  reports: readonly Report[],
  { since }: StatusOptions,
  session: CommandSession,
): Promise<PeriodLine[]> {
  const { now } = session;
  return withDestination(session, async (destination) => {
    const lines: PeriodLine[] = [];
    for (const report of reports) {
      const today = todayIn(report.timezone, now);
      const span = since === undefined ? undefined : parseDates(since, today);
      if (span !== undefined && span.from === undefined) {
        throw new ReportError('usage', `status: --since ${since} has no first day`, { hint: 'Give a day.' });
      }
      lines.push(...(await statusOf(report, { destination, now, since: span?.from })));
    }
    return lines;
  });
}

/** @throws ReportError `contract` when a period needs action, else `definition` when a report cannot be loaded */
async function throwFaults(
  lines: readonly PeriodLine[],
  broken: number,
  folder: ReportFolder,
): Promise<void> {
  const faults = lines.filter(({ status }) => FAULTS.includes(status));
  const counts = FAULTS.map((status) => ({
    status,
    count: faults.filter((line) => line.status === status).length,
  })).filter(({ count }) => count > 0);
  if (counts.length > 0) {
    const damaged = faults
      .filter(({ status }) => status === 'damaged')
      .map(({ report, period: { lastDay } }) => ({ report, lastDay }));
    const restore =
      damaged.length === 0
        ? ''
        : ` Restore the files of damaged ones, or publish ${await restateCommands(folder, damaged)}`;
    const summary = counts.map(({ status, count }) => `${count} ${status}`).join(', ');
    throw new ReportError('contract', `status: of ${lines.length} periods, ${summary}`, {
      hint: `Publish missing, late or unfinished periods: reportctl run REPORT --date DAY, or --catch-up N.${restore}`,
    });
  }
  if (broken === 0) return;
  throw new ReportError('definition', `status: ${broken} of the reports cannot be read`);
}
