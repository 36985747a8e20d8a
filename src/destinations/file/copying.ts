// Copies a published file, if it still has the version that was looked at.
import { link, open, realpath, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReportError } from '../../core/errors.js';
import { changed } from '../../core/existing-file.js';
import { codeOf, explain } from './failures.js';
import { flushFolders, inFolder, NO_LINKS, removeEmpty, removeTemporary } from './folders.js';
import { settlePermissions, UNFINISHED_MODE } from './permissions.js';
import { plainFileAt } from './place.js';
import { versionAt, versionOf } from './version.js';

/** Bytes of one read. */
const CHUNK = 1024 * 1024;

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
    await plainFileAt(target);
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
  return copyBytes(source, version, temporary);
}

/**
 * Where there are no hard links. One handle reads the file: its version before and after says whether these bytes are of that
 * version, whatever has its name by then.
 */
async function copyBytes(source: string, version: string, temporary: string): Promise<boolean> {
  const from = await open(source, 'r');
  try {
    const isVersion = async () => versionOf(await from.stat({ bigint: true })) === version;
    if (!(await isVersion())) return false;
    const to = await open(temporary, 'wx', UNFINISHED_MODE);
    try {
      for await (const chunk of from.createReadStream({ autoClose: false, highWaterMark: CHUNK }))
        await to.writeFile(chunk as Buffer);
      await settlePermissions(to, await from.stat({ bigint: true }), UNFINISHED_MODE);
      await to.sync();
    } finally {
      await to.close();
    }
    return await isVersion();
  } finally {
    await from.close();
  }
}
