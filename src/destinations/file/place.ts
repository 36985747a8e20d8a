// What is at a path that somebody named for an output: a plain file, or what must not be replaced.
import type { BigIntStats, Stats } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ReportError } from '../../core/errors.js';
import type { Access } from '../access.js';
import { explain } from './failures.js';
import { isMissing } from './version.js';

/** As `stat` tells them apart. */
export type Kind = 'file' | 'folder' | 'link' | 'FIFO' | 'socket' | 'device' | 'disk' | 'unknown';

export type Place =
  /** A plain file, or a free name. The path is where all links lead. */
  | { readonly kind: 'file'; readonly path: string; readonly exists: boolean; readonly isLinked: boolean }
  /** What keeps nothing that is written: it is written through. */
  | { readonly kind: 'FIFO' | 'socket' | 'device'; readonly path: string }
  /** A file that this process was started with, such as `/dev/fd/3`. */
  | { readonly kind: 'descriptor'; readonly path: string; readonly descriptor: number }
  | { readonly kind: 'folder' | 'disk' | 'unknown'; readonly path: string };

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Follows the links of an absolute path.
 * @throws ReportError `destination` for links that lead back to themselves, and for what cannot be looked at
 */
export async function placeOf(path: string): Promise<Place> {
  try {
    return await follow(path, MAX_LINKS, false);
  } catch (error) {
    throw explain(`write ${path}`, error);
  }
}

/** Whether it is this process's standard output, such as `/dev/stdout`. */
export function isStandardOutput(place: Place): boolean {
  return place.kind === 'descriptor' && place.descriptor === 1;
}

async function follow(path: string, linksLeft: number, isLinked: boolean): Promise<Place> {
  const folder = await realpath(dirname(path)).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (folder === undefined) return { kind: 'file', path, exists: false, isLinked };
  const here = join(folder, basename(path));
  const descriptor = descriptorOf(folder, basename(path));
  if (descriptor !== undefined) return { kind: 'descriptor', path: here, descriptor };
  const stats = await lstat(here, { bigint: true }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (stats === undefined) return { kind: 'file', path: here, exists: false, isLinked };
  const kind = kindOf(stats);
  if (kind === 'file') return { kind, path: here, exists: true, isLinked };
  if (kind !== 'link') return { kind, path: here };
  // A link of /proc names what is open, which need not be at that path any more.
  if (here.startsWith('/proc/')) return { kind: writtenThrough(kindOf(await stat(here))), path: here };
  if (linksLeft === 0) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
  return follow(resolve(folder, await readlink(here)), linksLeft - 1, true);
}

/** An open file that is no file of this process: it can only be written, not replaced. */
function writtenThrough(kind: Kind): 'FIFO' | 'device' | 'folder' | 'disk' | 'unknown' {
  return kind === 'file' ? 'device' : kind === 'link' || kind === 'socket' ? 'unknown' : kind;
}

/** The number of a file that this process has open, where the name is of one: `/dev/fd/3`, `/proc/self/fd/3`. */
function descriptorOf(folder: string, name: string): number | undefined {
  const [, pid, own] = /^(?:\/proc\/(\d+)(?:\/task\/\d+)?\/fd|(\/dev\/fd))$/.exec(folder) ?? [];
  const isOwn = own !== undefined || pid === String(process.pid);
  return isOwn && /^\d{1,9}$/.test(name) ? Number(name) : undefined;
}

/** @param stats of lstat() or fstat(): those of stat() are never of a link */
export function kindOf(stats: Stats | BigIntStats): Kind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'FIFO';
  if (stats.isSocket()) return 'socket';
  if (stats.isCharacterDevice()) return 'device';
  return stats.isBlockDevice() ? 'disk' : 'unknown';
}

const REFUSALS: Readonly<Record<Exclude<Kind, 'file'>, string>> = {
  folder: 'it is a folder',
  link: 'it is a symbolic link',
  FIFO: 'it is a FIFO',
  socket: 'it is a socket',
  device: 'it is a device',
  disk: 'it is a disk',
  unknown: 'it is no file',
};

/** The error of a path where there must be a plain file, or nothing. */
export function refused(path: string, kind: Exclude<Kind, 'file'>, access: Access = 'write'): ReportError {
  const reason = REFUSALS[kind];
  return new ReportError('destination', `could not ${access} ${path}: ${reason}`, {
    reason,
    hint:
      access === 'write'
        ? 'Only plain files are replaced. Choose another name, or remove what is there.'
        : 'Name a plain file.',
    retryable: false,
  });
}

/**
 * The stats of the plain file that a run may replace at a path; a link is not followed, since it could lead out of the folder.
 * @returns undefined for a free name
 * @throws ReportError `destination` for anything else, and what the file system throws
 */
export async function plainFileAt(path: string): Promise<BigIntStats | undefined> {
  const stats = await lstat(path, { bigint: true }).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (stats === undefined) return undefined;
  const kind = kindOf(stats);
  if (kind === 'file') return stats;
  throw refused(path, kind);
}
