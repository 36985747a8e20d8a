// The version of a file, which `existing`, `copy` and `remove` compare, and the rest of Stored.
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Stored } from '../../core/store.js';
import { codeOf } from './failures.js';

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
