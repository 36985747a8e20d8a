// Retries what can heal, with growing random pauses, so that many programs do not come back at the same moment.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';

/** The longest pause between two attempts, in milliseconds. */
const MAX_PAUSE_MS = 60_000;
const FIRST_PAUSE_MS = 2_000;

/**
 * The pause after so many failed attempts: anything up to 2 s, 4 s, 8 s, … 60 s ("full jitter": Amazon's Builders' Library,
 * "Timeouts, retries, and backoff with jitter").
 * @param random from 0 to 1
 */
export function pauseAfter(attempts: number, random = Math.random()): number {
  return Math.round(random * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1)));
}

export interface RetryOptions {
  /** Milliseconds after the first failure in which another attempt may start; 0 allows one attempt. */
  readonly retryForMs: number;
  /** Ends a pause at once; an attempt itself has to listen to it too. */
  readonly signal: AbortSignal;
  /** Whether another attempt can succeed. */
  readonly canHeal: (error: unknown) => boolean;
  /** Called before the pause. @param pauseMs milliseconds */
  readonly onFailed: (error: unknown, attemptNumber: number, pauseMs: number) => void;
}

/** @throws what the last attempt threw, or the signal's reason */
export async function withRetries<T>(
  work: (attemptNumber: number) => Promise<T>,
  { retryForMs, signal, canHeal, onFailed }: RetryOptions,
): Promise<T> {
  let firstFailure: number | undefined;
  return pRetry(work, {
    retries: Number.POSITIVE_INFINITY,
    // p-retry's own jitter never goes below the whole pause, so the pause is made here.
    minTimeout: 0,
    async shouldRetry({ error, attemptNumber }) {
      firstFailure ??= performance.now();
      const pauseMs = pauseAfter(attemptNumber);
      const isInTime = performance.now() - firstFailure + pauseMs < retryForMs;
      if (signal.aborted || !isInTime || !canHeal(error)) return false;
      onFailed(error, attemptNumber, pauseMs);
      await pause(pauseMs, signal);
      return true;
    },
  });
}

/** @throws the signal's reason, at once */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** The work's result, or the signal's reason as soon as it fires; the work then goes on and its result is dropped. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const listening = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {
      once: true,
      signal: listening.signal,
    });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    listening.abort();
  }
}
