// Who hears what a run does, and that none of them can change or hold up what becomes of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { sentence } from '../../errors.js';
import type { RunListener } from '../../run-events.js';
import type { Session } from '../context.js';

/** Milliseconds that a listener may take for one event. */
const PATIENCE = 30_000;
/** After a signal everything has to end soon. */
const SHORT_PATIENCE = 2_000;

/** Those that the environment asks for. */
export function listenersOf(_session: Session): readonly RunListener[] {
  return [];
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
