// A destination as the holder of a lease uses it: every step that others can see asks first whether the lease is still held.
import type { Destination } from '../core/destination.js';
import { errorSentence } from '../core/errors.js';
import type { Lease } from './lease.js';

/**
 * A run that stood still while another took its lease finds out before its next visible step. What it had staged by then was
 * removed by the other run, so that a step between the question and the request fails, too (in a folder, and for uploads in parts).
 */
export function fenced(destination: Destination, lease: Pick<Lease, 'confirm'>): Destination {
  return {
    ...destination,
    stage: (key, options) => destination.stage(key, { ...options, confirm: () => lease.confirm() }),
    async copy(from, to) {
      await lease.confirm();
      await destination.copy(from, to);
    },
    async remove(file) {
      await lease.confirm();
      await destination.remove(file);
    },
  };
}

/**
 * Removes what former holders of the lease have staged and not published. They can publish nothing of it any more.
 * @param tokens of the former holders
 * @returns one sentence for each thing that could not be removed
 */
export async function removeStagedOf(
  destination: Destination,
  tokens: readonly string[],
): Promise<readonly string[]> {
  if (tokens.length === 0) return [];
  const failures: string[] = [];
  try {
    for await (const leftover of destination.leftovers()) {
      if (leftover.token === undefined || !tokens.includes(leftover.token)) continue;
      await leftover.remove().catch((error: unknown) => {
        failures.push(
          `the unfinished ${leftover.key} of a run that was killed stays: ${errorSentence(error)}`,
        );
      });
    }
  } catch (error) {
    failures.push(`what a run that was killed left could not be listed: ${errorSentence(error)}`);
  }
  return failures;
}
