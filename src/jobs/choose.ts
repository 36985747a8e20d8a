// Which reports are run, for which of their closed periods.

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
import { loadReport, reportNames } from '../reports/load-report.js';
import { periodOf } from '../reports/period-of.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import type { BrokenJob, Job } from './job.js';

/** What of the command line decides. */
export interface Choice {
  readonly all?: true;
  readonly date?: string;
  readonly since?: string;
  readonly until?: string;
  /** Also what is missing of so many last periods. */
  readonly catchUp?: number;
  readonly restate?: string;
  readonly param?: Readonly<Record<string, string>>;
}

/**
 * In the order of the reports, each followed by its schedules, the oldest period first. What is wrong with a report that
 * was named is said at once; with `--all` it does not keep the others from running.
 * @throws ReportError `usage`, `definition`
 */
export async function chosenJobs(
  names: readonly string[],
  options: Choice,
  session: Session,
): Promise<Job[]> {
  const { config } = session;
  refuse(names, options);
  const chosen = options.all ? await reportNames(config) : [...new Set(names)];
  const planned: (Planned | BrokenJob)[] = [];
  /** With `--all` what is wrong with one becomes its job. */
  const attempt = async (name: string, work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!options.all) throw error;
      planned.push({ name, error });
    }
  };
  for (const name of chosen) {
    await attempt(name, async () => {
      for (const report of runnable(await loadReport(name, config), options)) {
        // A schedule can be named beside its report.
        if (planned.some((other) => 'report' in other && isSame(other.report, report))) continue;
        await attempt(report.name, () => {
          planned.push(plannedFor(report, options, session));
        });
      }
    });
  }
  if (planned.length === 0) throw new ReportError('usage', `run: no report in ${config.queries} has outputs`);
  const closed = withoutOpen(planned, options, session);
  return options.catchUp === undefined ? closed.flatMap(jobsOf) : caughtUp(closed, options.catchUp, session);
}

function isSame(one: Report, other: Report): boolean {
  return one.name === other.name && one.file === other.file;
}

function refuse(names: readonly string[], options: Choice): void {
  const { all, date, since, until, catchUp, restate } = options;
  if (names.length > 0 === (all === true)) {
    throw new ReportError('usage', all ? 'run: both reports and --all' : 'run: no report', {
      hint: 'Name reports, or give --all.',
    });
  }
  if (date !== undefined && (since !== undefined || until !== undefined)) {
    throw new ReportError('usage', 'run: --date goes without --since and --until');
  }
  if (since === undefined && until !== undefined)
    throw new ReportError('usage', 'run: --until needs --since');
  const other = Object.entries({ date, since, restate }).find(([, value]) => value !== undefined)?.[0];
  if (catchUp !== undefined && other !== undefined) {
    throw new ReportError('usage', `run: --catch-up goes without --${other}`, {
      hint: 'It fills what is missing of the last periods, and touches none that is published.',
    });
  }
}

/** The report and its schedules, as far as they have outputs. */
function runnable(report: Report, { all }: Choice): Report[] {
  const reports = publishedReports(report);
  if (reports.length > 0 || all) return reports;
  throw new ReportError('usage', `run: report "${report.name}" has no outputs`, {
    hint: `Add outputs to ${report.file}, or use export.`,
  });
}

/** One report, the date that its zone has, and its periods in order. */
interface Planned {
  readonly name: string;
  readonly report: Report;
  readonly today: string;
  readonly periods: readonly Period[];
  readonly params: Readonly<Record<string, string>>;
}

function plannedFor(report: Report, options: Choice, session: Session): Planned {
  const today = todayIn(report.timezone, session.now);
  const params = options.param ?? {};
  // What is wrong with the params is wrong for every period.
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

/** Without periods that are not over, if there is a report of which all are; else each of those is an error. */
function withoutOpen(
  planned: readonly (Planned | BrokenJob)[],
  { all }: Choice,
  { log }: Session,
): (Planned | BrokenJob)[] {
  const isOpen = (each: Planned) => each.periods.some((period) => !isClosed(period, each.today));
  const isAnyWhole = planned.some((each) => 'periods' in each && !isOpen(each));
  return planned.map((each) => {
    if ('error' in each || !isOpen(each)) return each;
    if (!isAnyWhole) {
      const error = notOver(each);
      if (!all) throw error;
      return { name: each.name, error };
    }
    const periods = each.periods.filter((period) => isClosed(period, each.today));
    const open = each.periods.slice(periods.length).map(formatPeriod).join(', ');
    log.info(`${each.name}: passed over, because it is not over: the ${each.report.period} ${open}`);
    return { ...each, periods };
  });
}

function notOver({ report, periods, today }: Planned): ReportError {
  const open = periods.find((period) => !isClosed(period, today));
  return new ReportError(
    'usage',
    `run: the ${open?.kind} ${open?.from} of "${report.name}" is not over (today is ${today} in ${report.timezone})`,
    {
      hint: `The last closed one ends on ${lastClosedPeriod(report.period, today).lastDay}.`,
    },
  );
}

/** Before the last period of each report, which is run in any case, those of the last `count` that are not published. */
async function caughtUp(
  planned: readonly (Planned | BrokenJob)[],
  count: number,
  session: Session,
): Promise<Job[]> {
  return withDestination(session, async (destination) => {
    const jobs: Job[] = [];
    for (const each of planned) {
      // A snapshot has no past.
      if ('error' in each || each.report.filters.date === undefined) {
        jobs.push(...jobsOf(each));
        continue;
      }
      const { name, report, today } = each;
      const begun = await begunAt(destination, report, session.signal);
      if ('error' in begun) jobs.push({ name, error: begun.error });
      const isPublished = ({ lastDay }: Period) =>
        'error' in begun || begun.found.get(compactDate(lastDay))?.isPublished === true;
      const earlier = lastClosedPeriods(report.period, today, count).slice(0, -1);
      const missing = earlier.filter((period) => !isPublished(period));
      jobs.push(...jobsOf({ ...each, periods: [...missing, ...each.periods] }));
    }
    return jobs;
  });
}

/** That the past cannot be looked at does not keep the last period from being tried, perhaps at a better moment. */
async function begunAt(
  destination: Destination,
  report: Report,
  signal: AbortSignal,
): Promise<{ readonly found: ReadonlyMap<string, StartedPeriod> } | { readonly error: unknown }> {
  try {
    return { found: await startedPeriods(report, destination) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

function periodsOf(report: Report, { date, since, until }: Choice, today: string): Period[] {
  const last = lastClosedPeriod(report.period, today);
  if (date === undefined && since === undefined) return [last];
  if (report.filters.date === undefined) {
    throw new ReportError(
      'usage',
      `run: report "${report.name}" has no date filter: it is a snapshot and takes no past dates`,
    );
  }
  if (since === undefined) return [periodOf('run', report, date ?? last.lastDay, today)];
  const first = periodOf('run', report, since, today);
  // The period of that day alone, though it is not over: what becomes of those is decided over all reports.
  if (until === undefined && !isClosed(first, today)) return [first];
  const end = until === undefined ? last.lastDay : periodOf('run', report, until, today).lastDay;
  return periodsBetween(report.period, first.from, end);
}
