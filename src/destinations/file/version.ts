// The version of a file, which `existing`, `copy` and `remove` compare, and the rest of Stored.
import type { BigIntStats } from 'node:fs';
import { open, realpath, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Stored } from '../../core/store.js';
import { codeOf, explain } from './failures.js';

/**
 * A published file that was replaced has another inode, because a new file is linked or renamed into place; size and time
 * change when somebody writes into it.
 */
export function versionOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}-${size}-${mtimeNs}`;
}

/** The version of the file at a path, or undefined when there is none. @throws what the file system throws */
export async function versionAt(path: string): Promise<string | undefined> {
  const stats = await statOf(path);
  return stats && versionOf(stats);
}

/** @throws what the file system throws, and EISDIR for a folder */
export async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    if (stats.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    return stats;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function storedOf(key: string, stats: BigIntStats): Stored {
  const age = Math.max(0, Date.now() - Number(stats.mtimeMs));
  return { key, bytes: Number(stats.size), version: versionOf(stats), age };
}

/** Whether the error means that there is no file of that name. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

/** The path without links, as far as it exists: the same for every way to write it. */
export async function resolved(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isMissing(error) || parent === path) return path;
    return join(await resolved(parent), basename(path));
  }
}

/**
 * Milliseconds that the clock of the file system, which may be a server's, is ahead of this host's.
 * @param probe a free name, in a folder of that file system; a file is there for a moment
 * @throws ReportError `destination`
 */
export async function clockSkew(probe: string): Promise<number> {
  try {
    const handle = await open(probe, 'wx');
    try {
      return Number((await handle.stat({ bigint: true })).mtimeMs) - Date.now();
    } finally {
      await handle.close();
      await unlink(probe);
    }
  } catch (error) {
    throw explain(`read the clock of ${dirname(probe)}`, error);
  }
}
