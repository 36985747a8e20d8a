// What is in a folder: one file, or all of them in the order of their keys.
import type { BigIntStats } from 'node:fs';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Leftover, Stored } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { codeOf, explain } from './failures.js';
import { flushFolders } from './folders.js';
import { isMissing, statOf, storedOf } from './version.js';

export async function statFile(key: string, target: string): Promise<Stored | undefined> {
  try {
    const stats = await statOf(target);
    return stats && storedOf(key, stats);
  } catch (error) {
    throw explain(`look at ${target}`, error);
  }
}

export async function readFile(
  key: string,
  target: string,
): Promise<(Stored & { readonly content: Buffer }) | undefined> {
  try {
    // Through one handle, so that version and content are of the same file whoever replaces it meanwhile.
    const handle = await open(target, 'r');
    try {
      const stats = await handle.stat({ bigint: true });
      return { ...storedOf(key, stats), content: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explain(`read ${target}`, error);
  }
}

/** @throws ReportError `destination` when it is not there or ends early, or the reason of the signal */
export async function* downloadFile(target: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    signal.throwIfAborted();
    const handle = await open(target, 'r');
    const { size } = await handle.stat().catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    let bytes = 0;
    // The stream closes the handle, whichever way it ends.
    for await (const chunk of handle.createReadStream({ highWaterMark: 1024 * 1024 })) {
      signal.throwIfAborted();
      bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (bytes === size) return;
    throw new ReportError('destination', `${target} has ${size} bytes, we could read ${bytes}`, {
      hint: 'See who else writes it.',
      retryable: true,
    });
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error;
    throw explain(`read ${target}`, error);
  }
}

/** A key's folder for what no reader should see; a report cannot have its name. */
export const UNFINISHED = '_reportctl/.unfinished/';

function isUnfinished(key: string): boolean {
  return key.startsWith(UNFINISHED) || /(^|\/)\.reportctl-[^/]*\.tmp$/.test(key);
}

/** Every published file whose key begins with the prefix. */
export async function* listFiles(folder: string, prefix: string): AsyncGenerator<Stored> {
  for await (const { key, stats } of walk(folder, prefix)) {
    if (!isUnfinished(key)) yield storedOf(key, stats);
  }
}

/** The temporary files; their age counts from the last byte that was written. */
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
    yield { key, age: storedOf(key, stats).age, remove };
  }
}

interface Found {
  readonly key: string;
  readonly stats: BigIntStats;
}

/** The files below a folder in the order of the keys' bytes. Links to files are files, links to folders are not followed. */
async function* walk(folder: string, prefix: string): AsyncGenerator<Found> {
  const within = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  try {
    yield* walkFrom(folder, within, prefix);
  } catch (error) {
    throw explain(`list ${join(folder, within)}`, error);
  }
}

async function* walkFrom(folder: string, within: string, prefix: string): AsyncGenerator<Found> {
  const entries = await readdir(join(folder, within), { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  // A folder is sorted as its keys go on, so that `a/b` comes after `a-b` and before `a0`.
  const names = entries
    .map((entry) => (entry.isDirectory() ? `${within}${entry.name}/` : `${within}${entry.name}`))
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    if (name.endsWith('/')) {
      yield* walkFrom(folder, name, prefix);
      continue;
    }
    const stats = await stat(join(folder, name), { bigint: true }).catch((error: unknown) => {
      // Gone since, or a link that leads nowhere.
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (stats?.isFile()) yield { key: name, stats };
  }
}
