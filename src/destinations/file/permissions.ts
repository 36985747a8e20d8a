// Who may read a file that is written: decided before it becomes visible.
import { type BigIntStats, readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from './failures.js';

/** Nobody else may read what is not finished. */
export const UNFINISHED_MODE = 0o600;

const READ_WRITE_EXECUTE = 0o777;

/** What chmod() and chown() answer where they are not permitted, or the file system has no modes or owners. */
const NOT_PERMITTED = ['EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Gives a finished file the owner, group and mode of the file that it replaces, as far as this user may; a new file gets `mode`
 * without the bits of the umask. Where the group cannot be kept, only users who may read the former file whatever their group
 * can read the new one.
 * @throws what the file system throws, save that something is not permitted
 */
export async function settlePermissions(
  handle: FileHandle,
  former: BigIntStats | undefined,
  mode: number,
): Promise<void> {
  if (former === undefined) {
    await isPermitted(handle.chmod(mode & ~umask()));
    return;
  }
  const [uid, gid, kept] = [Number(former.uid), Number(former.gid), Number(former.mode) & READ_WRITE_EXECUTE];
  const own = await handle.stat();
  const hasGroup = own.gid === gid || (await isPermitted(handle.chown(own.uid, gid)));
  await isPermitted(handle.chmod(hasGroup ? kept : withoutGroup(kept)));
  // Last: a user may not change the mode of a file that belongs to another.
  if (own.uid !== uid) await isPermitted(handle.chown(uid, hasGroup ? gid : own.gid));
}

/**
 * The mode for a file whose group changes: members of the new group had the rights of others so far, and those of the former
 * group become others, so that both get only what both had.
 */
function withoutGroup(mode: number): number {
  const common = (mode >> 3) & mode & 0o7;
  return (mode & 0o700) | (common << 3) | common;
}

/**
 * The bits that new files of this process do not get. process.umask() sets it to 0 for a moment, in which a thread could make a
 * file with too many rights, so it is asked only where there is no /proc (Linux has the line since 4.7).
 */
function umask(): number {
  try {
    const [, octal] = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (octal !== undefined) return Number.parseInt(octal, 8);
  } catch {
    // No /proc here.
  }
  return process.umask();
}

async function isPermitted(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (NOT_PERMITTED.includes(codeOf(error))) return false;
    throw error;
  }
}
