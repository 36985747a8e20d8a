// A destination as the holder of a lease uses it: every step that others can see asks first whether the lease is still held.
import type { Destination } from '../core/destination.js';
import { errorSentence, ReportError } from '../core/errors.js';
import { isAlreadyExists, isChanged, overtaken } from '../core/existing-file.js';
import type { Lease } from './lease.js';
import type { PeriodState } from './period-state.js';

/**
 * A run that stood still while another took its lease finds out before its next visible step. What it had staged by then was
 * removed by the other run, so that a step between the question and the request fails, too (in a folder, and for uploads in parts).
 * An upload in one request then succeeds: the other run, which this one may be, fails with an error that is retried.
 * @param state read under the lease
 */
export function fenced(
  destination: Destination,
  lease: Pick<Lease, 'confirm' | 'fenced'>,
  { pending }: PeriodState,
): Destination {
  const noted = pending === undefined ? [] : [pending, ...pending.outputs];
  const former = new Set([...lease.fenced, ...noted.map(({ token }) => token)]);
  return {
    ...destination,
    async stage(key, options) {
      const staged = await destination.stage(key, { ...options, confirm: () => lease.confirm() });
      return {
        write: (chunk) => staged.write(chunk),
        discard: () => staged.discard(),
        publish: () =>
          staged.publish().catch(async (error: unknown) => {
            throw await explained(error, key, { destination, former });
          }),
      };
    },
    async copy(from, to) {
      await lease.confirm();
      await destination.copy(from, to).catch(async (error: unknown) => {
        throw await explained(error, from.key, { destination, former });
      });
    },
    async remove(file) {
      await lease.confirm();
      await destination.remove(file);
    },
  };
}

interface Formers {
  readonly destination: Destination;
  /** Tokens of former runs of the period. */
  readonly former: ReadonlySet<string>;
}

/**
 * The error to throw. A file that a former run wrote or removed after this run had looked is no file of somebody else: the next
 * look finds it, knows it by the note of that run, and replaces it.
 */
async function explained(error: unknown, key: string, { destination, former }: Formers): Promise<unknown> {
  if (!(error instanceof ReportError) || !(isAlreadyExists(error) || isChanged(error))) return error;
  const found = await destination.stat(key).catch(() => 'unknown' as const);
  if (found === 'unknown') return error;
  if (found === undefined) return overtaken(error, 'it is gone by now');
  const isFormer = found.token !== undefined && former.has(found.token);
  return isFormer ? overtaken(error, 'a former run that had lost the lease wrote it meanwhile') : error;
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
