// Removes a published file if it still has the version that was looked at.
import { link, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, explain } from './failures.js';
import { flushFolders, NO_LINKS, removeTemporary } from './folders.js';
import { isMissing, versionAt } from './version.js';

/**
 * Removes a file if it has that version. Empty folders stay: somebody may need them.
 *
 * No system call compares and removes, and this process may be stopped between two calls while another run publishes. So the
 * file is renamed first, which takes exactly one file away whoever else is at work; what it was is looked at then, and
 * another version is put back. The look before the rename keeps the files of others in place in every other case.
 * @param temporary a free name beside the target
 * @throws ReportError `destination`
 */
export async function removeStored(target: string, version: string, temporary: string): Promise<void> {
  let isAway = false;
  try {
    if ((await twice(() => versionAt(target))) !== version) return;
    await twice(() => rename(target, temporary)).catch(async (error: unknown) => {
      // A rename that was done is ours, though its answer was lost: a network file system does that.
      if ((await versionAt(temporary)) === undefined) throw error;
    });
    isAway = true;
    const found = await twice(() => versionAt(temporary)).catch(async (error: unknown) => {
      await putBack(temporary, target);
      isAway = false;
      throw error;
    });
    if (found === version) await removeTemporary(temporary, undefined);
    else await putBack(temporary, target);
    isAway = false;
    if (found === version) await flushFolders(dirname(target), undefined);
  } catch (error) {
    const where = isAway ? `, which is now ${temporary}` : '';
    if (!isMissing(error)) throw explain(`remove ${target}${where}`, error);
  }
}

/** A lease or a note that stays after one error would hold up the next run, so each step is tried again once. */
async function twice<T>(step: () => Promise<T>): Promise<T> {
  return step().catch((error: unknown) => {
    if (isMissing(error)) throw error;
    return step();
  });
}

/** Gives a file its name again, unless a newer file has it by now. */
async function putBack(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (NO_LINKS.includes(codeOf(error)) && (await versionAt(target)) === undefined)
      return rename(temporary, target);
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  await removeTemporary(temporary, undefined);
}
