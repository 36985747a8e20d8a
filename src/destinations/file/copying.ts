// Copies and removes published files.
import { constants, copyFile, link, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReportError } from '../../core/errors.js';
import { changed } from '../../core/existing-file.js';
import { codeOf, explain } from './failures.js';
import { flushFolders, inFolder, NO_LINKS, removeEmpty, removeTemporary } from './folders.js';
import { versionAt } from './version.js';

interface Copy {
  readonly source: string;
  readonly version: string;
  readonly target: string;
  /** A free name beside the target. */
  readonly temporary: string;
}

/**
 * Links the target to the source, or copies the bytes where there are no hard links. This program never writes into a
 * published file, so that two links to one file stay equal.
 * @throws ReportError `destination`
 */
export async function copyStored({ source, version, target, temporary }: Copy): Promise<void> {
  let made: string | undefined;
  let failure: ReportError | undefined;
  try {
    const copied = await inFolder(dirname(target), () =>
      copyVersion(source, version, temporary).catch(async (error: unknown) => {
        await removeTemporary(temporary, error);
        throw error;
      }),
    );
    made = copied.made;
    if (!copied.result) throw changed(source, 'copied');
    await rename(temporary, target);
    await flushFolders(dirname(target), made);
  } catch (error) {
    failure = explain(`copy ${source} to ${target}`, error);
    throw failure;
  } finally {
    // Also after success: rename() does nothing when both names are links to one file (POSIX).
    await removeTemporary(temporary, failure);
    await removeEmpty(dirname(target), made);
  }
}

/** @returns whether `temporary` is now a link to, or a copy of, that version of `source` */
async function copyVersion(source: string, version: string, temporary: string): Promise<boolean> {
  try {
    await link(await realpath(source), temporary);
    return (await versionAt(temporary)) === version;
  } catch (error) {
    // The missing name may be the source or the folder of the target.
    if (codeOf(error) === 'ENOENT' && (await versionAt(source)) !== version) return false;
    if (!NO_LINKS.includes(codeOf(error))) throw error;
  }
  if ((await versionAt(source)) !== version) return false;
  await copyFile(source, temporary, constants.COPYFILE_EXCL);
  const handle = await open(temporary, 'r+');
  await handle.sync().finally(() => handle.close());
  return (await versionAt(source)) === version;
}

/** Removes a file if it has that version. Empty folders stay: somebody may need them. @throws ReportError `destination` */
export async function removeStored(target: string, version: string): Promise<void> {
  try {
    if ((await versionAt(target)) !== version) return;
    await unlink(target);
    await flushFolders(dirname(target), undefined);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw explain(`remove ${target}`, error);
  }
}
