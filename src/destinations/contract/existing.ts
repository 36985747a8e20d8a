// The error of a key that is taken, spelled once so that every destination and its callers agree on it.
import { ReportError } from '../../errors.js';

/** The error of publishing with `existing: 'never'` where there is something already. */
export function alreadyExists(location: string, cause: unknown): ReportError {
  return new ReportError('destination', `${location} already exists`, {
    hint: 'Nothing was overwritten. Choose another name, or ask for it to be replaced.',
    // Node's own code for it, so that link() and a conditional PUT look the same to isAlreadyExists().
    cause: Object.assign(new Error('the key is taken', { cause }), { code: 'EEXIST' }),
    retryable: false,
  });
}

/** Whether publishing failed only because the key is taken (`existing: 'never'`). */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ReportError && (error.cause as { code?: unknown } | undefined)?.code === 'EEXIST';
}
