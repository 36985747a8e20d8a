// A circuit breaker for sources and the destination: while one fails for every report, one job probes it and the others wait.
import { messageOf, ReportError } from '../core/errors.js';

/** Milliseconds after a failure until one job may probe the place again, once. */
export const PROBE_AFTER_MS = 5 * 60_000;

/** What can fail for many jobs: a source by its name, or the destination. */
export interface Place {
  readonly code: 'source' | 'destination';
  readonly name: string;
}

export type Admission =
  /** The job may connect, and retry as usual. */
  | { readonly may: 'try' }
  /** The job may connect, but must not retry: one of the places failed a while ago. */
  | { readonly may: 'try-once' }
  /** Another job is probing one of the places: ask again when it knows. */
  | { readonly may: 'wait'; readonly until: Promise<void> };

interface State {
  /** The last job that gave up because of this place. */
  failure: { readonly job: string; readonly at: number; readonly error: unknown } | undefined;
  /** The one job that is probing the place. */
  probe: { readonly job: string; readonly finished: Promise<void>; readonly finish: () => void } | undefined;
}

/**
 * While a job retries a place that failed, other jobs wait for the outcome. When that job gives up, the circuit opens: waiting
 * jobs fail at once, and so do jobs that start within PROBE_AFTER_MS; after that, one job may try once. A success closes it.
 */
export class Circuit {
  readonly #states = new Map<string, State>();
  readonly #now: () => number;

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Asks whether the job may connect to these places now. A job that is probing a place never waits, so that no two jobs
   * wait for each other.
   * @throws ReportError `source` or `destination`, naming the failure that opened the circuit
   */
  admit(job: string, places: readonly Place[]): Admission {
    const states = places.map((place) => ({ place, state: this.#state(place) }));
    if (states.some(({ state }) => state.probe?.job === job)) return { may: 'try' };
    for (const { state } of states)
      if (state.probe !== undefined) return { may: 'wait', until: state.probe.finished };
    const failed = states.filter(({ state }) => state.failure !== undefined);
    for (const { place, state } of failed) {
      if (state.failure !== undefined && this.#now() - state.failure.at < PROBE_AFTER_MS)
        throw openCircuit(place, state.failure);
    }
    for (const { state } of failed) state.probe = startProbe(job);
    return { may: failed.length === 0 ? 'try' : 'try-once' };
  }

  /** The job's attempt failed at the place and it will retry: it becomes the probing job, unless there is one already. */
  willRetry(job: string, place: Place): void {
    this.#state(place).probe ??= startProbe(job);
  }

  /** The job gave up because of the place: opens its circuit. */
  gaveUp(job: string, place: Place, error: unknown): void {
    this.#state(place).failure = { job, at: this.#now(), error };
  }

  /** A request of the job to the place succeeded: closes its circuit. */
  succeeded(job: string, place: Place): void {
    const state = this.#state(place);
    state.failure = undefined;
    finishProbe(state, job);
  }

  /** The job ended, whatever its outcome: it probes nothing any more. */
  release(job: string): void {
    for (const state of this.#states.values()) finishProbe(state, job);
  }

  #state({ code, name }: Place): State {
    const key = `${code} ${name}`;
    const state = this.#states.get(key) ?? { failure: undefined, probe: undefined };
    this.#states.set(key, state);
    return state;
  }
}

function startProbe(job: string): NonNullable<State['probe']> {
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { job, finished, finish };
}

function finishProbe(state: State, job: string): void {
  if (state.probe?.job !== job) return;
  state.probe.finish();
  state.probe = undefined;
}

function openCircuit({ code, name }: Place, { job, at, error }: NonNullable<State['failure']>): ReportError {
  const what = code === 'source' ? `source "${name}"` : 'the destination';
  return new ReportError(
    code,
    `${what} was not tried again: it failed for ${job} at ${new Date(at).toISOString()} (${messageOf(error)})`,
    { hint: 'Run the same command again when it works.', cause: error, retryable: true },
  );
}
