// What is asked of the store about a key before it is written, and what its refusal means.

import type { Existing } from '../../core/destination.js';
import type { ReportError } from '../../core/errors.js';
import { statusOf } from './failures.js';

/** The errors of a key that is not as expected; every destination has the same. */
export interface Refusals {
  readonly alreadyExists: (location: string, cause: unknown) => ReportError;
  readonly changed: (location: string, undone: 'replaced' | 'copied', cause?: unknown) => ReportError;
}

/** The condition of PutObject and CompleteMultipartUpload. */
export function conditionOf(existing: Existing): { IfNoneMatch?: string; IfMatch?: string } {
  if (existing === 'never') return { IfNoneMatch: '*' };
  // What a store makes of an empty header is its own affair; no object has this ETag.
  return existing === 'replace' ? {} : { IfMatch: existing.version || '""' };
}

/**
 * The error that says what the store found instead of what was expected, or undefined. An object that is gone is 404:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function refusalOf(
  error: unknown,
  { existing, alreadyExists, changed }: Refusals & { readonly existing: Existing },
  location: string,
): ReportError | undefined {
  const refused = statusOf(error) === 412;
  if (existing === 'never') return refused ? alreadyExists(location, error) : undefined;
  // 404 NoSuchUpload is another thing.
  const gone = (error as Error | undefined)?.name === 'NoSuchKey';
  return existing !== 'replace' && (refused || gone) ? changed(location, 'replaced', error) : undefined;
}
