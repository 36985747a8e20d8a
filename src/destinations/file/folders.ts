// The folders of a file: created, flushed to the disk, and removed when they are not needed after all.
import { mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, ReportError } from '../../core/errors.js';
import { codeOf } from './failures.js';
import { isMissing } from './version.js';

// What fsync() on a folder answers where the folder cannot be read, on Windows, and on some network file systems.
const CANNOT_FLUSH = ['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP'];

/** What link() answers where there are no hard links. */
export const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** Each time some of the other processes that remove the empty folder have finished, so this many attempts are enough. */
const MAX_ATTEMPTS = 20;

/**
 * Creates a folder with its parents and runs the action in it. Another process may remove the folder while it is empty:
 * then both are tried again.
 * @returns the action's result, and the topmost folder that had to be created
 * @throws what mkdir() or the action throws; then no folder that was created here is left
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
      // Node's recursive mkdir() throws ENOTDIR for a folder that was removed meanwhile.
      if (!isMissing(error) || attempt === MAX_ATTEMPTS) {
        await removeEmpty(folder, made);
        throw error;
      }
      await wait(Math.random() * 2 * attempt);
    }
  }
}

/** Flushes `folder`, and its parents up to the parent of `last`, so that the names in them survive a power cut. */
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
 * Removes an unfinished file, if it is there. Tried twice, so that one failure of a disk or a network leaves no file.
 * @param failure the error that led here, kept in the message and as the cause
 * @throws ReportError `destination` naming the file when it cannot be removed
 */
export async function removeTemporary(path: string, failure: unknown): Promise<void> {
  try {
    await unlink(path).catch(() => unlink(path));
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

/** Removes `folder` and its parents up to `last`, until one is not empty. */
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
