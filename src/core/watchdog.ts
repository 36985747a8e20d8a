// Ends work from outside: a signal or a deadline asks it to stop, and some seconds later nobody waits for it any more.
import type { Effect } from './effect.js';
import { ReportError } from './errors.js';

/**
 * Milliseconds from a signal or a deadline until a command ends, whatever hangs: schedulers kill a process about ten seconds
 * after their signal.
 */
export const END_TIMEOUT_MS = 9_000;
/** Of these, what a job has to cancel its query and abort its uploads. The rest is for telling the listeners of the run. */
export const CLEANUP_TIMEOUT_MS = 6_000;
/** For a result that is not read, where standard output is a pipe. */
const PRINTING_TIMEOUT_MS = 500;

/** Milliseconds in which others are told of the end of work: together, and fewer after a signal or a deadline. */
const TELLING_TIMEOUT_MS = 9_500;
const BRIEF_TELLING_TIMEOUT_MS = 1_500;

type Effects = Iterable<readonly [title: string, effect: Effect]>;

/** Work that was left running, because it did not clean up in time. */
export class Unconfirmed extends Error {
  readonly effects: Effects;

  /** @param effects of the jobs that began, by their titles */
  constructor(effects: Effects, timeoutMs: number) {
    const jobs = [...effects].filter(([, { reach }]) => reach !== 'recorded');
    const titles = jobs.map(([title]) => title).join(', ');
    const visible = jobs.flatMap(([, effect]) => (effect.isUntouched ? [] : [effect.sentence]));
    const sentences = [
      `in ${timeoutMs / 1000} seconds it could not be confirmed that the query${titles === '' ? '' : ` of ${titles}`} was cancelled and the upload aborted`,
      ...visible,
      'run the same command again; a day later, "reportctl check --clean" removes what the upload left behind',
    ];
    super(sentences.join('; '));
    this.effects = effects;
  }
}

/**
 * Bounds work and its cleaning up. Its signal fires with another signal, or at a deadline; from then on the work has
 * `timeoutMs` to end.
 */
export class Watchdog {
  /** For the work: its reason is what the work then throws. */
  readonly signal: AbortSignal;
  readonly #outer: AbortSignal;
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #forward = () => this.#controller.abort(this.#outer.reason);
  #deadlineTimer: NodeJS.Timeout | undefined;

  /** @param timeoutMs milliseconds from the abort until watch() rejects */
  constructor(outer: AbortSignal, timeoutMs: number) {
    this.signal = this.#controller.signal;
    this.#outer = outer;
    this.#timeoutMs = timeoutMs;
    if (outer.aborted) this.#forward();
    else outer.addEventListener('abort', this.#forward, { once: true });
  }

  /** Aborts after so many milliseconds, at most 24 days, unless it is aborted by then. @param reason made when the time comes */
  abortAfter(milliseconds: number, reason: () => unknown): void {
    const abort = () => this.#controller.abort(reason());
    if (milliseconds > 0) this.#deadlineTimer = setTimeout(abort, milliseconds);
    else if (!this.signal.aborted) abort();
  }

  /**
   * Waits for the work; after an abort for `timeoutMs` at most. The work then goes on, and its result is dropped.
   * @param effects called after that time: of the jobs that began, by their titles
   * @throws Unconfirmed after that time, and what the work throws
   */
  async watch<T>(work: () => Promise<T>, effects: () => Effects): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const { signal } = this;
    const timedOut = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => reject(new Unconfirmed(effects(), this.#timeoutMs)), this.#timeoutMs);
      };
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([work(), timedOut]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops listening and its timers. */
  close(): void {
    clearTimeout(this.#deadlineTimer);
    this.#outer.removeEventListener('abort', this.#forward);
  }
}

/** How long others are told of the end of work. */
export interface TellingTime {
  /** Fires when whoever still sends must give up. */
  readonly signal: AbortSignal;
  /** Stops the timers. */
  end(): void;
}

/**
 * Starts the time in which others are told of the end of work.
 * @param run the signal of the work: once it fires, little time is left
 * @param isBrief whether little time is left in any case, as after a deadline
 */
export function startTelling(run: AbortSignal, isBrief: boolean): TellingTime {
  const controller = new AbortController();
  const over = () => controller.abort(new Error('no time left'));
  const timers = [setTimeout(over, isBrief || run.aborted ? BRIEF_TELLING_TIMEOUT_MS : TELLING_TIMEOUT_MS)];
  const onAbort = () => timers.push(setTimeout(over, BRIEF_TELLING_TIMEOUT_MS));
  run.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    end() {
      run.removeEventListener('abort', onAbort);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Milliseconds that each piece of tidying up gets after an abort. */
const TIDY_TIMEOUT_MS = 1_500;

/**
 * Does what is left to do when the work itself has succeeded. After an abort it gets a moment, and is then left running: it
 * must not turn a success into a failure.
 * @throws what the work throws in time
 */
export async function tidyUp(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const watchdog = new Watchdog(signal, TIDY_TIMEOUT_MS);
  try {
    await watchdog.watch(work, () => []);
  } catch (error) {
    if (!(error instanceof Unconfirmed)) throw error;
  } finally {
    watchdog.close();
  }
}

/**
 * Waits until a result is printed. After an abort it is not waited for whoever should read it, where that is a pipe.
 * @param arm sets a deadline
 * @throws ReportError `unexpected` then, and what printing throws
 */
export async function untilPrinted(
  signal: AbortSignal,
  print: () => Promise<unknown>,
  arm?: (watchdog: Watchdog) => void,
): Promise<void> {
  const watchdog = new Watchdog(signal, PRINTING_TIMEOUT_MS);
  try {
    arm?.(watchdog);
    await watchdog.watch(print, () => []);
  } catch (error) {
    if (!(error instanceof Unconfirmed)) throw error;
    throw new ReportError('unexpected', 'printing the result: whoever should read it does not', {
      hint: 'The command finished its work; only its output is incomplete.',
    });
  } finally {
    watchdog.close();
  }
}
