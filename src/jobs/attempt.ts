// One attempt at one job, with a destination and sources of its own.
import { hostname, userInfo } from 'node:os';
import type { Effect } from '../core/effect.js';
import { messageOf } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Answer, Source } from '../core/source.js';
import type { Span } from '../core/trace.js';
import { tidyUp } from '../core/watchdog.js';
import { openFor } from '../destinations/for-session.js';
import { inputsOf } from '../export/inputs.js';
import type { OpenProgress, ProgressView } from '../export/progress.js';
import { type SourceWatch, withSources } from '../export/with-sources.js';
import { pointToLatest } from '../publish/latest.js';
import { newToken, type RunOutcome, runPeriod } from '../publish/run-period.js';
import { askSources } from './ask-sources.js';
import type { ReadyJob } from './job.js';

export interface AttemptOptions {
  /** The job's span. */
  readonly span: Span;
  /** Kept up to date while the attempt works. */
  readonly effect: Effect;
  readonly restate?: string;
  readonly quarantine?: true;
  /** Whether no other job runs at the same time. */
  readonly isAlone: boolean;
  readonly sources: SourceWatch;
  /** Imports what the rest of the run needs. */
  readonly preload: () => Promise<void>;
  /** Milliseconds left of the time that the report waits. Called before its sources are asked. @param most milliseconds */
  readonly timeToWaitMs: (most: number) => number;
  /** Called when the destination has given the lease to this attempt. */
  readonly onLease: () => void;
  readonly openProgress?: OpenProgress | undefined;
}

export type AttemptResult =
  | { readonly status: 'done'; readonly outcome: RunOutcome }
  /** A source is not ready; nothing was taken or read. */
  | { readonly status: 'not-ready'; readonly answer: Answer };

class NotReady extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.text);
    this.answer = answer;
  }
}

/** @throws what runPeriod() throws */
export async function attempt(
  session: Session,
  job: ReadyJob,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const {
    restate,
    quarantine,
    isAlone,
    sources: watch,
    onLease,
    span,
    effect,
    openProgress,
    preload,
  } = options;
  const { report, period, request } = job;
  const { signal, log } = session;
  signal.throwIfAborted();
  const token = newToken();
  const destination = await openFor(session, { token });
  const never = new AbortController().signal;
  const afterInterrupt = await openFor(session, { token, signal: never });
  const { waitFor } = report;
  let progress: ProgressView | undefined;
  try {
    const outcome = await runPeriod({
      report,
      period,
      request,
      destination,
      afterInterrupt,
      inputs: inputsOf(report, session.config),
      token,
      restating: restate === undefined ? undefined : { reason: restate.trim(), by: currentUser() },
      quarantine,
      signal,
      effect,
      warn: (message) => log.warn(`${report.name}: ${message}`),
      assertReady:
        waitFor &&
        (async () => {
          // It may wait for hours.
          void preload();
          const timeLeftMs = options.timeToWaitMs(waitFor.for);
          const answer = await askSources(session, report, waitFor, { period, request, timeLeftMs }, watch);
          if (!answer.isReady) throw new NotReady(answer);
        }),
      withSources: (work) => {
        onLease();
        void preload();
        const read = async (sources: readonly Source[]) => {
          progress = await openProgress?.({ name: report.name, sources, request, isAlone });
          const result = await work(sources);
          // Nothing is visible yet.
          await preload();
          return result;
        };
        return withSources(session, report, read, watch);
      },
      onProgress: (now) => progress?.onProgress(now),
      span,
    });
    const pointing = () => pointToLatest({ report, record: outcome.record, destination });
    await tidyUp(signal, pointing).catch((error: unknown) => {
      if (signal.aborted) return;
      log.warn(`${report.name}: latest.json could not be updated; the next run does it: ${messageOf(error)}`);
    });
    return { status: 'done', outcome };
  } catch (error) {
    if (error instanceof NotReady) return { status: 'not-ready', answer: error.answer };
    throw error;
  } finally {
    progress?.stop();
    await Promise.all([destination.close(), afterInterrupt.close()]);
  }
}

/** `user@host`; in a container whose user has no name, the user's id stands for it. */
function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
