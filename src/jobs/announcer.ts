// Tells the listeners of a run what happens, and keeps each of them from changing or holding up the run.
import { setTimeout as sleep } from 'node:timers/promises';
import { errorSentence } from '../core/errors.js';
import type { Session } from '../core/session.js';
import { openFor } from '../destinations/for-session.js';
import type { RunListener } from './events.js';
import { notifyListeners } from './notify.js';

/** Milliseconds that a listener may take for one event: more than any of them gives itself. */
const LISTENER_TIMEOUT_MS = 35_000;
/** The same after an interruption, when the process must end within seconds. */
const INTERRUPTED_TIMEOUT_MS = 3_000;

/** The listeners that the environment names; they log their own failures and throw nothing. */
export function listenersOf(session: Session): Promise<RunListener[]> {
  const { config, log, runId, signal } = session;
  return notifyListeners({
    config: config.notify,
    run: runId,
    signal,
    warn: (message) => log.warn(message),
    openDestination: (ownSignal) => openFor(session, { token: runId, signal: ownSignal }),
  });
}

/** Tells every listener one event after the other. A listener that exceeds the time-out hears nothing more. */
export class Announcer {
  readonly #session: Pick<Session, 'log' | 'signal'>;
  readonly #timeoutMs: number;
  #listeners: readonly RunListener[];
  #lastEvent = Promise.resolve();

  constructor(
    session: Pick<Session, 'log' | 'signal'>,
    listeners: readonly RunListener[],
    timeoutMs: number = LISTENER_TIMEOUT_MS,
  ) {
    this.#session = session;
    this.#listeners = listeners;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves when all listeners have heard this event and those before it. Never throws. */
  tell(event: (listener: RunListener) => Promise<void> | undefined): Promise<void> {
    this.#lastEvent = this.#lastEvent.then(async () => {
      await Promise.all(this.#listeners.map((listener) => this.#tellOne(listener, event)));
    });
    return this.#lastEvent;
  }

  async #tellOne(
    listener: RunListener,
    event: (listener: RunListener) => Promise<void> | undefined,
  ): Promise<void> {
    const { log, signal } = this.#session;
    const timeoutMs = signal.aborted ? Math.min(INTERRUPTED_TIMEOUT_MS, this.#timeoutMs) : this.#timeoutMs;
    const done = new AbortController();
    const timedOut = sleep(timeoutMs, 'timed out' as const, { signal: done.signal }).catch(() => undefined);
    try {
      const result = await Promise.race([Promise.resolve(event(listener)), timedOut]);
      if (result !== 'timed out') return;
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      log.warn(`a notification took more than ${timeoutMs / 1000} seconds; it is not waited for`);
    } catch (error) {
      log.warn(`a notification failed: ${errorSentence(error)}`);
    } finally {
      done.abort();
    }
  }
}
