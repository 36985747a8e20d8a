// One attempt at one report for one period, with a destination and sources of its own.
import { hostname, userInfo } from 'node:os';
import type { Session } from '../commands/shared/context.js';
import { expectedRows, hasBar, openProgress, type ProgressView } from '../commands/shared/progress.js';
import { messageOf } from '../core/errors.js';
import type { Answer, Source } from '../core/source.js';
import type { Span } from '../core/trace.js';
import { openDestination } from '../destinations/index.js';
import { type SourceWatch, withSources } from '../export/with-sources.js';
import { newToken, type RunOutcome, runPeriod } from '../publish/run-period.js';
import type { ReadyJob } from './choose.js';
import { askSources } from './ready.js';

export interface AttemptOptions {
  /** The phase of the trace that it belongs to. */
  readonly span: Span;
  readonly restate?: string;
  readonly quarantine?: true;
  /** Does no other job run meanwhile? */
  readonly isAlone: boolean;
  readonly sources: SourceWatch;
  /** Called when the destination has given us the lease. */
  readonly onLease: () => void;
}

/** What a report waits for is not there; nothing was taken or read. */
class NotReady extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.text);
    this.answer = answer;
  }
}

/** The outcome, or what the source answered when it is not ready. */
export async function attempt(
  session: Session,
  job: ReadyJob,
  { restate, quarantine, isAlone, sources: watch, onLease, span }: AttemptOptions,
): Promise<RunOutcome | Answer> {
  const { report, period, request } = job;
  const { signal, config } = session;
  signal.throwIfAborted();
  const token = newToken();
  const { s3 } = config;
  const destination = await openDestination(config.destination, { token, signal, s3 });
  const never = new AbortController().signal;
  const afterInterrupt = await openDestination(config.destination, { token, signal: never, s3 });
  const { waitFor } = report;
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
      ready:
        waitFor &&
        (async () => {
          const answer = await askSources(session, report, waitFor, job, watch);
          if (!answer.isReady) throw new NotReady(answer);
        }),
      withSources: (work) => {
        onLease();
        const read = async (sources: readonly Source[]) => {
          const expected = isAlone && hasBar(session) ? await expectedRows(sources, request) : undefined;
          progress = await openProgress(session, report.name, expected, isAlone);
          return work(sources);
        };
        return withSources(session, report, read, watch);
      },
      onProgress: (now) => progress?.onProgress(now),
      span,
    });
    const { pointToLatest } = await import('../publish/latest.js');
    await pointToLatest({ report, record: outcome.record, destination }).catch((error: unknown) => {
      if (signal.aborted) return;
      session.log.warn(
        `${report.name}: latest.json was not brought up to date, which the next run does: ${messageOf(error)}`,
      );
    });
    return outcome;
  } catch (error) {
    if (error instanceof NotReady) return error.answer;
    throw error;
  } finally {
    progress?.stop();
    await Promise.all([destination.close(), afterInterrupt.close()]);
  }
}

/** `user@host`; a user id without a name, as in many containers, is the id. */
function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
