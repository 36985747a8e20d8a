// Who hears what a run does, and that none of them can change or hold up what becomes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../commands/shared/context.js';
import { sentence } from '../core/errors.js';
import { openDestination } from '../destinations/index.js';
import type { RunListener } from './events.js';
import { notifyListeners } from './notify.js';

/** Milliseconds that a listener may take for one event: more than any of them gives itself. */
const PATIENCE = 35_000;
/** After a signal everything has to end soon. */
const SHORT_PATIENCE = 3_000;

/** None, where the environment names none. They warn by themselves, and throw nothing. */
export function listenersOf({ config, log, runId, signal }: Session): Promise<RunListener[]> {
  return notifyListeners({
    config: config.notify,
    run: runId,
    signal,
    warn: (message) => log.warn(message),
    openDestination: (own) =>
      openDestination(config.destination, { token: runId, signal: own, s3: config.s3 }),
  });
}

/** Tells every listener one event after the other; one that is silent for too long is told nothing more. */
export class Announcer {
  readonly #session: Pick<Session, 'log' | 'signal'>;
  readonly #patience: number;
  #listeners: readonly RunListener[];
  #told = Promise.resolve();

  constructor(
    session: Pick<Session, 'log' | 'signal'>,
    listeners: readonly RunListener[],
    patience: number = PATIENCE,
  ) {
    this.#session = session;
    this.#listeners = listeners;
    this.#patience = patience;
  }

  /** Never throws; resolves when all were told this and what came before it. */
  tell(event: (listener: RunListener) => Promise<void> | undefined): Promise<void> {
    this.#told = this.#told.then(async () => {
      await Promise.all(this.#listeners.map((listener) => this.#tellOne(listener, event)));
    });
    return this.#told;
  }

  async #tellOne(
    listener: RunListener,
    event: (listener: RunListener) => Promise<void> | undefined,
  ): Promise<void> {
    const { log, signal } = this.#session;
    const patience = signal.aborted ? Math.min(SHORT_PATIENCE, this.#patience) : this.#patience;
    const over = new AbortController();
    const tooLong = sleep(patience, 'too long' as const, { signal: over.signal }).catch(() => undefined);
    try {
      const ended = await Promise.race([Promise.resolve(event(listener)), tooLong]);
      if (ended !== 'too long') return;
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      log.warn(`a notification took more than ${patience / 1000} seconds; it is not waited for`);
    } catch (error) {
      log.warn(`a notification failed: ${sentence(error)}`);
    } finally {
      over.abort();
    }
  }
}
