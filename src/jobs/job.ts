// One job from its first attempt to its result: waits until it is ready, tries again what can heal.
import type { LimitFunction } from 'p-limit';
import { titleOf } from '../commands/run/lines.js';
import type { Session } from '../commands/shared/context.js';
import { formatDuration } from '../core/duration.js';
import { messageOf, ReportError, sentence } from '../core/errors.js';
import type { Answer } from '../core/source.js';
import { type Span, traced } from '../core/trace.js';
import type { RunOutcome } from '../publish/run-period.js';
import { waitText } from '../reports/definition/wait-for.js';
import { type AttemptOptions, attempt } from './attempt.js';
import type { Job, ReadyJob } from './choose.js';
import type { Circuit, Place } from './circuit.js';
import type { Deadline } from './deadline.js';
import type { JobResult } from './events.js';
import { attempted, orAborted, pausing } from './retry.js';

/** What the jobs of a run share. */
export interface Shared {
  /** The trace of the run. */
  readonly span: Span | undefined;
  /** How many attempts there are at once; who waits or pauses takes no place. */
  readonly limit: LimitFunction;
  readonly circuit: Circuit;
  readonly deadline: Deadline;
  /** Milliseconds, see AttemptOptions of retry.ts. */
  readonly retryFor: number;
  /** Ask once whether it is ready, and do not wait. */
  readonly isImpatient: boolean;
  readonly attempt: Pick<AttemptOptions, 'restate' | 'quarantine' | 'isAlone'>;
}

/** A result, with what the sources noticed of their data. */
export type EndedJob = JobResult & { readonly notes: readonly string[] };

/** Never throws: what went wrong is in the result. */
export async function runJob(session: Session, job: Job, shared: Shared): Promise<EndedJob> {
  const started = Date.now();
  const title = titleOf(job);
  const known = {
    report: job.name,
    title: 'error' in job ? undefined : job.report.title,
    period: 'error' in job ? undefined : job.period,
    started,
  };
  const tries = new Tries(session, title, shared);
  try {
    if ('error' in job) throw job.error;
    const { outcome, record, notes } = await tracedTries(tries, job, shared);
    const finished = Date.now();
    return { ...known, outcome, record, error: undefined, finished, attempts: tries.count, notes };
  } catch (error) {
    const finished = Date.now();
    return {
      ...known,
      outcome: 'failed',
      record: undefined,
      error,
      finished,
      attempts: tries.count,
      notes: [],
    };
  } finally {
    shared.circuit.left(title);
    session.underWay.delete(title);
  }
}

/** As a phase of the run's trace. */
function tracedTries(tries: Tries, job: ReadyJob, { span: run }: Shared): Promise<RunOutcome> {
  const { from, lastDay } = job.period;
  return traced(run, 'report', { report: job.name, from, lastDay }, async (span) => {
    const done = await tries.run(job, span);
    const { rows, outputs } = done.record;
    const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
    span.set({ outcome: done.outcome, rows, bytes, attempts: tries.count });
    return done;
  });
}

const DESTINATION: Place = { code: 'destination', name: '' };

/** Why a job did not get to its end: another has to find something out first, or it is not ready. */
type Step = RunOutcome | Answer | { readonly until: Promise<void> };

class Tries {
  count = 0;
  readonly #session: Session;
  readonly #title: string;
  readonly #shared: Shared;
  /** Where the last attempt failed. */
  #failedAt: readonly Place[] = [];
  /** Is no other attempt allowed, whatever this one fails with? */
  #isFinal = false;
  #waiting: { readonly since: number; readonly answer: Answer } | undefined;

  constructor(session: Session, title: string, shared: Shared) {
    this.#session = session;
    this.#title = title;
    this.#shared = shared;
  }

  async run(job: ReadyJob, span: Span): Promise<RunOutcome> {
    const { deadline, circuit, retryFor } = this.#shared;
    const { log, signal: interrupted } = this.#session;
    const ended = deadline.signal(job.report.timezone);
    const signal = ended === undefined ? interrupted : AbortSignal.any([interrupted, ended]);
    const session = { ...this.#session, signal };
    try {
      return await attempted(() => this.#untilReady(session, job, span), {
        retryFor,
        signal,
        canHeal: (error) => !this.#isFinal && canHeal(error),
        onFailed: (error, attempt, pause) => {
          for (const place of this.#failedAt) circuit.willRetry(this.#title, place);
          const next = new Date(Date.now() + pause).toISOString();
          log.warn(
            `${this.#title}: attempt ${attempt} failed, the next one is at ${next}: ${messageOf(error)}`,
          );
        },
      });
    } catch (error) {
      if (ended?.aborted && !interrupted.aborted) throw this.#cutShort(ended.reason, error);
      if (!signal.aborted && canHeal(error)) {
        for (const place of this.#failedAt) circuit.gaveUp(this.#title, place, error);
      }
      throw error;
    }
  }

  async #untilReady(session: Session, job: ReadyJob, span: Span): Promise<RunOutcome> {
    for (;;) {
      const step = await this.#shared.limit(() => this.#step(session, job, span));
      if ('outcome' in step) return step;
      if ('until' in step) await orAborted(step.until, session.signal);
      else await pausing(this.#pauseAfter(job, step), session.signal);
    }
  }

  async #step(session: Session, job: ReadyJob, span: Span): Promise<Step> {
    const { circuit } = this.#shared;
    const { underWay, signal } = session;
    signal.throwIfAborted();
    this.#failedAt = [];
    const sources = job.report.sources.map((name): Place => ({ code: 'source', name }));
    const admission = this.#admit([DESTINATION, ...sources], job);
    if (admission instanceof Promise) return { until: admission };
    if (typeof admission === 'object') return admission;
    underWay.add(this.#title);
    this.count += 1;
    const failed = new Map<string, Place>();
    try {
      const step = await attempt(session, job, {
        ...this.#shared.attempt,
        span,
        onLease: () => circuit.answered(this.#title, DESTINATION),
        sources: {
          answered: (name) => {
            failed.delete(name);
            circuit.answered(this.#title, { code: 'source', name });
          },
          // What fails after an answer is about the query: the next attempt finds out whether the source is gone.
          failed: (name) => failed.set(name, { code: 'source', name }),
        },
      });
      if (!('outcome' in step)) this.count -= 1;
      return step;
    } catch (error) {
      const isDestination = error instanceof ReportError && error.code === 'destination';
      this.#failedAt = isDestination ? [DESTINATION] : [...failed.values()];
      throw error;
    } finally {
      underWay.delete(this.#title);
    }
  }

  /** To who waits for its source anyway, that it is not asked now is an answer. @throws the circuit's refusal */
  #admit(places: readonly Place[], { report }: ReadyJob): 'freely' | 'once' | Promise<void> | Answer {
    try {
      const admission = this.#shared.circuit.admit(this.#title, places);
      if (admission === 'once') this.#isFinal = true;
      return admission;
    } catch (refusal) {
      const isSource = refusal instanceof ReportError && refusal.code === 'source';
      if (isSource && this.count === 0 && report.waitFor !== undefined)
        return { isReady: false, text: messageOf(refusal) };
      this.#isFinal = true;
      throw refusal;
    }
  }

  /** Milliseconds until the source is asked again. @throws ReportError `not-ready` when nobody waits any longer */
  #pauseAfter({ report: { waitFor } }: ReadyJob, answer: Answer): number {
    if (waitFor === undefined) throw new Error('nothing is waited for');
    const now = Date.now();
    const isFirst = this.#waiting === undefined;
    this.#waiting = { since: this.#waiting?.since ?? now, answer };
    const waited = now - this.#waiting.since;
    const every = formatDuration(waitFor.every);
    if (this.#shared.isImpatient || waited >= waitFor.for) {
      const how = this.#shared.isImpatient
        ? 'asked once'
        : `waited ${formatDuration(waited)}, asked every ${every}`;
      throw new ReportError(
        'not-ready',
        `${this.#title} is not ready (${how}): ${answer.text}; it waits for ${waitText(waitFor)}`,
        { hint: 'Run the same again when it is there.' },
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

  /** What the deadline ended, unless that was something else. */
  #cutShort(reason: ReportError, error: unknown): unknown {
    const isOther = error instanceof ReportError && !['source', 'destination'].includes(error.code);
    if (error !== reason && isOther) return error;
    const parts = [`${this.#title} was not published: ${reason.message}`];
    if (error !== reason) parts.push(sentence(error).replace(/\.$/, ''));
    else if (this.#waiting !== undefined) parts.push(`it was not ready: ${this.#waiting.answer.text}`);
    return new ReportError('not-ready', parts.join('; '), { hint: reason.hint ?? '', cause: error });
  }
}

function canHeal(error: unknown): boolean {
  return error instanceof ReportError && error.retryable === true;
}
