// Finds the files to verify, and the run record of each.
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Config } from '../core/config.js';
import type { Destination } from '../core/destination.js';
import { MANIFEST_ENDING } from '../core/reserved-keys.js';
import { parseAddress } from '../destinations/address.js';
import { periodKeys } from '../publish/bookkeeping.js';
import type { Manifest } from '../publish/documents.js';
import type { Listing } from '../publish/listing.js';
import { manifestKey } from '../publish/manifest.js';

export interface Place {
  /** What openDestination() takes. */
  readonly root: string;
  /** The key of a file, or a prefix of several keys; empty for all files. */
  readonly key: string;
  /** The run record that lists the file, where it was found by it. */
  readonly listedBy?: Omit<Listing, 'isPublished'>;
}

/**
 * What a user named: s3://bucket/key, a local file or folder, else a key or prefix at the destination. A manifest stands
 * for its file.
 */
export async function placeOf(
  named: string,
  { destination, cwd }: Pick<Config, 'destination' | 'cwd'>,
): Promise<Place> {
  const what = named.endsWith(MANIFEST_ENDING) ? named.slice(0, -MANIFEST_ENDING.length) : named;
  const address = parseAddress(what);
  if (address?.scheme === 's3') return { root: `s3://${address.bucket}`, key: address.path };
  const path = address?.scheme === 'file' ? address.path : what;
  const local = resolve(cwd, path);
  const [file, manifest] = await Promise.all([local, manifestKey(local)].map(found));
  if (file?.isDirectory()) return { root: local, key: '' };
  const beside = { root: dirname(local), key: basename(local) };
  if (file !== undefined || manifest !== undefined) return beside;
  const root = destination.replace(/(?<=.)\/$/, '');
  // No key is absolute: it was a file.
  if (!isAbsolute(path)) return { root, key: what };
  const key = keyInDestination(path, { destination, cwd });
  return key === undefined ? beside : { root, key };
}

/** The key of a path within the folder that is the destination, whether anything is there or not; undefined for any other name. */
export function keyInDestination(
  named: string,
  { destination, cwd }: Pick<Config, 'destination' | 'cwd'>,
): string | undefined {
  const [folder, path] = [destination, named].map((each) => parseAddress(each));
  if (folder?.scheme !== 'file' || path?.scheme !== 'file') return undefined;
  const inside = relative(resolve(cwd, folder.path), resolve(cwd, path.path));
  return inside === '' || inside.startsWith('..') || isAbsolute(inside)
    ? undefined
    : inside.split(sep).join('/');
}

function found(path: string) {
  return stat(path).catch(() => undefined);
}

/** Bookkeeping and files that a gate refused: neither is published. */
const KEPT = /(^|\/)(_reportctl|_quarantine)\//;

/** What a Mac puts beside a file on a disk of another system: its attributes, under the file's name (AppleDouble, RFC 1740). */
const APPLE_DOUBLE = /(^|\/)\._[^/]*$/;

/** The file with this key, or every file with a manifest whose key has this prefix. @throws ReportError `destination` */
export async function* filesAt(destination: Destination, key: string): AsyncGenerator<string> {
  const mayBeFile = key !== '' && !key.endsWith('/');
  // Look for the manifest: a folder may have the name of the file, and stat() refuses a folder.
  if (mayBeFile && (await destination.stat(manifestKey(key))) !== undefined) {
    yield key;
    return;
  }
  for await (const { key: listed } of destination.list(key)) {
    if (listed === key) {
      // The exact key is listed first: a file without a manifest. Longer keys were not asked for.
      yield key;
      return;
    }
    if (!listed.endsWith(MANIFEST_ENDING) || (KEPT.test(listed) && !KEPT.test(key))) continue;
    if (APPLE_DOUBLE.test(listed)) continue;
    yield listed.slice(0, -MANIFEST_ENDING.length);
  }
}

/**
 * The status of a file. `current`: of a period, published if its run record lists it; `former`: replaced by a restatement;
 * `refused`: a gate failed; `export`: an ad-hoc export, without a run record; `moved`: of a period, but not at its
 * destination, so no run record can confirm it.
 */
export type Standing =
  | { readonly of: 'current' | 'former'; readonly root: string; readonly recordKey: string }
  | { readonly of: 'refused' | 'export' | 'moved' };

export function standingOf({ root, key }: Place, { key: own, report, period }: Manifest): Standing {
  if (period === null) return { of: 'export' };
  const whole = `${root}/${key}`;
  if (/\/_quarantine\//.test(whole)) return { of: 'refused' };
  if (!whole.endsWith(`/${own}`)) return { of: 'moved' };
  const base = whole.slice(0, -own.length - 1);
  return /\/_reportctl\/[^/]+\/history\/\d{8}\/r\d+$/.test(base)
    ? { of: 'former', root: base, recordKey: 'record.json' }
    : { of: 'current', root: base === '' ? '/' : base, recordKey: periodKeys(report, period).record };
}
