// Does the work of a run: several reports at once, the periods of each in turn, and what is told of it.
import pLimit from 'p-limit';
import { outcomeLines, titleOf } from '../commands/run/lines.js';
import type { Session } from '../commands/shared/context.js';
import { flushed, printJson, printLines } from '../commands/shared/print.js';
import { atOnce, duration } from '../core/config.js';
import { exitCodeOf, messageOf, ReportError, sentence } from '../core/errors.js';
import type { Span } from '../core/trace.js';
import { Announcer, listenersOf } from './announcer.js';
import type { Job } from './choose.js';
import { Circuit } from './circuit.js';
import { Deadline } from './deadline.js';
import { type EndedJob, runJob, type Shared } from './job.js';

/** What of the command line the work itself needs. */
export interface WorkOptions {
  /** The trace of the run. */
  readonly span?: Span;
  readonly restate?: string;
  readonly quarantine?: true;
  readonly jobs?: string;
  readonly retryFor?: string;
  readonly deadline?: string;
  /** False with `--no-wait`. */
  readonly wait?: boolean;
}

/**
 * One that fails does not stop the others.
 * @throws the only failure, ReportError `partial`, `not-ready` when the deadline came, or the signal's reason
 */
export async function runJobs(session: Session, jobs: readonly Job[], options: WorkOptions): Promise<void> {
  const { config, signal } = session;
  const { restate, quarantine } = options;
  const most = options.jobs === undefined ? config.jobs : atOnce('--jobs', options.jobs);
  const names = [...new Set(jobs.map(({ name }) => name))];
  const groups = names.map((name) => [...jobs.entries()].filter(([, job]) => job.name === name));
  const isAlone = Math.min(most, groups.length) === 1;
  const deadline = new Deadline(options.deadline, session.now);
  const shared: Shared = {
    span: options.span,
    limit: pLimit(most),
    circuit: new Circuit(Date.now),
    deadline,
    retryFor: options.retryFor === undefined ? config.retryFor : duration('--retry-for', options.retryFor),
    isImpatient: options.wait === false,
    attempt: { ...(restate && { restate }), ...(quarantine && { quarantine }), isAlone },
  };
  const announcer = new Announcer(session, await listenersOf(session));
  await announcer.tell((listener) => listener.begun?.(jobs.map(announced)));
  const ended: (EndedJob | undefined)[] = jobs.map(() => undefined);
  const printer = new Printer(session, jobs);
  try {
    // The next period of a report may be compared with this one.
    const inTurn = async (group: readonly (readonly [number, Job])[]) => {
      for (const [index, job] of group) {
        const result = await runJob(session, job, shared);
        ended[index] = result;
        printer.ended(job, result);
        await announcer.tell((listener) => listener.jobEnded?.(result));
      }
    };
    await Promise.all(groups.map(inTurn));
  } finally {
    deadline.close();
  }
  const results = ended.filter((result) => result !== undefined);
  let failure = signal.aborted ? interruptionOf(results, signal) : failureOf(results, deadline);
  await printer.end(results).catch((error: unknown) => {
    failure ??= error;
  });
  await announcer.tell((listener) =>
    listener.ended?.(results, failure === undefined ? 0 : exitCodeOf(failure)),
  );
  if (failure !== undefined) throw failure;
}

function announced(job: Job) {
  return { report: job.name, period: 'error' in job ? undefined : job.period };
}

/** What a job adds to the interruption, such as what could not be removed, else that alone. */
function interruptionOf(results: readonly EndedJob[], { reason }: AbortSignal): unknown {
  const errors = results.flatMap(({ outcome, error }) => (outcome === 'failed' ? [error] : []));
  return errors.find((error) => error !== reason) ?? reason;
}

function failureOf(results: readonly EndedJob[], deadline: Deadline): unknown {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return undefined;
  if (results.length === 1) return failed[0]?.error;
  const some = failed.length < results.length;
  const hint = some ? 'The others are published; run the same again.' : 'Run the same again.';
  const what = `${failed.length} of ${results.length} runs failed`;
  return deadline.hasCome
    ? new ReportError('not-ready', `${what}: the deadline has come`, { hint })
    : new ReportError('partial', what, { hint });
}

/** What became of a job, as soon as it is known; with `--json` all of it at the end, in the order of the jobs. */
class Printer {
  readonly #session: Session;
  readonly #isOne: boolean;
  readonly #place: string;

  constructor(session: Session, jobs: readonly Job[]) {
    this.#session = session;
    this.#isOne = jobs.length === 1;
    this.#place = session.config.destination.replace(/\/$/, '');
  }

  ended(job: Job, { outcome, record, error, notes }: EndedJob): void {
    const { log, signal, stdout, json } = this.#session;
    const title = titleOf(job);
    for (const note of notes) log.warn(`${title}: ${note}`);
    if (outcome !== 'failed' && record !== undefined) {
      if (!json) printLines(stdout, outcomeLines(title, this.#place, { outcome, record }));
    } else if (!this.#isOne && !signal.aborted) {
      const text = sentence(error);
      log.error(text.startsWith(title) ? text : `${title}: ${text}`);
    }
  }

  /** @throws ReportError `unexpected` when the results cannot be printed */
  async end(results: readonly EndedJob[]): Promise<void> {
    const { signal, stdout, json } = this.#session;
    if (json && !signal.aborted) printJson(stdout, results.map(shownResult));
    await flushed(stdout);
  }
}

function shownResult({ outcome, report, period, record, error }: EndedJob) {
  return record === undefined ? { outcome, report, period, error: messageOf(error) } : { outcome, ...record };
}
