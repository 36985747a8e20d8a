// Whether what will be read can fit where it goes, asked before anything is read.
import { ReportError } from '../core/errors.js';
import type { Prepared } from '../core/source.js';
import type { Target } from './target.js';

const MEBIBYTE = 1024 ** 2;
/** So much more than estimated is asked for: what estimates miss is found when a file outgrows its place. */
const RESERVE = 1.25;

/**
 * Compressed files are left out: how small they become nobody knows before.
 * @throws ReportError `destination` when the estimate is more than a target can hold, with the setting that helps
 */
export async function assertCapacity(
  prepared: readonly Prepared[],
  targets: readonly Target[],
): Promise<void> {
  const limited = targets.filter(({ compress, destination }) => !compress && destination.capacity);
  if (limited.length === 0) return;
  const estimates = await Promise.all(prepared.map((source) => source.estimate()));
  const bytes = estimates
    .filter(({ isBound }) => !isBound)
    .reduce((sum, { rows, rowBytes }) => sum + rows * rowBytes, 0);
  for (const { key, destination } of limited) {
    const { capacity } = destination;
    if (capacity === undefined || bytes <= capacity.bytes) continue;
    const needed = Math.ceil(((bytes / capacity.bytes) * (capacity.current * RESERVE)) / MEBIBYTE);
    throw new ReportError(
      'destination',
      `${key} would have about ${gibibytes(bytes)}, and ${destination.label} takes ${gibibytes(capacity.bytes)}`,
      { hint: `Set ${capacity.setting}=${needed}MiB, or narrow the filters.`, retryable: false },
    );
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
