// The time by which a run must be over: what is not published by then ends as if interrupted.
import { nextLocalTime } from '../core/calendar.js';
import { formatDuration, parseDuration } from '../core/duration.js';
import { ReportError } from '../core/errors.js';

/** Node's timers reach 24.8 days. */
const MAX_DELAY_MS = 24 * 86_400_000;

/** `2h30m` from now, `03:00` (the next one in the report's time zone), or an instant in ISO 8601 with its offset. */
export class Deadline {
  readonly #when: string | undefined;
  readonly #now: number;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #signals = new Map<string, AbortSignal>();

  /** @param now epoch milliseconds. @throws ReportError `usage` when the text says no time, or one that is over */
  constructor(when: string | undefined, now: number) {
    this.#when = when;
    this.#now = now;
    if (when !== undefined) this.#at(when, 'UTC');
  }

  /** A signal that aborts with a ReportError `not-ready`; reports of the same zone share it. Undefined without a deadline. */
  signal(timezone: string): AbortSignal | undefined {
    const when = this.#when;
    if (when === undefined) return undefined;
    const known = this.#signals.get(timezone);
    if (known !== undefined) return known;
    const at = this.#at(when, timezone);
    const controller = new AbortController();
    const abort = () => {
      controller.abort(
        new ReportError('not-ready', `the deadline ${when} (${new Date(at).toISOString()}) was reached`, {
          hint: 'Nothing unfinished was published; run the same command again.',
        }),
      );
    };
    this.#timers.push(setTimeout(abort, at - Date.now()).unref());
    this.#signals.set(timezone, controller.signal);
    return controller.signal;
  }

  /** Whether it was reached for any report. */
  get isReached(): boolean {
    return [...this.#signals.values()].some(({ aborted }) => aborted);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #at(when: string, timezone: string): number {
    const wrong = (what: string) =>
      new ReportError('usage', `--deadline ${JSON.stringify(when)} ${what}`, {
        hint: 'Give a duration such as 2h30m, a time such as 03:00, or an instant such as 2026-01-31T03:00:00-03:00.',
      });
    const duration = parseDuration(when);
    const at =
      duration !== undefined
        ? this.#now + duration
        : /^([01]\d|2[0-3]):[0-5]\d$/.test(when)
          ? nextLocalTime(when, timezone, this.#now)
          : /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(when)
            ? Date.parse(when)
            : Number.NaN;
    if (Number.isNaN(at)) throw wrong('is no time');
    if (at <= this.#now) throw wrong('is over');
    if (at - this.#now > MAX_DELAY_MS) throw wrong(`is more than ${formatDuration(MAX_DELAY_MS)} away`);
    return at;
  }
}
