// reportctl run: every output of the reports for their closed periods, once; what cron calls.
import { hostname, userInfo } from 'node:os';
import { Command } from 'commander';
import {
  isClosed,
  lastClosedPeriod,
  type Period,
  parseDates,
  periodContaining,
  periodsBetween,
  todayIn,
} from '../calendar.js';
import { openDestination } from '../destinations/index.js';
import { messageOf, ReportError, sentence } from '../errors.js';
import { periodFilter } from '../filters/index.js';
import { loadReport, type Report, reportNames } from '../report.js';
import { requestOf } from '../request.js';
import { newToken, type RunOutcome, runPeriod } from '../run.js';
import type { Request, Source } from '../table.js';
import { addCommonOptions, type CommonOptions, type Context, openSession, type Session } from './context.js';
import { paired } from './filter-options.js';
import { formatBytes, formatRows, printJson, printLines } from './print.js';
import { expectedRows, hasBar, openProgress, type ProgressView } from './progress.js';
import { withSources } from './sources.js';

interface RunOptions extends CommonOptions {
  readonly all?: true;
  readonly date?: string;
  readonly since?: string;
  readonly until?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly restate?: string;
  readonly quarantine?: true;
}

interface Job {
  readonly report: string;
  readonly period: Period | undefined;
  readonly run: () => Promise<RunOutcome>;
}

export function runCommand(context: Context): Command {
  const command = new Command('run')
    .description('publish the closed period of reports, once')
    .argument('[reports...]', 'names in queries/, or paths of report files')
    .option('--all', 'every report that has outputs')
    .option('--date <when>', 'the period that contains this day (the last closed one)')
    .option('--since <when>', 'every period from the one that contains this day')
    .option('--until <when>', '… to the one that contains this day (the last closed one)')
    .option('--param <name=value>', 'a param of the reports', paired)
    .option('--restate <reason>', 'read again, and replace what is published if it differs')
    .option('--quarantine', 'keep files that a gate refuses under _quarantine/ (they are written twice)');
  addCommonOptions(command);
  return command.action(async (names: string[], options: RunOptions) => {
    if (options.restate?.trim() === '') {
      throw new ReportError('usage', 'run: --restate without a reason', {
        hint: 'Say why, in a few words: it is kept with the report.',
      });
    }
    const session = await openSession(context, options);
    const jobs = await chosenJobs(names, options, session);
    await runJobs(session, jobs);
  });
}

/** What is wrong with a report that was named is said at once; with `--all` it does not keep the others from running. */
async function chosenJobs(names: readonly string[], options: RunOptions, session: Session): Promise<Job[]> {
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
      jobs.push({ report: name, period: undefined, run: () => Promise.reject(error) });
    }
  }
  if (jobs.length === 0) throw new ReportError('usage', `run: no report in ${queries} has outputs`);
  return jobs;
}

function jobsOf(report: Report, options: RunOptions, session: Session): Job[] {
  if (report.outputs.length === 0) {
    if (options.all) return [];
    throw new ReportError('usage', `run: report "${report.name}" has no outputs`, {
      hint: `Add outputs to ${report.file}, or use export.`,
    });
  }
  return periodsOf(report, options, todayIn(report.timezone, session.now)).map((period) => {
    const filters = report.filters.date === undefined ? [] : [periodFilter(period, report.timezone)];
    const request = requestOf(report, { filters, params: options.param ?? {} });
    return { report: report.name, period, run: () => runOne(session, report, period, request, options) };
  });
}

function periodsOf(report: Report, { date, since, until }: RunOptions, today: string): Period[] {
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

/** One that fails does not stop the others. @throws the only failure, or ReportError `partial` */
async function runJobs(session: Session, jobs: readonly Job[]): Promise<void> {
  const failures: unknown[] = [];
  const results: Record<string, unknown>[] = [];
  const place = session.config.destination.replace(/\/$/, '');
  for (const { report, period, run } of jobs) {
    const title = period === undefined ? report : `${report} ${days(period)}`;
    try {
      const { outcome, record, notes } = await run();
      for (const note of notes) session.log.warn(`${title}: ${note}`);
      results.push({ outcome, ...record });
      if (!session.json) printLines(session.stdout, outcomeLines(title, place, { outcome, record }));
    } catch (error) {
      if (session.signal.aborted) throw error;
      failures.push(error);
      results.push({ outcome: 'failed', report, period, error: messageOf(error) });
      if (jobs.length > 1) session.log.error(`${title}: ${sentence(error)}`);
    }
  }
  if (session.json) printJson(session.stdout, results);
  if (failures.length === 0) return;
  if (jobs.length === 1) throw failures[0];
  throw new ReportError('partial', `${failures.length} of ${jobs.length} runs failed`, {
    hint:
      failures.length < jobs.length ? 'The others are published; run the same again.' : 'Run the same again.',
  });
}

/** A line for each file, and what a restatement changed. */
function outcomeLines(
  title: string,
  place: string,
  { outcome, record }: Omit<RunOutcome, 'notes'>,
): string[] {
  if (record.outputs.length === 0) return [`${outcome} ${title}: no rows, no file`];
  const lines = record.outputs.map(({ key, rows, bytes, sha256 }) => {
    return `${outcome} ${title}: ${place}/${key}, ${formatRows(rows)}, ${formatBytes(bytes)}, sha256 ${sha256}`;
  });
  if (outcome !== 'restated' || record.restated === undefined) return lines;
  const { rows, totals } = record.restated;
  const changes = [`rows ${rows.before} to ${rows.after}`];
  for (const [name, { before, after }] of Object.entries(totals)) {
    changes.push(
      before === after ? `${name} still ${after}` : `${name} ${before ?? 'unknown'} to ${after ?? 'unknown'}`,
    );
  }
  return [...lines, `revision ${record.revision}: ${changes.join(', ')}`];
}

/** `user@host`; a user id without a name, as in many containers, is the id. */
function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

/** `2024-10-05`, or `2024-09-01..2024-09-30` */
function days({ from, lastDay }: Period): string {
  return from === lastDay ? lastDay : `${from}..${lastDay}`;
}

async function runOne(
  session: Session,
  report: Report,
  period: Period,
  request: Request,
  { restate, quarantine }: RunOptions,
): Promise<RunOutcome> {
  session.signal.throwIfAborted();
  const token = newToken();
  const { signal, config } = session;
  const { s3 } = config;
  const destination = await openDestination(config.destination, { token, signal, s3 });
  const never = new AbortController().signal;
  const afterInterrupt = await openDestination(config.destination, { token, signal: never, s3 });
  let progress: ProgressView | undefined;
  try {
    return await runPeriod({
      report,
      period,
      request,
      destination,
      afterInterrupt,
      token,
      restating: restate === undefined ? undefined : { reason: restate.trim(), by: whoRuns() },
      quarantine,
      signal,
      warn: (message) => session.log.warn(`${report.name}: ${message}`),
      withSources: (work) =>
        withSources(session, report, async (sources: readonly Source[]) => {
          const expected = hasBar(session) ? await expectedRows(sources, request) : undefined;
          progress = await openProgress(session, report.name, expected);
          return work(sources);
        }),
      onProgress: (now) => progress?.onProgress(now),
    });
  } finally {
    progress?.stop();
    await Promise.all([destination.close(), afterInterrupt.close()]);
  }
}
