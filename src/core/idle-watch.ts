// Notices that nothing comes any more from a connection that is still open, while an answer is awaited.
import { formatDuration } from './duration.js';

/** How often within the idle time the bytes are looked at. */
const LOOKS = 10;
const MIN_LOOK_MS = 10;
const MAX_LOOK_MS = 30_000;
/** Bytes that are on their way when the other end was asked have this long to arrive. */
const LAST_LOOK_MS = 1_000;

/** A connection from which nothing came for too long. */
export class SilentConnection extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(idleMs: number, why: string) {
    super(`nothing came for ${formatDuration(idleMs)}${why}`);
  }
}

export interface IdleWatchOptions {
  /** Milliseconds without a byte; undefined never ends. */
  readonly idleMs: number | undefined;
  /** How many bytes came so far. */
  readonly bytes: () => number;
  /** Finds out whether the other end still works on the answer; then it may stay silent for as long again. Never throws. */
  readonly isWorking: () => Promise<boolean>;
  /** Ends the connection, so that what waits for it fails. */
  readonly end: () => void;
}

/** Watches one connection. Only the time counts in which an answer is awaited: a reader that pauses does not make it idle. */
export class IdleWatch {
  /** Why the connection was ended. */
  failure: SilentConnection | undefined;
  readonly #options: IdleWatchOptions;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  /** When the last bytes were seen, by performance.now(). */
  #seenAt = 0;
  #isAsking = false;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** Waits for what the connection has to bring. @throws what the work throws, which fails once the connection is ended */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#waiting += 1;
    if (this.#waiting === 1) this.#start();
    try {
      return await work;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) clearInterval(this.#timer);
    }
  }

  #start(): void {
    const { idleMs } = this.#options;
    if (idleMs === undefined) return;
    this.#see();
    const every = Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, idleMs / LOOKS));
    this.#timer = setInterval(() => void this.#look(idleMs), every);
  }

  #see(): void {
    this.#bytes = this.#options.bytes();
    this.#seenAt = performance.now();
  }

  async #look(idleMs: number): Promise<void> {
    if (this.#isAsking) return;
    if (this.#options.bytes() !== this.#bytes) this.#see();
    if (performance.now() - this.#seenAt < idleMs) return;
    this.#isAsking = true;
    const isWorking = await this.#options.isWorking();
    if (!isWorking) await new Promise((resolve) => setTimeout(resolve, Math.min(LAST_LOOK_MS, idleMs)));
    this.#isAsking = false;
    if (this.#waiting === 0) return;
    if (isWorking || this.#options.bytes() !== this.#bytes) return this.#see();
    clearInterval(this.#timer);
    this.failure = new SilentConnection(idleMs, ', and the other end does not work on an answer any more');
    this.#options.end();
  }
}

/**
 * Waits for an answer for so long. What hangs is then left behind.
 * @param idleMs milliseconds; undefined never ends
 * @throws SilentConnection, and what the work throws
 */
export async function withinIdleTime<T>(work: Promise<T>, idleMs: number | undefined): Promise<T> {
  if (idleMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentConnection(idleMs, '')), idleMs);
  });
  return Promise.race([work, silence]).finally(() => clearTimeout(timer));
}

/** Passes on what comes, with withinIdleTime() for each item. */
export async function* withIdleTimeout<T>(
  items: AsyncIterable<T>,
  idleMs: number | undefined,
): AsyncGenerator<T> {
  if (idleMs === undefined) return yield* items;
  const iterator = items[Symbol.asyncIterator]();
  let isSilent = false;
  try {
    for (;;) {
      const { done, value } = await withinIdleTime(iterator.next(), idleMs).catch((error: unknown) => {
        isSilent = error instanceof SilentConnection;
        throw error;
      });
      if (done === true) return;
      yield value;
    }
  } finally {
    const left = iterator.return?.();
    // A read that hangs never returns.
    if (isSilent) left?.catch(() => undefined);
    else await left;
  }
}
