// Tries again what can heal, later and later, and at random moments so that many do not come back at once.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 60_000;
const FIRST_PAUSE = 2_000;

/**
 * The pause after so many failed attempts: anything up to 2 s, 4 s, 8 s, … 60 s ("full jitter": Amazon's Builders' Library,
 * "Timeouts, retries, and backoff with jitter").
 * @param random from 0 to 1
 */
export function pauseAfter(attempts: number, random = Math.random()): number {
  return Math.round(random * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1)));
}

export interface AttemptOptions {
  /** Milliseconds after the first failure in which another attempt may begin; 0 is one attempt. */
  readonly retryFor: number;
  /** Ends a pause at once; an attempt itself has to listen to it too. */
  readonly signal: AbortSignal;
  /** Is another attempt worth it? */
  readonly canHeal: (error: unknown) => boolean;
  /** Called before the pause. @param pause milliseconds */
  readonly onFailed: (error: unknown, attempt: number, pause: number) => void;
}

/** @throws what the last attempt threw, or the signal's reason */
export async function attempted<T>(
  work: (attempt: number) => Promise<T>,
  { retryFor, signal, canHeal, onFailed }: AttemptOptions,
): Promise<T> {
  let firstFailed: number | undefined;
  return pRetry(work, {
    retries: Number.POSITIVE_INFINITY,
    // The pause is ours: p-retry's own jitter never goes below the whole pause.
    minTimeout: 0,
    async shouldRetry({ error, attemptNumber }) {
      firstFailed ??= performance.now();
      const pause = pauseAfter(attemptNumber);
      const isInTime = performance.now() - firstFailed + pause < retryFor;
      if (signal.aborted || !isInTime || !canHeal(error)) return false;
      onFailed(error, attemptNumber, pause);
      await pausing(pause, signal);
      return true;
    },
  });
}

/** @throws the signal's reason, at once */
export async function pausing(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** The work, or the signal's reason as soon as it fires; the work goes on unseen. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}
