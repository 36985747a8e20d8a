// Reads a folder: one file, or a listing in the order of the keys.
import type { BigIntStats, Dirent } from 'node:fs';
import { open, readdir, realpath, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Leftover } from '../../core/destination.js';
import { hiddenPart } from '../../core/hidden-names.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import { readFully } from '../../core/read-fully.js';
import type { Stored } from '../../core/store.js';
import { isUnfinishedName, tokenOf } from '../../core/temporary.js';
import type { Access } from '../access.js';
import { assertReadable } from '../contract/bookkeeping.js';
import { endsEarly, READ_AT_ONCE } from './downloading.js';
import { codeOf, explain } from './failures.js';
import { flushFolders } from './folders.js';
import { kindOf, refused } from './place.js';
import { isMissing, statOf, storedOf } from './version.js';

export async function statFile(key: string, target: string, access?: Access): Promise<Stored | undefined> {
  try {
    const stats = await statOf(target);
    return stats && storedOf(key, stats);
  } catch (error) {
    throw explain(`look at ${target}`, error, access);
  }
}

export async function readFile(
  key: string,
  target: string,
  access?: Access,
): Promise<(Stored & { readonly content: Buffer }) | undefined> {
  try {
    // One handle: version and content belong together even when the file is replaced meanwhile.
    const handle = await open(target, READ_AT_ONCE);
    try {
      const stats = await handle.stat({ bigint: true });
      const kind = kindOf(stats);
      // A FIFO may never end, nor may a device.
      if (kind !== 'file') throw refused(target, kind, 'read');
      assertReadable(Number(stats.size), `read ${target}`);
      const content = Buffer.allocUnsafe(Number(stats.size));
      const bytes = await readFully(handle, content, 0);
      if (bytes < content.length) throw endsEarly(target, content.length, bytes);
      return { ...storedOf(key, stats), content };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explain(`read ${target}`, error, access);
  }
}

/** Keys below it are hidden from listings; a report cannot have its name. */
export const UNFINISHED = '_reportctl/.unfinished/';

function isUnfinished(key: string): boolean {
  return key.startsWith(UNFINISHED) || isUnfinishedName(key);
}

/** Every published file whose key begins with the prefix. */
export async function* listFiles(folder: string, prefix: string): AsyncGenerator<Stored> {
  for await (const { key, stats } of walk(folder, prefix)) {
    if (!isUnfinished(key)) yield storedOf(key, stats);
  }
}

/**
 * Every file of a source whose key begins with the prefix. Links to folders are followed. A link to nowhere is an error: its document
 * would be missing.
 * @param onHidden as that of Store.list()
 */
export async function* listSource(
  folder: string,
  prefix: string,
  onHidden?: (key: string) => void,
): AsyncGenerator<Stored> {
  for await (const { key, stats } of walk(folder, prefix, { onHidden })) {
    if (!isUnfinished(key)) yield storedOf(key, stats);
  }
}

/** Temporary files of killed runs; their age counts from the last write. */
export async function* leftoverFiles(folder: string): AsyncGenerator<Leftover> {
  for await (const { key, stats } of walk(folder, '')) {
    if (!isUnfinished(key)) continue;
    const path = join(folder, key);
    const remove = async () => {
      try {
        await unlink(path);
        await flushFolders(dirname(path), undefined);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw explain(`remove ${path}`, error);
      }
    };
    yield { key, age: storedOf(key, stats).age, token: tokenOf(key), remove };
  }
}

const MAX_PARALLEL_STATS = 16;

interface Found {
  readonly key: string;
  readonly stats: BigIntStats;
}

interface Walk {
  readonly folder: string;
  readonly prefix: string;
  /** Set where a source is read. */
  readonly source: SourceWalk | undefined;
}

interface SourceWalk {
  readonly onHidden?: ((key: string) => void) | undefined;
}

/** The files below a folder in the order of the keys' bytes. Links to files are files; links to folders are followed in a source. */
async function* walk(folder: string, prefix: string, source?: SourceWalk): AsyncGenerator<Found> {
  const within = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  try {
    yield* walkFrom({ folder, prefix, source }, within, []);
  } catch (error) {
    throw explain(`list ${join(folder, within)}`, error, source === undefined ? 'write' : 'read');
  }
}

/** @param entered where the links lead by which the walk came here */
async function* walkFrom(walking: Walk, within: string, entered: readonly string[]): AsyncGenerator<Found> {
  const { folder, prefix, source } = walking;
  const entries = await readdir(join(folder, within), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const linked = source === undefined ? new Set() : await linkedFolders(join(folder, within), entries);
  // A folder is sorted with its slash, so that `a/b` comes after `a-b` and before `a0`.
  const names = entries
    .map((entry) => `${within}${entry.name}${entry.isDirectory() || linked.has(entry.name) ? '/' : ''}`)
    .filter((name) => name.startsWith(prefix) && isVisible(name, prefix, source))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const statsOf = (name: string) =>
    stat(join(folder, name), { bigint: true }).catch((error: unknown) => {
      // Removed since readdir(), or a broken link.
      if (isMissing(error) && source === undefined) return undefined;
      throw error;
    });
  for (let at = 0; at < names.length; ) {
    const name = names[at] as string;
    if (name.endsWith('/')) {
      const links = source === undefined ? [] : await enteredAt(join(folder, name), entered);
      if (links !== undefined) yield* walkFrom(walking, name, links);
      at += 1;
      continue;
    }
    const ahead = names.slice(at, at + MAX_PARALLEL_STATS);
    const nextFolder = ahead.findIndex((each) => each.endsWith('/'));
    const files = nextFolder === -1 ? ahead : ahead.slice(0, nextFolder);
    const found = await Promise.all(files.map(statsOf));
    for (const [index, stats] of found.entries()) {
      if (stats?.isFile()) yield { key: files[index] as string, stats };
    }
    at += files.length;
  }
}

/** The names of the entries that are links to folders. */
async function linkedFolders(folder: string, entries: readonly Dirent[]): Promise<ReadonlySet<string>> {
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const found = await mapConcurrently(MAX_PARALLEL_STATS, links, ({ name }) =>
    stat(join(folder, name)).catch(() => undefined),
  );
  return new Set(links.filter((_, index) => found[index]?.isDirectory()).map(({ name }) => name));
}

function isVisible(name: string, prefix: string, source: SourceWalk | undefined): boolean {
  if (source?.onHidden === undefined || hiddenPart(name, prefix) === undefined) return true;
  source.onHidden(name);
  return false;
}

/**
 * The places of the links by which the walk came, with this folder if it is behind a link; undefined for a link that leads back to
 * where the walk came from.
 */
async function enteredAt(path: string, entered: readonly string[]): Promise<readonly string[] | undefined> {
  const [folder, parent] = await Promise.all([realpath(path), realpath(dirname(path))]);
  if (folder === join(parent, basename(path))) return entered;
  const isAbove = [parent, ...entered].some((each) => `${each}${sep}`.startsWith(`${folder}${sep}`));
  return isAbove ? undefined : [...entered, folder, parent];
}
