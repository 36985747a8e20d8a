// When a run has to be over: what is not published by then is ended as by a signal.
import { nextLocalTime } from '../core/calendar.js';
import { formatDuration, parseDuration } from '../core/duration.js';
import { ReportError } from '../core/errors.js';

/** The longest that a timer of Node can wait is 24.8 days. */
const LONGEST = 24 * 86_400_000;

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

  /** Fires with a ReportError `not-ready` as its reason; the same one for all reports of a zone. */
  signal(timezone: string): AbortSignal | undefined {
    const when = this.#when;
    if (when === undefined) return undefined;
    const known = this.#signals.get(timezone);
    if (known !== undefined) return known;
    const at = this.#at(when, timezone);
    const controller = new AbortController();
    const reach = () => {
      controller.abort(
        new ReportError('not-ready', `the deadline ${when} (${new Date(at).toISOString()}) has come`, {
          hint: 'Nothing unfinished was published; run the same again.',
        }),
      );
    };
    this.#timers.push(setTimeout(reach, at - Date.now()).unref());
    this.#signals.set(timezone, controller.signal);
    return controller.signal;
  }

  /** Has it come for any report? */
  get hasCome(): boolean {
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
    if (at - this.#now > LONGEST) throw wrong(`is more than ${formatDuration(LONGEST)} away`);
    return at;
  }
}
