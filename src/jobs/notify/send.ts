// Sends small bodies to endpoints whose URLs are secrets: with a time limit, and again where that can help.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecretEndpoint } from '../../core/secret-url.js';

export interface Message {
  readonly body: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Ends everything, the waiting too. */
  readonly signal: AbortSignal;
  /** Turns the endpoint's URL into the one that is asked. */
  readonly locate?: (url: URL) => void;
}

/** Milliseconds that one try may take, and all tries together. */
const ONE_TRY = 10_000;
const ALL_TRIES = 30_000;
/** After the first. */
const RETRIES = 2;

/** Why an answer was none; nothing of the URL but scheme and host. */
class NotSent extends Error {
  readonly isTransient: boolean;
  /** Milliseconds that the server asks to wait. */
  readonly wait: number;

  constructor(message: string, { isTransient, wait = 0 }: { isTransient: boolean; wait?: number }) {
    super(message);
    this.isTransient = isTransient;
    this.wait = wait;
  }
}

/** POSTs it, up to three times within 30 seconds. @throws Error whose message holds no secret */
export async function send(endpoint: SecretEndpoint, message: Message): Promise<void> {
  const { default: pRetry } = await import('p-retry');
  const signal = AbortSignal.any([message.signal, AbortSignal.timeout(ALL_TRIES)]);
  let last: NotSent | undefined;
  try {
    await pRetry(() => once(endpoint, { ...message, signal }), {
      retries: RETRIES,
      minTimeout: 500,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => error instanceof NotSent && error.isTransient && error.wait < ALL_TRIES,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (!(error instanceof NotSent)) return;
        last = error;
        if (retriesLeft > 0 && error.wait < ALL_TRIES) await sleep(error.wait, undefined, { signal });
      },
    });
  } catch {
    throw last ?? new NotSent(`${endpoint}: no time left`, { isTransient: true });
  }
}

async function once(endpoint: SecretEndpoint, message: Message): Promise<void> {
  const url = new URL(endpoint.reveal());
  message.locate?.(url);
  const headers = new Headers({ 'content-type': message.contentType });
  if (url.username !== '' || url.password !== '') {
    // fetch takes no URL with a password in it.
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(user).toString('base64')}`);
    url.username = '';
    url.password = '';
  }
  const timeout = AbortSignal.timeout(ONE_TRY);
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: message.body,
    // Following one would tell the body to somebody who was not named.
    redirect: 'manual',
    signal: AbortSignal.any([message.signal, timeout]),
  }).catch((error: unknown) => {
    const why = timeout.aborted ? `no answer within ${ONE_TRY / 1000} s` : networkCode(error);
    if (message.signal.aborted) throw new NotSent(`${endpoint}: no time left`, { isTransient: false });
    throw new NotSent(`${endpoint}: ${why}`, { isTransient: true });
  });
  // What is left unread would hold the connection.
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  const { status } = response;
  const isTransient = status === 408 || status === 429 || status >= 500;
  const wait = isTransient ? retryAfter(response.headers.get('retry-after')) : 0;
  throw new NotSent(`${endpoint}: HTTP ${status}`, { isTransient, wait });
}

/** undici's own message may quote the URL; the code of what lies below does not. */
function networkCode(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : 'no connection';
}

/** RFC 9110, 10.2.3: seconds, or a date. @returns milliseconds */
function retryAfter(value: string | null): number {
  if (value === null) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}
