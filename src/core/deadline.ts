// The time by which work must be over: what is not finished by then ends as if interrupted, with exit code 7.
import { nextLocalTime } from './calendar.js';
import { formatDuration, parseDuration } from './duration.js';
import { errorSentence, ReportError } from './errors.js';
import type { Watchdog } from './watchdog.js';

const DAY_MS = 86_400_000;
/** Node's timers reach 24.8 days. */
const MAX_DELAY_MS = 24 * DAY_MS;

/** Whether the text means that there is no deadline. */
export function isNoDeadline(text: string): boolean {
  return text === 'none' || text === '0';
}

/** `2h30m` from now, `03:00` (the next one in a time zone), an instant in ISO 8601 with its offset, or `none`. */
export class Deadline {
  readonly #name: string;
  readonly #when: string;
  readonly #now: number;
  /** Whether it was reached in any time zone. */
  #isReached = false;

  /**
   * @param name of the flag or the variable, for messages
   * @param now epoch milliseconds from which durations count
   * @throws ReportError `usage` when the text says no time, or one that is over
   */
  constructor(name: string, when: string, now: number) {
    this.#name = name;
    this.#when = when;
    this.#now = now;
    if (!isNoDeadline(when)) this.#at('UTC');
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  /**
   * Lets the watchdog abort at this time, with DeadlineReached.
   * @param timezone IANA name, for times such as `03:00`; without it they are over when they are over in every zone
   */
  start(watchdog: Watchdog, timezone: string | undefined): void {
    if (isNoDeadline(this.#when)) return;
    const at = this.#at(timezone);
    watchdog.abortAfter(at - Date.now(), () => {
      this.#isReached = true;
      return new DeadlineReached(`the deadline ${this.#when} (${new Date(at).toISOString()}) was reached`);
    });
  }

  /** Epoch milliseconds. */
  #at(timezone: string | undefined): number {
    const when = this.#when;
    const wrong = (what: string) =>
      new ReportError('usage', `${this.#name} ${JSON.stringify(when)} ${what}`, {
        hint: 'Give a duration such as 2h30m, a time such as 03:00, or an instant such as 2026-01-31T03:00:00-03:00; none waits without end.',
      });
    const duration = parseDuration(when);
    const at =
      duration !== undefined
        ? this.#now + duration
        : /^([01]\d|2[0-3]):[0-5]\d$/.test(when)
          ? timezone === undefined
            ? this.#now + DAY_MS
            : nextLocalTime(when, timezone, this.#now)
          : /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(when)
            ? Date.parse(when)
            : Number.NaN;
    if (Number.isNaN(at)) throw wrong('is no time');
    if (at <= this.#now) throw wrong('is over');
    if (at - this.#now > MAX_DELAY_MS) throw wrong(`is more than ${formatDuration(MAX_DELAY_MS)} away`);
    return at;
  }
}

/** The reason of a signal that a deadline has fired. */
export class DeadlineReached extends ReportError {
  constructor(message: string) {
    super('not-ready', message, { hint: 'Run the same command again.' });
  }
}

/**
 * The error of work that a deadline ended; an error with another cause than the end stays what it is.
 * @param error what the work threw
 * @param subject what was not done: `vendas 2024-10-05 was not published`
 * @param more what to add when the work threw the reason itself
 */
export function deadlineError(
  reason: DeadlineReached,
  error: unknown,
  subject: string,
  more?: string,
): unknown {
  const isOther = error instanceof ReportError && !['source', 'destination'].includes(error.code);
  if (error !== reason && isOther) return error;
  const added = error === reason ? more : errorSentence(error).replace(/\.$/, '');
  const message = [`${subject}: ${reason.message}`, ...(added === undefined ? [] : [added])].join('; ');
  return new ReportError('not-ready', message, {
    ...(error === reason && reason.hint !== undefined ? { hint: reason.hint } : {}),
    cause: error,
  });
}
