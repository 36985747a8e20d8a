// Ends work from outside: a signal or a deadline asks it to stop, and some seconds later nobody waits for it any more.

/**
 * Milliseconds from a signal or a deadline until a command ends, whatever hangs: schedulers kill a process about ten seconds
 * after their signal.
 */
export const END_TIMEOUT_MS = 9_000;
/** Of these, what a job has to cancel its query and abort its uploads. The rest is for telling the listeners of the run. */
export const CLEANUP_TIMEOUT_MS = 6_500;

/** Work that was left running, because it did not clean up in time. */
export class Unconfirmed extends Error {
  /** @param what the titles of the jobs that may have something running or staged */
  constructor(what: Iterable<string>, timeoutMs: number) {
    const titles = [...what].join(', ');
    super(
      `in ${timeoutMs / 1000} seconds it could not be confirmed that the query${titles === '' ? '' : ` of ${titles}`} was cancelled and the upload aborted; run the same command again; a day later, "reportctl check --clean" removes what the upload left behind`,
    );
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
   * @param titles what to name then
   * @throws Unconfirmed after that time, and what the work throws
   */
  async watch<T>(work: () => Promise<T>, titles: Iterable<string>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const { signal } = this;
    const timedOut = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => reject(new Unconfirmed(titles, this.#timeoutMs)), this.#timeoutMs);
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
