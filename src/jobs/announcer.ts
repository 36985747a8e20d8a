// Tells the listeners of a run what happens, and keeps each of them from changing or holding up the run.
import { errorSentence } from '../core/errors.js';
import type { Session } from '../core/session.js';
import { startTelling } from '../core/watchdog.js';
import { openFor } from '../destinations/for-session.js';
import type { RunListener } from './events.js';
import { notifyListeners } from './notify.js';

/** Milliseconds that a listener has for its warning after the time to tell is over. */
const WARNING_TIMEOUT_MS = 500;

/** The listeners that the environment names; they log their own failures and throw nothing. */
export function listenersOf(session: Session): Promise<RunListener[]> {
  const { config, log, runId } = session;
  return notifyListeners({
    config: config.notify,
    run: runId,
    warn: (message) => log.warn(message),
    openDestination: (ownSignal) => openFor(session, { token: runId, signal: ownSignal }),
  });
}

type Event = (listener: RunListener) => Promise<void> | undefined;

interface Told {
  readonly listener: RunListener;
  /** Resolves when the listener has heard every event so far. Never rejects. */
  heard: Promise<void>;
}

/** Tells every listener one event after the other; listeners do not wait for each other. */
export class Announcer {
  readonly #session: Pick<Session, 'log' | 'signal'>;
  readonly #told: readonly Told[];

  constructor(session: Pick<Session, 'log' | 'signal'>, listeners: readonly RunListener[]) {
    this.#session = session;
    this.#told = listeners.map((listener) => ({ listener, heard: Promise.resolve() }));
  }

  /** Tells an event, and waits for nobody. */
  tell(event: Event): void {
    for (const told of this.#told) {
      told.heard = told.heard
        .then(() => event(told.listener))
        .catch((error: unknown) => {
          this.#session.log.warn(`${told.listener.name} could not be told: ${errorSentence(error)}`);
        });
    }
  }

  /**
   * Tells the last event and waits for all listeners, ten seconds at most; two after a signal, and when `isBrief`. Never throws.
   * @param event gets a signal that fires half a second before
   */
  async finish(
    event: (listener: RunListener, signal: AbortSignal) => Promise<void> | undefined,
    isBrief: boolean,
  ): Promise<void> {
    const time = startTelling(this.#session.signal, isBrief);
    this.tell((listener) => event(listener, time.signal));
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise<false>((resolve) => {
      time.signal.addEventListener('abort', () => {
        timer = setTimeout(() => resolve(false), WARNING_TIMEOUT_MS);
      });
    });
    await Promise.all(
      this.#told.map(async ({ listener, heard }) => {
        if (await Promise.race([heard.then(() => true), isOver])) return;
        this.#session.log.warn(`${listener.name} was not told of the end of the run in time`);
      }),
    );
    time.end();
    clearTimeout(timer);
  }
}
