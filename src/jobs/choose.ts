// Decides which reports a run publishes, and for which of their closed periods.

import {
  compactDate,
  formatPeriod,
  isClosed,
  lastClosedPeriod,
  lastClosedPeriods,
  type Period,
  periodsBetween,
  todayIn,
} from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import { withDestination } from '../destinations/for-session.js';
import { periodFilter } from '../filters/index.js';
import { type StartedPeriod, startedPeriods } from '../publish/status.js';
import { reportLoader, reportNames } from '../reports/load-report.js';
import { parsePeriod } from '../reports/parse-period.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import type { BrokenJob, Job } from './job.js';

const NAMING = { command: 'run', hint: 'Give a day, or a range with --since and --until.' };

/** The options of the command line that decide which jobs run. */
export interface JobChoice {
  readonly all?: true;
  readonly date?: string;
  readonly since?: string;
  readonly until?: string;
  /** Also runs the periods that are missing among this many last ones. */
  readonly catchUp?: number;
  readonly restate?: string;
  readonly param?: Readonly<Record<string, string>>;
}

/**
 * The jobs in the order of the reports, each followed by its schedules, the oldest period first. With `--all`, a broken report
 * becomes a job that carries its error, and the others run.
 * @throws ReportError `usage`, `definition` for a named report
 */
export async function chooseJobs(
  names: readonly string[],
  options: JobChoice,
  session: Session,
): Promise<Job[]> {
  const { config } = session;
  assertValidChoice(names, options);
  const chosen = options.all ? await reportNames(config) : [...new Set(names)];
  const planned: (Planned | BrokenJob)[] = [];
  /** With `--all`, an error of the work becomes a job that carries it. */
  const attempt = async (name: string, work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!options.all) throw error;
      planned.push({ name, error });
    }
  };
  const load = reportLoader(config);
  for (const name of chosen) {
    await attempt(name, async () => {
      for (const report of runnableReports(await load(name), options)) {
        // The user can name both a report and one of its schedules.
        if (planned.some((other) => 'report' in other && isSame(other.report, report))) continue;
        await attempt(report.name, () => {
          planned.push(planReport(report, options, session));
        });
      }
    });
  }
  if (planned.length === 0) throw new ReportError('usage', `run: no report in ${config.queries} has outputs`);
  const closed = withoutOpenPeriods(planned, options, session);
  if (options.catchUp === undefined) return closed.flatMap(jobsOf);
  return catchUpJobs(closed, options.catchUp, session);
}

function isSame(one: Report, other: Report): boolean {
  return one.name === other.name && one.file === other.file;
}

/** @throws ReportError `usage` for options that contradict each other */
function assertValidChoice(names: readonly string[], options: JobChoice): void {
  const { all, date, since, until, catchUp, restate } = options;
  if (names.length > 0 === (all === true)) {
    throw new ReportError('usage', all ? 'run: both reports and --all' : 'run: no report', {
      hint: 'Name reports, or give --all.',
    });
  }
  if (date !== undefined && (since !== undefined || until !== undefined)) {
    throw new ReportError('usage', 'run: --date cannot be combined with --since or --until');
  }
  if (since === undefined && until !== undefined)
    throw new ReportError('usage', 'run: --until needs --since');
  const other = Object.entries({ date, since, restate }).find(([, value]) => value !== undefined)?.[0];
  if (catchUp !== undefined && other !== undefined) {
    throw new ReportError('usage', `run: --catch-up cannot be combined with --${other}`, {
      hint: 'It publishes the missing ones among the last periods, and changes none that is published.',
    });
  }
}

/** The report and its schedules, without those that have no outputs. @throws ReportError `usage` when a named report has none */
function runnableReports(report: Report, { all }: JobChoice): Report[] {
  const reports = publishedReports(report);
  if (reports.length > 0 || all) return reports;
  throw new ReportError('usage', `run: report "${report.name}" has no outputs`, {
    hint: `Add outputs to ${report.file}, or use export.`,
  });
}

/** One report with its periods in order. */
interface Planned {
  readonly name: string;
  readonly report: Report;
  /** `YYYY-MM-DD` in the report's time zone. */
  readonly today: string;
  readonly periods: readonly Period[];
  readonly params: Readonly<Record<string, string>>;
}

function planReport(report: Report, options: JobChoice, session: Session): Planned {
  const today = todayIn(report.timezone, session.now);
  const params = options.param ?? {};
  // Throws for wrong params, which are the same for every period.
  requestOf(report, { filters: [], params });
  return { name: report.name, report, today, periods: periodsOf(report, options, today), params };
}

function jobsOf(planned: Planned | BrokenJob): Job[] {
  if ('error' in planned) return [planned];
  const { report, periods, params } = planned;
  return periods.map((period) => {
    const filters = report.filters.date === undefined ? [] : [periodFilter(period, report.timezone)];
    return { name: report.name, report, period, request: requestOf(report, { filters, params }) };
  });
}

/**
 * Removes the periods that are still open, provided that all periods of at least one report are closed. Otherwise a report with
 * an open period is an error.
 */
function withoutOpenPeriods(
  planned: readonly (Planned | BrokenJob)[],
  { all }: JobChoice,
  { log }: Session,
): (Planned | BrokenJob)[] {
  const isOpen = (each: Planned) => each.periods.some((period) => !isClosed(period, each.today));
  const isAnyClosed = planned.some((each) => 'periods' in each && !isOpen(each));
  return planned.map((each) => {
    if ('error' in each || !isOpen(each)) return each;
    if (!isAnyClosed) {
      const error = openPeriodError(each);
      if (!all) throw error;
      return { name: each.name, error };
    }
    const periods = each.periods.filter((period) => isClosed(period, each.today));
    const open = each.periods.slice(periods.length).map(formatPeriod).join(', ');
    log.info(`${each.name}: skipped, because it is not over: the ${each.report.period} ${open}`);
    return { ...each, periods };
  });
}

function openPeriodError({ report, periods, today }: Planned): ReportError {
  const open = periods.find((period) => !isClosed(period, today));
  return new ReportError(
    'usage',
    `run: the ${open?.kind} ${open?.from} of "${report.name}" is not over (today is ${today} in ${report.timezone})`,
    {
      hint: `The last closed one ends on ${lastClosedPeriod(report.period, today).lastDay}.`,
    },
  );
}

/** The jobs of each report: first those of its last `count` periods that are not published, then its planned periods in any case. */
async function catchUpJobs(
  planned: readonly (Planned | BrokenJob)[],
  count: number,
  session: Session,
): Promise<Job[]> {
  return withDestination(session, async (destination) => {
    const jobs: Job[] = [];
    for (const each of planned) {
      // A report without a date filter is a snapshot: earlier periods cannot be read.
      if ('error' in each || each.report.filters.date === undefined) {
        jobs.push(...jobsOf(each));
        continue;
      }
      const { name, report, today } = each;
      const started = await startedOrError(destination, report, session.signal);
      if ('error' in started) jobs.push({ name, error: started.error });
      const isPublished = ({ lastDay }: Period) =>
        'error' in started || started.periods.get(compactDate(lastDay))?.isPublished === true;
      const earlier = lastClosedPeriods(report.period, today, count).slice(0, -1);
      const missing = earlier.filter((period) => !isPublished(period));
      jobs.push(...jobsOf({ ...each, periods: [...missing, ...each.periods] }));
    }
    return jobs;
  });
}

/** The started periods, or the error of listing them: then the last period is still tried, perhaps after a retry. */
async function startedOrError(
  destination: Destination,
  report: Report,
  signal: AbortSignal,
): Promise<{ readonly periods: ReadonlyMap<string, StartedPeriod> } | { readonly error: unknown }> {
  try {
    return { periods: await startedPeriods(report, destination) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

function periodsOf(report: Report, { date, since, until }: JobChoice, today: string): Period[] {
  const last = lastClosedPeriod(report.period, today);
  if (date === undefined && since === undefined) return [last];
  if (report.filters.date === undefined) {
    throw new ReportError(
      'usage',
      `run: report "${report.name}" has no date filter: it is a snapshot and takes no past dates`,
    );
  }
  if (since === undefined) return [parsePeriod(NAMING, report, date ?? last.lastDay, today)];
  const first = parsePeriod(NAMING, report, since, today);
  // withoutOpenPeriods() decides over all reports what becomes of an open period.
  if (until === undefined && !isClosed(first, today)) return [first];
  const end = until === undefined ? last.lastDay : parsePeriod(NAMING, report, until, today).lastDay;
  return periodsBetween(report.period, first.from, end);
}
