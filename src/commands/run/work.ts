// Does the work of a run: one job after the other, each with its own destination, and what is told of it.
import { hostname, userInfo } from 'node:os';
import { openDestination } from '../../destinations/index.js';
import { messageOf, ReportError, sentence } from '../../errors.js';
import { newToken, type RunOutcome, runPeriod } from '../../run.js';
import type { JobResult, RunListener } from '../../run-events.js';
import type { Source } from '../../table.js';
import { type Span, traced } from '../../trace.js';
import type { Session } from '../context.js';
import { printJson, printLines } from '../print.js';
import { expectedRows, hasBar, openProgress, type ProgressView } from '../progress.js';
import { withSources } from '../sources.js';
import type { Job, ReadyJob } from './jobs.js';
import { outcomeLines, titleOf } from './lines.js';
import { listenersOf } from './listeners.js';

/** What of the command line the work itself needs. */
export interface WorkOptions {
  /** The trace of the run. */
  readonly span?: Span;
  readonly restate?: string;
  readonly quarantine?: true;
}

/** One that fails does not stop the others. @throws the only failure, or ReportError `partial` */
export async function runJobs(session: Session, jobs: readonly Job[], options: WorkOptions): Promise<void> {
  const listeners = await listenersOf(session);
  const ended: JobResult[] = [];
  const tell = async (what: (listener: RunListener) => Promise<void> | undefined) => {
    for (const listener of listeners) {
      await what(listener)?.catch((error: unknown) => session.log.warn(messageOf(error)));
    }
  };
  const heard: Heard = {
    jobEnded: async (result) => {
      ended.push(result);
      await tell((listener) => listener.jobEnded?.(result));
    },
  };
  const about = jobs.map((job) => ({ report: job.name, period: 'error' in job ? undefined : job.period }));
  await tell((listener) => listener.begun?.(about));
  let exitCode = 0;
  try {
    await doJobs(session, jobs, options, heard);
  } catch (error) {
    exitCode = (error as { exitCode?: number }).exitCode ?? 1;
    throw error;
  } finally {
    await tell((listener) => listener.ended?.(ended, exitCode));
  }
}

type Heard = Pick<Required<RunListener>, 'jobEnded'>;

async function doJobs(
  session: Session,
  jobs: readonly Job[],
  options: WorkOptions,
  { jobEnded }: Heard,
): Promise<void> {
  const failures: unknown[] = [];
  const results: Record<string, unknown>[] = [];
  const place = session.config.destination.replace(/\/$/, '');
  for (const job of jobs) {
    const title = titleOf(job);
    const begun = {
      report: job.name,
      title: 'error' in job ? undefined : job.report.title,
      period: 'error' in job ? undefined : job.period,
      started: Date.now(),
      attempts: 1,
    };
    try {
      if ('error' in job) throw job.error;
      const { outcome, record, notes } = await tracedJob(session, job, options);
      for (const note of notes) session.log.warn(`${title}: ${note}`);
      await jobEnded({ ...begun, outcome, record, error: undefined, finished: Date.now() });
      results.push({ outcome, ...record });
      if (!session.json) printLines(session.stdout, outcomeLines(title, place, { outcome, record }));
    } catch (error) {
      const failed = { ...begun, outcome: 'failed' as const, record: undefined, finished: Date.now() };
      await jobEnded({ ...failed, error: session.signal.aborted ? session.signal.reason : error });
      if (session.signal.aborted) throw error;
      failures.push(error);
      const period = 'error' in job ? undefined : job.period;
      results.push({ outcome: 'failed', report: job.name, period, error: messageOf(error) });
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

/** `user@host`; a user id without a name, as in many containers, is the id. */
function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

/** As a phase of the run's trace. */
function tracedJob(session: Session, job: ReadyJob, options: WorkOptions): Promise<RunOutcome> {
  const { from, lastDay } = job.period;
  return traced(options.span, 'report', { report: job.name, from, lastDay }, async (span) => {
    const outcome = await runOne(session, job, { ...options, span });
    const { rows, outputs } = outcome.record;
    const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
    span.set({ outcome: outcome.outcome, rows, bytes });
    return outcome;
  });
}

async function runOne(
  session: Session,
  { report, period, request }: ReadyJob,
  { restate, quarantine, span }: WorkOptions,
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
    const outcome = await runPeriod({
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
      ...(span === undefined ? {} : { span }),
    });
    const { pointToLatest } = await import('../../latest.js');
    await pointToLatest({ report, record: outcome.record, destination }).catch((error: unknown) => {
      session.log.warn(
        `${report.name}: latest.json was not brought up to date, which the next run does: ${messageOf(error)}`,
      );
    });
    return outcome;
  } finally {
    progress?.stop();
    await Promise.all([destination.close(), afterInterrupt.close()]);
  }
}
