// The bound of what is read from a destination as a whole: manifests, run records, leases and notes.
import { ReportError } from '../../core/errors.js';

/** A record of 100,000 files has 40 MiB. */
const MAX_BYTES = 64 * 1024 ** 2;

/**
 * @param doing to complete "could not …"
 * @param release what is done before the error is thrown
 * @throws ReportError `destination` for a file that is larger than any of ours
 */
export function assertReadable(bytes: number, doing: string, release?: () => void): void {
  if (bytes <= MAX_BYTES) return;
  release?.();
  const reason = `it has more than ${MAX_BYTES / 1024 ** 2} MiB, so reportctl did not write it`;
  throw new ReportError('destination', `could not ${doing}: ${reason}`, {
    reason,
    hint: 'See who writes there, and move it away.',
    retryable: false,
  });
}
