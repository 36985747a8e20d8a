// Folders around a file: made to last, and removed again when they turn out not to be needed.
import { mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, ReportError } from '../../core/errors.js';
import { codeOf } from './failures.js';
import { isMissing } from './version.js';

// Folders that we may write but not read, Windows, and network file systems that keep names in order themselves.
const CANNOT_FLUSH = ['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP'];

/** What link() answers where there are no hard links. */
export const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** How often a folder is made that others, who find it empty, remove: some of them each time, so that they become fewer. */
const ATTEMPTS = 20;

/**
 * Makes a folder with those above it, and does something in it. Another process that made the same folder for a file which
 * it then gave up removes it again while it is empty, also between our making it and our using it.
 * @param action is done again when it meets what is not there
 * @returns what it returned, and the topmost folder that had to be made
 * @throws what making or the action met; then no folder of ours is left
 */
export async function inFolder<Result>(
  folder: string,
  action: () => Promise<Result>,
): Promise<{ readonly made: string | undefined; readonly result: Result }> {
  let made: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const topmost = await mkdir(folder, { recursive: true });
      if (topmost !== undefined && (made === undefined || topmost.length < made.length)) made = topmost;
      return { made, result: await action() };
    } catch (error) {
      // Node's recursive mkdir() says ENOTDIR of a folder that went meanwhile.
      if (!isMissing(error) || attempt === ATTEMPTS) {
        await removeEmpty(folder, made);
        throw error;
      }
      await wait(Math.random() * 2 * attempt);
    }
  }
}

/** Makes the names in `folder`, and in the folders up to `last` and its parent, survive a power cut. */
export async function flushFolders(folder: string, last: string | undefined): Promise<void> {
  const top = last === undefined ? folder : dirname(last);
  for (let current = folder; ; current = dirname(current)) {
    try {
      const handle = await open(current, 'r');
      await handle.sync().finally(() => handle.close());
    } catch (error) {
      if (!CANNOT_FLUSH.includes(codeOf(error))) throw error;
    }
    if (current === top) return;
  }
}

/**
 * Removes an unfinished file; one that is not there is removed already.
 * @param failure what led here, for whoever looks for the cause
 * @throws ReportError `destination` naming what is left
 */
export async function removeTemporary(path: string, failure: unknown): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    const reason = failure === undefined ? '' : `${messageOf(failure)}; and `;
    throw new ReportError('destination', `${reason}could not remove ${path}: ${messageOf(error)}`, {
      hint: 'It is an unfinished report: delete it by hand.',
      cause: failure ?? error,
      retryable: false,
    });
  }
}

/** Removes folders from `folder` up to `last`, as long as they are empty. */
export async function removeEmpty(folder: string, last: string | undefined): Promise<void> {
  if (last === undefined) return;
  for (let current = folder; ; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') return;
    }
    if (current === last) return;
  }
}
