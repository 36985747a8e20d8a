// Stops a run from asking a source or a store that fails for every report: one job asks again, the others wait for it.
import { messageOf, ReportError } from '../core/errors.js';

/** Milliseconds after which a place that failed is asked again, by one job and once. */
export const ASKED_AGAIN_AFTER = 5 * 60_000;

/** What can fail for many jobs: a source by its name, or the destination. */
export interface Place {
  readonly code: 'source' | 'destination';
  readonly name: string;
}

interface State {
  /** The last job that failed here through all its attempts. */
  failure: { readonly job: string; readonly at: number; readonly error: unknown } | undefined;
  /** The one job that asks again; the others wait until it knows. */
  asking: { readonly job: string; readonly known: Promise<void>; readonly tell: () => void } | undefined;
}

/**
 * While a job tries a place again that failed, other jobs wait for the outcome. When it gives up the place is open: they
 * fail at once, and so do jobs that begin within ASKED_AGAIN_AFTER; after that one job may try once. A success closes it.
 */
export class Circuit {
  readonly #states = new Map<string, State>();
  readonly #now: () => number;

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether the job may ask these places now, `once` where one of them failed a while ago; or what to wait for before
   * asking this again. A job that others wait for never waits, so that no two wait for each other.
   * @throws ReportError `source` or `destination` that names the failure for which a place is not asked
   */
  admit(job: string, places: readonly Place[]): 'freely' | 'once' | Promise<void> {
    const states = places.map((place) => ({ place, state: this.#state(place) }));
    if (states.some(({ state }) => state.asking?.job === job)) return 'freely';
    for (const { state } of states) if (state.asking !== undefined) return state.asking.known;
    const failed = states.filter(({ state }) => state.failure !== undefined);
    for (const { place, state } of failed) {
      if (state.failure !== undefined && this.#now() - state.failure.at < ASKED_AGAIN_AFTER)
        throw refusal(place, state.failure);
    }
    for (const { state } of failed) state.asking = askingOf(job);
    return failed.length === 0 ? 'freely' : 'once';
  }

  /** The job's attempt failed there, and it will try again: alone, unless another one does so already. */
  willRetry(job: string, place: Place): void {
    this.#state(place).asking ??= askingOf(job);
  }

  /** The job gave up because of that place. */
  gaveUp(job: string, place: Place, error: unknown): void {
    this.#state(place).failure = { job, at: this.#now(), error };
  }

  /** The place did for the job what it is for. */
  answered(job: string, place: Place): void {
    const state = this.#state(place);
    state.failure = undefined;
    tell(state, job);
  }

  /** The job has ended, whatever became of it. */
  left(job: string): void {
    for (const state of this.#states.values()) tell(state, job);
  }

  #state({ code, name }: Place): State {
    const key = `${code} ${name}`;
    const state = this.#states.get(key) ?? { failure: undefined, asking: undefined };
    this.#states.set(key, state);
    return state;
  }
}

function askingOf(job: string): NonNullable<State['asking']> {
  let tell = () => {};
  const known = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { job, known, tell };
}

function tell(state: State, job: string): void {
  if (state.asking?.job !== job) return;
  state.asking.tell();
  state.asking = undefined;
}

function refusal({ code, name }: Place, { job, at, error }: NonNullable<State['failure']>): ReportError {
  const what = code === 'source' ? `source "${name}"` : 'the destination';
  return new ReportError(
    code,
    `${what} is not asked again: it failed for ${job} at ${new Date(at).toISOString()} (${messageOf(error)})`,
    {
      hint: 'Run the same again when it works.',
      cause: error,
      retryable: true,
    },
  );
}
