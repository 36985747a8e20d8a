// POSTs small bodies to endpoints whose URLs are secret, with timeouts, and retries temporary failures.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { SecretEndpoint } from '../../core/secret-url.js';

export interface Message {
  readonly body: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Aborts the request, and the waits between attempts. */
  readonly signal: AbortSignal;
  /** Changes the endpoint's URL in place into the URL of the request. */
  readonly locate?: (url: URL) => void;
}

const ATTEMPT_TIMEOUT_MS = 10_000;
/** For all attempts together. */
const TOTAL_TIMEOUT_MS = 30_000;
/** Attempts after the first one. */
const MAX_RETRIES = 2;

/** A failed attempt. Its message contains only the scheme and the host of the URL. */
class SendError extends Error {
  readonly isTransient: boolean;
  /** The server's Retry-After. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    { isTransient, retryAfterMs = 0 }: { isTransient: boolean; retryAfterMs?: number },
  ) {
    super(message);
    this.isTransient = isTransient;
    this.retryAfterMs = retryAfterMs;
  }
}

/** POSTs the message, up to three times within 30 seconds. @throws Error whose message contains no secret */
export async function send(endpoint: SecretEndpoint, message: Message): Promise<void> {
  const signal = AbortSignal.any([message.signal, AbortSignal.timeout(TOTAL_TIMEOUT_MS)]);
  let lastError: SendError | undefined;
  try {
    await pRetry(() => sendOnce(endpoint, { ...message, signal }), {
      retries: MAX_RETRIES,
      minTimeout: 500,
      randomize: true,
      signal,
      shouldRetry: ({ error }) =>
        error instanceof SendError && error.isTransient && error.retryAfterMs < TOTAL_TIMEOUT_MS,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!(error instanceof SendError)) return;
        lastError = error;
        if (retriesLeft > 0 && error.retryAfterMs < TOTAL_TIMEOUT_MS)
          await sleep(error.retryAfterMs, undefined, { signal });
      },
    });
  } catch (error) {
    // A fault of this program, or a password of the URL that cannot be decoded: the error may quote the URL.
    if (lastError === undefined && !signal.aborted)
      throw new SendError(`${endpoint}: ${error instanceof Error ? error.name : 'unknown error'}`, {
        isTransient: false,
      });
    throw lastError ?? new SendError(`${endpoint}: no time left`, { isTransient: true });
  }
}

async function sendOnce(endpoint: SecretEndpoint, message: Message): Promise<void> {
  const url = new URL(endpoint.reveal());
  message.locate?.(url);
  const headers = new Headers({ 'content-type': message.contentType });
  if (url.username !== '' || url.password !== '') {
    // fetch() rejects a URL that contains a user or a password.
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(user).toString('base64')}`);
    url.username = '';
    url.password = '';
  }
  const timeoutSignal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: message.body,
    // A redirect would send the body to a host that the user did not configure.
    redirect: 'manual',
    signal: AbortSignal.any([message.signal, timeoutSignal]),
  }).catch((error: unknown) => {
    const why = timeoutSignal.aborted
      ? `no answer within ${ATTEMPT_TIMEOUT_MS / 1000} s`
      : networkCode(error);
    if (message.signal.aborted) throw new SendError(`${endpoint}: no time left`, { isTransient: false });
    throw new SendError(`${endpoint}: ${why}`, { isTransient: true });
  });
  // An unread body would keep the connection open.
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const { status } = response;
  const isTransient = status === 408 || status === 429 || status >= 500;
  const retryAfterMs = isTransient ? parseRetryAfter(response.headers.get('retry-after')) : 0;
  throw new SendError(`${endpoint}: HTTP ${status}`, { isTransient, retryAfterMs });
}

/** The error code of the cause. The message of undici's error can contain the URL, which is secret. */
function networkCode(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : 'no connection';
}

/** RFC 9110, 10.2.3: seconds, or a date. @returns milliseconds */
function parseRetryAfter(value: string | null): number {
  if (value === null) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}
