// Which reports are run, for which of their closed periods.
import {
  isClosed,
  lastClosedPeriod,
  type Period,
  parseDates,
  periodContaining,
  periodsBetween,
  todayIn,
} from '../../calendar.js';
import { ReportError } from '../../errors.js';
import { periodFilter } from '../../filters/index.js';
import { loadReport, type Report, reportNames } from '../../report.js';
import { requestOf } from '../../request.js';
import type { Request } from '../../table.js';
import type { Session } from '../context.js';

/** What of the command line decides. */
export interface Choice {
  readonly all?: true;
  readonly date?: string;
  readonly since?: string;
  readonly until?: string;
  readonly param?: Readonly<Record<string, string>>;
}

/** One report for one period; or, by the name alone, one that cannot be read. */
export type Job = ReadyJob | BrokenJob;

export interface ReadyJob {
  readonly name: string;
  readonly report: Report;
  readonly period: Period;
  readonly request: Request;
}

export interface BrokenJob {
  readonly name: string;
  readonly error: unknown;
}

/** What is wrong with a report that was named is said at once; with `--all` it does not keep the others from running. */
export async function chosenJobs(
  names: readonly string[],
  options: Choice,
  session: Session,
): Promise<Job[]> {
  const { queries } = session.config;
  if (names.length > 0 === (options.all === true)) {
    throw new ReportError('usage', options.all ? 'run: both reports and --all' : 'run: no report', {
      hint: 'Name reports, or give --all.',
    });
  }
  const chosen = options.all ? await reportNames(queries) : [...new Set(names)];
  const jobs: Job[] = [];
  for (const name of chosen) {
    try {
      jobs.push(...jobsOf(await loadReport(name, queries), options, session));
    } catch (error) {
      if (!options.all) throw error;
      jobs.push({ name, error });
    }
  }
  if (jobs.length === 0) throw new ReportError('usage', `run: no report in ${queries} has outputs`);
  return jobs;
}

function jobsOf(report: Report, options: Choice, session: Session): Job[] {
  if (report.outputs.length === 0) {
    if (options.all) return [];
    throw new ReportError('usage', `run: report "${report.name}" has no outputs`, {
      hint: `Add outputs to ${report.file}, or use export.`,
    });
  }
  return periodsOf(report, options, todayIn(report.timezone, session.now)).map((period) => {
    const filters = report.filters.date === undefined ? [] : [periodFilter(period, report.timezone)];
    const request = requestOf(report, { filters, params: options.param ?? {} });
    return { name: report.name, report, period, request };
  });
}

function periodsOf(report: Report, { date, since, until }: Choice, today: string): Period[] {
  const last = lastClosedPeriod(report.period, today);
  if (date === undefined && since === undefined && until === undefined) return [last];
  if (report.filters.date === undefined) {
    throw new ReportError(
      'usage',
      `run: report "${report.name}" has no date filter: it is a snapshot and takes no past dates`,
    );
  }
  if (date !== undefined && (since !== undefined || until !== undefined)) {
    throw new ReportError('usage', 'run: --date goes without --since and --until');
  }
  if (since === undefined && until !== undefined)
    throw new ReportError('usage', 'run: --until needs --since');
  const periods =
    since === undefined
      ? [onePeriod(report, date ?? last.lastDay, today)]
      : periodsBetween(
          report.period,
          onePeriod(report, since, today).from,
          until === undefined ? last.lastDay : onePeriod(report, until, today).lastDay,
        );
  const open = periods.find((period) => !isClosed(period, today));
  if (open === undefined) return periods;
  throw new ReportError(
    'usage',
    `run: the ${open.kind} ${open.from} of "${report.name}" is not over (today is ${today} in ${report.timezone})`,
    {
      hint: `The last closed one ends on ${last.lastDay}.`,
    },
  );
}

/** The period that a day, or a span within one period, names. */
function onePeriod(report: Report, text: string, today: string): Period {
  const span = parseDates(text, today);
  const period = span.from === undefined ? undefined : periodContaining(report.period, span.from);
  if (period !== undefined && span.to !== undefined && span.to <= period.to) return period;
  throw new ReportError('usage', `run: "${text}" is not within one ${report.period} of "${report.name}"`, {
    hint: 'Give a day, or a range with --since and --until.',
  });
}
