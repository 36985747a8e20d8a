// Runs jobs: several reports at the same time, the periods of each report one after the other.
import pLimit from 'p-limit';
import type { Deadline } from '../core/deadline.js';
import { exitCodeOf, ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Span } from '../core/trace.js';
import { CLEANUP_TIMEOUT_MS, Unconfirmed, untilPrinted } from '../core/watchdog.js';
import { Announcer, listenersOf } from './announcer.js';
import { Circuit } from './circuit.js';
import type { EndedJob, RunListener, RunPresenter } from './events.js';
import type { Job } from './job.js';
import { preloader } from './preload.js';
import { runJob, type Shared } from './run-job.js';

export interface RunJobsOptions {
  /** The run's span. */
  readonly span?: Span | undefined;
  /** The reason of a restatement: read again, and replace what is published if it differs. */
  readonly restate?: string | undefined;
  /** Keep the files that a gate refuses under `_quarantine/`. */
  readonly quarantine?: true | undefined;
  /** How many reports run at the same time. */
  readonly concurrency: number;
  /** Milliseconds in which a failed job is retried; 0 is one attempt. */
  readonly retryForMs: number;
  /** Jobs that are not done by then end with ReportError `not-ready`; jobs of other time zones may have another time. */
  readonly deadline?: Deadline | undefined;
  /** Ask once whether the data is there, and do not wait for it. */
  readonly askOnce?: boolean | undefined;
  readonly presenter?: RunPresenter | undefined;
  /** Besides those that the environment names. */
  readonly listeners?: readonly RunListener[] | undefined;
}

export interface RunResult {
  /** In the order of the jobs. */
  readonly results: readonly EndedJob[];
  /**
   * Why the run as a whole failed, if it did: the failure of its only job, ReportError `partial` for some of several,
   * `not-ready` when the deadline was reached, or the signal's reason.
   */
  readonly failure: unknown;
}

/**
 * Runs every job; one that fails does not stop the others. When the session's signal or the deadline fires, it returns within
 * nine seconds: what hangs longer than that is left behind, and named in the job's error.
 */
export async function runJobs(
  session: Session,
  jobs: readonly Job[],
  options: RunJobsOptions,
): Promise<RunResult> {
  const { signal } = session;
  const { restate, quarantine, concurrency, presenter } = options;
  const names = [...new Set(jobs.map(({ name }) => name))];
  const groups = names.map((name) => [...jobs.entries()].filter(([, job]) => job.name === name));
  const isAlone = Math.min(concurrency, groups.length) === 1;
  const shared: Shared = {
    span: options.span,
    limit: pLimit(concurrency),
    circuit: new Circuit(Date.now),
    deadline: options.deadline,
    retryForMs: options.retryForMs,
    askOnce: options.askOnce === true,
    attempt: {
      ...(restate && { restate }),
      ...(quarantine && { quarantine }),
      isAlone,
      openProgress: presenter?.openProgress,
      preload: preloader(session, jobs),
    },
  };
  const announcer = new Announcer(session, [...(await listenersOf(session)), ...(options.listeners ?? [])]);
  announcer.tell((listener) => listener.begun?.(jobs.map(announced)));
  const ended: (EndedJob | undefined)[] = jobs.map(() => undefined);
  // A period may be compared with the one before it, so the periods of one report run in order.
  const runInOrder = async (group: readonly (readonly [number, Job])[]) => {
    for (const [index, job] of group) {
      const result = await runJob(session, job, shared);
      ended[index] = result;
      presenter?.jobEnded(job, result);
      announcer.tell((listener) => listener.jobEnded?.(result));
    }
  };
  await Promise.all(groups.map(runInOrder));
  const results = ended.filter((result) => result !== undefined);
  let failure = signal.aborted ? interruptionOf(results, signal) : failureOf(results, options.deadline);
  const print = async () => presenter?.ended(results);
  await untilPrinted(signal, print, (watchdog) => options.deadline?.start(watchdog, undefined)).catch(
    (error: unknown) => {
      failure ??= error;
    },
  );
  const exitCode = failure === undefined ? 0 : exitCodeOf(failure);
  await announcer.finish(
    (listener, telling) => listener.ended?.(results, { exitCode, failure, signal: telling }),
    options.deadline?.isReached === true,
  );
  return { results, failure };
}

function announced(job: Job) {
  return { report: job.name, period: 'error' in job ? undefined : job.period };
}

/**
 * The error of a job that says more than the interruption itself, such as what could not be removed; else the interruption.
 * Undefined when it came too late to keep any job from its end.
 */
function interruptionOf(results: readonly EndedJob[], { reason }: AbortSignal): unknown {
  const errors = results.flatMap(({ outcome, error }) => (outcome === 'failed' ? [error] : []));
  if (errors.length === 0) return undefined;
  const unconfirmed = errors.filter((error) => error instanceof Unconfirmed);
  if (unconfirmed.length > 1) {
    const effects = unconfirmed.flatMap((error) => [...error.effects]);
    return new Unconfirmed(effects, CLEANUP_TIMEOUT_MS);
  }
  return errors.find((error) => error !== reason) ?? reason;
}

function failureOf(results: readonly EndedJob[], deadline: Deadline | undefined): unknown {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return undefined;
  if (results.length === 1) return failed[0]?.error;
  const isPartial = failed.length < results.length;
  const hint = isPartial
    ? 'The others are published; run the same command again.'
    : 'Run the same command again.';
  const what = `${failed.length} of ${results.length} runs failed`;
  return deadline?.isReached
    ? new ReportError('not-ready', `${what}: the deadline was reached`, { hint })
    : new ReportError('partial', what, { hint });
}
