// Does the work of a run: one job after the other, each with its own destination, and what is told of it.
import { hostname, userInfo } from 'node:os';
import { openDestination } from '../../destinations/index.js';
import { messageOf, ReportError, sentence } from '../../errors.js';
import { newToken, type RunOutcome, runPeriod } from '../../run.js';
import type { Source } from '../../table.js';
import type { Session } from '../context.js';
import { printJson, printLines } from '../print.js';
import { expectedRows, hasBar, openProgress, type ProgressView } from '../progress.js';
import { withSources } from '../sources.js';
import type { Job, ReadyJob } from './jobs.js';
import { outcomeLines, titleOf } from './lines.js';

/** What of the command line the work itself needs. */
export interface WorkOptions {
  readonly restate?: string;
  readonly quarantine?: true;
}

/** One that fails does not stop the others. @throws the only failure, or ReportError `partial` */
export async function runJobs(session: Session, jobs: readonly Job[], options: WorkOptions): Promise<void> {
  const failures: unknown[] = [];
  const results: Record<string, unknown>[] = [];
  const place = session.config.destination.replace(/\/$/, '');
  for (const job of jobs) {
    const title = titleOf(job);
    try {
      if ('error' in job) throw job.error;
      const { outcome, record, notes } = await runOne(session, job, options);
      for (const note of notes) session.log.warn(`${title}: ${note}`);
      results.push({ outcome, ...record });
      if (!session.json) printLines(session.stdout, outcomeLines(title, place, { outcome, record }));
    } catch (error) {
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

async function runOne(
  session: Session,
  { report, period, request }: ReadyJob,
  { restate, quarantine }: WorkOptions,
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
