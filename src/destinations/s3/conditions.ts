// The conditions of a write, and the error of a write that the store refused because of them.
import type { Existing } from '../../core/destination.js';
import type { ReportError } from '../../core/errors.js';
import { alreadyExists, changed } from '../../core/existing-file.js';
import { statusOf } from './failures.js';

/** The condition of PutObject and CompleteMultipartUpload. */
export function conditionOf(existing: Existing): { IfNoneMatch?: string; IfMatch?: string } {
  if (existing === 'never') return { IfNoneMatch: '*' };
  // Stores differ about an empty header; no object has this ETag.
  return existing === 'replace' ? {} : { IfMatch: existing.version || '""' };
}

/**
 * The error of a write whose condition did not hold; undefined for any other error. For an object that is gone S3 answers 404:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function refusalOf(error: unknown, existing: Existing, location: string): ReportError | undefined {
  const refused = statusOf(error) === 412;
  if (existing === 'never') return refused ? alreadyExists(location, error) : undefined;
  // Not any 404: NoSuchUpload is not about the object.
  const gone = (error as Error | undefined)?.name === 'NoSuchKey';
  return existing !== 'replace' && (refused || gone) ? changed(location, 'replaced', error) : undefined;
}
