// A published file under a second name, and the end of one.
import { constants, copyFile, link, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReportError } from '../../core/errors.js';
import { codeOf, explain } from './failures.js';
import { flushFolders, inFolder, NO_LINKS, removeEmpty, removeTemporary } from './folders.js';
import { versionAt } from './version.js';

interface Copy {
  readonly source: string;
  readonly version: string;
  readonly target: string;
  /** A free name beside the target. */
  readonly temporary: string;
  readonly changed: (location: string, undone: 'copied', cause?: unknown) => ReportError;
}

/**
 * Gives the file another name, or copies it where there are no hard links; nobody of ours ever writes into a published
 * file, so that the two stay the same.
 */
export async function copyStored({ source, version, target, temporary, changed }: Copy): Promise<void> {
  let made: string | undefined;
  let failure: ReportError | undefined;
  try {
    const secured = await inFolder(dirname(target), () =>
      secure(source, version, temporary).catch(async (error: unknown) => {
        await removeTemporary(temporary, error);
        throw error;
      }),
    );
    made = secured.made;
    if (!secured.result) throw changed(source, 'copied');
    await rename(temporary, target);
    await flushFolders(dirname(target), made);
  } catch (error) {
    failure = explain(`copy ${source} to ${target}`, error);
    throw failure;
  } finally {
    // Also after success: rename() does nothing when both names are of the same file already.
    await removeTemporary(temporary, failure);
    await removeEmpty(dirname(target), made);
  }
}

/** Whether `temporary` now holds what `source` is in that version. */
async function secure(source: string, version: string, temporary: string): Promise<boolean> {
  try {
    await link(await realpath(source), temporary);
    return (await versionAt(temporary)) === version;
  } catch (error) {
    // Either name may be what is not there.
    if (codeOf(error) === 'ENOENT' && (await versionAt(source)) !== version) return false;
    if (!NO_LINKS.includes(codeOf(error))) throw error;
  }
  if ((await versionAt(source)) !== version) return false;
  await copyFile(source, temporary, constants.COPYFILE_EXCL);
  const handle = await open(temporary, 'r+');
  await handle.sync().finally(() => handle.close());
  return (await versionAt(source)) === version;
}

/** Removes a file while it is that version. Its folders stay: somebody may have made them on purpose. */
export async function removeStored(target: string, version: string): Promise<void> {
  try {
    if ((await versionAt(target)) !== version) return;
    await unlink(target);
    await flushFolders(dirname(target), undefined);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw explain(`remove ${target}`, error);
  }
}
