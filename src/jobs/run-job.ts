// One job from its first attempt to its result: waits until its sources are ready and retries what can heal.
import type { LimitFunction } from 'p-limit';
import { type Deadline, DeadlineReached, deadlineError } from '../core/deadline.js';
import { failureOf } from '../core/disclosure.js';
import { formatDuration } from '../core/duration.js';
import { Effect } from '../core/effect.js';
import { messageOf, ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Answer } from '../core/source.js';
import { type Span, withSpan } from '../core/trace.js';
import { CLEANUP_TIMEOUT_MS, Watchdog } from '../core/watchdog.js';
import { LeaseHeld } from '../publish/lease/files.js';
import type { RunOutcome } from '../publish/run-period.js';
import { waitText } from '../reports/definition/wait-for.js';
import { type AttemptOptions, attempt } from './attempt.js';
import type { Circuit, Place } from './circuit.js';
import type { EndedJob } from './events.js';
import { type Job, type ReadyJob, titleOf } from './job.js';
import { abortable, pause, withRetries } from './retry.js';

/** What the jobs of one run share. */
export interface Shared {
  /** The run's span. */
  readonly span: Span | undefined;
  /** Limits the attempts that work at the same time; a job that waits or pauses takes no place. */
  readonly limit: LimitFunction;
  readonly circuit: Circuit;
  readonly deadline: Deadline | undefined;
  /** Milliseconds, see RetryOptions. */
  readonly retryForMs: number;
  /** Ask the sources once whether they are ready, and do not wait. */
  readonly askOnce: boolean;
  readonly attempt: Pick<AttemptOptions, 'restate' | 'quarantine' | 'isAlone' | 'openProgress' | 'preload'>;
}

/** Runs one job. Never throws: what failed is in the result. */
export async function runJob(session: Session, job: Job, shared: Shared): Promise<EndedJob> {
  const started = Date.now();
  const title = titleOf(job);
  const attempts = new Attempts(session, title, shared);
  const result = (outcome: Pick<EndedJob, 'outcome' | 'record' | 'error' | 'notes'>): EndedJob => ({
    report: job.name,
    title: 'error' in job ? undefined : job.report.title,
    period: 'error' in job ? undefined : job.period,
    started,
    finished: Date.now(),
    attempts: attempts.count,
    ...outcome,
  });
  try {
    if ('error' in job) throw job.error;
    return result({ ...(await tracedJob(attempts, job, shared)), error: undefined });
  } catch (error) {
    return result({ outcome: 'failed', record: undefined, error, notes: [] });
  } finally {
    shared.circuit.release(title);
  }
}

/** The attempts of a job as one span of the run's trace. */
function tracedJob(attempts: Attempts, job: ReadyJob, { span: run }: Shared): Promise<RunOutcome> {
  const { from, lastDay } = job.period;
  return withSpan(run, 'report', { report: job.name, from, lastDay }, async (span) => {
    const done = await attempts.run(job, span);
    const { rows, outputs } = done.record;
    const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
    span.set({ outcome: done.outcome, rows, bytes, attempts: attempts.count });
    return done;
  });
}

const DESTINATION: Place = { code: 'destination', name: '' };

/** What one step of a job came to. */
type Step =
  | { readonly status: 'done'; readonly outcome: RunOutcome }
  | { readonly status: 'not-ready'; readonly answer: Answer }
  /** Another job is probing a source or the destination of this one. */
  | { readonly status: 'wait'; readonly until: Promise<void> };

class Attempts {
  /** Attempts that read something or failed; asking whether the sources are ready is not one. */
  count = 0;
  readonly #session: Session;
  readonly #title: string;
  readonly #shared: Shared;
  /** Where the last attempt failed. */
  #failedAt: readonly Place[] = [];
  /** The circuit allows no retry of this attempt, whatever it fails with. */
  #mustNotRetry = false;
  /** The renewal of another run's lease that the last attempt met. */
  #metRenewal: string | undefined;
  /** When the sources were asked for the first time, in epoch milliseconds. */
  #askedSince: number | undefined;
  /** The last answer, when it was not ready. */
  #answer: Answer | undefined;

  constructor(session: Session, title: string, shared: Shared) {
    this.#session = session;
    this.#title = title;
    this.#shared = shared;
  }

  async run(job: ReadyJob, span: Span): Promise<RunOutcome> {
    const { deadline, circuit, retryForMs } = this.#shared;
    const { log } = this.#session;
    const watchdog = new Watchdog(this.#session.signal, CLEANUP_TIMEOUT_MS);
    const { signal } = watchdog;
    const session = { ...this.#session, signal };
    try {
      deadline?.start(watchdog, job.report.timezone);
      return await withRetries(() => this.#untilReady(session, watchdog, job, span), {
        retryForMs,
        signal,
        canHeal: (error) => !this.#mustNotRetry && (canHeal(error) || this.#mayBeFreeSoon(error)),
        onFailed: (error, attemptNumber, pauseMs) => {
          void this.#shared.attempt.preload();
          for (const place of this.#failedAt) circuit.willRetry(this.#title, place);
          const next = new Date(Date.now() + pauseMs).toISOString();
          const { code, retryable } = failureOf(error);
          log.warn(
            `${this.#title}: attempt ${attemptNumber} failed, the next one is at ${next}: ${messageOf(error)}`,
            {
              event: 'retry',
              report: job.name,
              period: job.period,
              code,
              retryable,
              attempt: attemptNumber,
              next,
            },
          );
        },
      });
    } catch (error) {
      if (signal.reason instanceof DeadlineReached) throw this.#deadlineError(signal.reason, error);
      if (!signal.aborted && canHeal(error)) {
        for (const place of this.#failedAt) circuit.gaveUp(this.#title, place, error);
      }
      throw error;
    } finally {
      watchdog.close();
    }
  }

  /**
   * Whether the lease that another run holds may be one that a killed process left: nothing is known of its process, and it was
   * not renewed since it was first met.
   */
  #mayBeFreeSoon(error: unknown): boolean {
    if (!(error instanceof LeaseHeld) || error.isAlive) return false;
    const isRenewed = this.#metRenewal !== undefined && this.#metRenewal !== error.renewal;
    this.#metRenewal = error.renewal;
    if (isRenewed) error.sawRenewal();
    return !isRenewed;
  }

  async #untilReady(session: Session, watchdog: Watchdog, job: ReadyJob, span: Span): Promise<RunOutcome> {
    // Bounded inside the limit, so that an attempt that hangs gives its place back.
    const effects = () => [...session.effects].filter(([title]) => title === this.#title);
    const boundedStep = () => watchdog.watch(() => this.#step(session, job, span), effects);
    for (;;) {
      const step = await this.#shared.limit(boundedStep);
      if (step.status === 'done') return step.outcome;
      if (step.status === 'wait') await abortable(step.until, session.signal);
      else await pause(this.#pauseBeforeAsking(job, step.answer), session.signal);
    }
  }

  async #step(session: Session, job: ReadyJob, span: Span): Promise<Step> {
    const { circuit } = this.#shared;
    const { effects, signal } = session;
    signal.throwIfAborted();
    this.#failedAt = [];
    const refused = this.#admit(job);
    if (refused !== undefined) return refused;
    const effect = new Effect();
    effects.set(this.#title, effect);
    const failedSources = new Map<string, Place>();
    try {
      const step = await attempt(session, job, {
        ...this.#shared.attempt,
        span,
        effect,
        timeToWaitMs: (most) => {
          this.#askedSince ??= Date.now();
          return most - (Date.now() - this.#askedSince);
        },
        onLease: () => circuit.succeeded(this.#title, DESTINATION),
        sources: {
          answered: (name) => {
            failedSources.delete(name);
            circuit.succeeded(this.#title, { code: 'source', name });
          },
          // A failure after an answer concerns the query: the next attempt finds out whether the source itself is down.
          failed: (name) => failedSources.set(name, { code: 'source', name }),
        },
      });
      if (step.status === 'done') this.count += 1;
      return step;
    } catch (error) {
      this.count += 1;
      const isDestination = error instanceof ReportError && error.code === 'destination';
      this.#failedAt = isDestination ? [DESTINATION] : [...failedSources.values()];
      throw error;
    }
  }

  /**
   * Asks the circuit breaker for the job's places. To a job that waits for its source anyway, an open circuit is an answer:
   * not ready.
   * @returns the step to take instead of an attempt, if any. @throws the circuit's refusal
   */
  #admit({ report }: ReadyJob): Step | undefined {
    const sources = report.sources.map((name): Place => ({ code: 'source', name }));
    try {
      const admission = this.#shared.circuit.admit(this.#title, [DESTINATION, ...sources]);
      if (admission.may === 'wait') return { status: 'wait', until: admission.until };
      if (admission.may === 'try-once') this.#mustNotRetry = true;
      return undefined;
    } catch (refusal) {
      const isSource = refusal instanceof ReportError && refusal.code === 'source';
      if (isSource && this.count === 0 && report.waitFor !== undefined)
        return { status: 'not-ready', answer: { isReady: false, text: messageOf(refusal) } };
      this.#mustNotRetry = true;
      throw refusal;
    }
  }

  /** Milliseconds until the source is asked again. @throws ReportError `not-ready` when the wait is over */
  #pauseBeforeAsking({ report: { waitFor } }: ReadyJob, answer: Answer): number {
    if (waitFor === undefined) throw new Error('a report without wait-for cannot be not ready');
    const isFirst = this.#answer === undefined;
    this.#answer = answer;
    // Not asked yet: the circuit of the source is open.
    this.#askedSince ??= Date.now();
    const waited = Date.now() - this.#askedSince;
    const every = formatDuration(waitFor.every);
    const { askOnce } = this.#shared;
    if (askOnce || waited >= waitFor.for) {
      const how = askOnce ? 'asked once' : `waited ${formatDuration(waited)}, asked every ${every}`;
      throw new ReportError(
        'not-ready',
        `${this.#title} is not ready (${how}): ${answer.text}; it waits for ${waitText(waitFor)}`,
        { hint: 'Run the same command again when the data is there.' },
      );
    }
    if (isFirst) {
      const most = formatDuration(waitFor.for);
      this.#session.log.info(
        `${this.#title} is not ready, asking every ${every} for ${most}: ${answer.text}`,
      );
    }
    return Math.min(waitFor.every, waitFor.for - waited);
  }

  #deadlineError(reason: DeadlineReached, error: unknown): unknown {
    const answer = this.#answer && `it was not ready: ${this.#answer.text}`;
    return deadlineError(reason, error, `${this.#title} was not published`, answer);
  }
}

function canHeal(error: unknown): boolean {
  return error instanceof ReportError && error.retryable === true;
}
