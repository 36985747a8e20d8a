// Files that no run record lists: a run made them visible after another one had taken its lease. They are found and removed.
import type { Destination } from '../core/destination.js';
import type { Effect } from '../core/effect.js';
import type { Stored } from '../core/store.js';
import type { PeriodKeys } from './bookkeeping.js';
import { manifestKey } from './manifest.js';
import {
  filesByKey,
  isOneOf,
  isUnfinished,
  type PeriodState,
  pendingFiles,
  readState,
} from './period-state.js';
import { schemaKey } from './table-schema.js';

/**
 * The files that a note lists, that the run record does not list, and that are there.
 * @returns none while the period is unfinished: whichever run comes next replaces or removes what its note lists
 * @throws ReportError `destination`
 */
export async function strayFiles(state: PeriodState, destination: Destination): Promise<Stored[]> {
  if (state.record === undefined || isUnfinished(state)) return [];
  const recorded = new Set(state.record.outputs.map(({ key }) => key));
  const unlisted = filesByKey(pendingFiles(state).filter(({ key }) => !recorded.has(key)));
  const strays: Stored[] = [];
  for (const key of unlisted.keys()) {
    const stored = await destination.stat(key);
    if (stored !== undefined && (await isOneOf(unlisted, stored, destination))) strays.push(stored);
  }
  return strays;
}

/** Deletes a note that does not count any more, and the files that only it lists. A failure is left to the next run. */
export async function clearStaleNote(
  destination: Destination,
  keys: PeriodKeys,
  state: PeriodState,
): Promise<PeriodState> {
  const { pending } = state;
  if (pending === undefined || isUnfinished(state)) return state;
  try {
    for (const stray of await strayFiles(state, destination)) await removeFile(destination, stray.key, stray);
    await destination.remove({ key: keys.pending, version: pending.version });
    return { ...state, pending: undefined };
  } catch {
    return state;
  }
}

/**
 * Removes what a run made visible after another run took its lease and finished. While the other run works, the files stay:
 * they are in the note of this run, and the other run replaces or removes them. A failure is left to the next run.
 * @param token of this run
 */
export async function withdraw(
  destination: Destination,
  keys: PeriodKeys,
  effect: Effect,
  token: string,
): Promise<void> {
  if (effect.reach === 'recorded') return;
  try {
    const lease = await destination.stat(keys.lease);
    const state = await readState(destination, keys);
    if (lease !== undefined || state.record === undefined) return;
    for (const { key, version } of effect.visible) {
      const found = await destination.stat(key);
      // Where a version is a hash of the bytes, the other run's file may have the same one.
      const isOurs = found?.version === version && (found.token ?? token) === token;
      if (isOurs) await removeFile(destination, key, found);
      effect.removed(key);
    }
    // The other run left the note because this one could wake up.
    await clearStaleNote(destination, keys, state);
  } catch {
    // The effect still names what is visible.
  }
}

/** Removes the file, if it has that version, and its manifest and schema. @throws ReportError `destination` */
export async function removeFile(
  destination: Destination,
  key: string,
  file: Pick<Stored, 'version'> | undefined,
): Promise<void> {
  if (file !== undefined) {
    const found = await destination.stat(key);
    // The companions are of the file that is there now.
    if (found !== undefined && found.version !== file.version) return;
    await destination.remove({ key, version: file.version });
  }
  for (const companion of [manifestKey(key), schemaKey(key)]) {
    const found = await destination.stat(companion);
    if (found !== undefined) await destination.remove(found);
  }
}
