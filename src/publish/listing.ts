// Finds the run record, or the note of an unfinished run, that lists a file: it is in the file's folder, or in one above.
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Config } from '../core/config.js';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { BOOKKEEPING_FOLDER } from '../core/reserved-keys.js';
import { ifAllowed } from '../destinations/access.js';
import { type FilePlace, parseAddress } from '../destinations/address.js';
import { resolved } from '../destinations/file/version.js';
import type { OpenDestination } from '../destinations/for-session.js';
import { bookkeepingFolder, periodKeys } from './bookkeeping.js';
import { parseManifest, parsePending, parseRunRecord } from './documents.js';
import { manifestKey } from './manifest.js';

/** A file as a run record or a note lists it. */
export interface Listing {
  /** Relative to the destination of the run. */
  readonly recordKey: string;
  readonly report: string;
  /** Of the period: `YYYY-MM-DD`. */
  readonly lastDay: string;
  /** Whether a run record lists the file; else a run is about to publish it, or broke off. */
  readonly isPublished: boolean;
  readonly bytes: number;
  readonly sha256: string;
}

/** How many folders, or records, are looked at at the same time. */
const MAX_PARALLEL_LOOKS = 8;

/** A folder, or a prefix of a bucket, that may be the destination of a run, and the key that the file has there. */
interface Candidate {
  readonly root: string;
  /** Of the destination within the root; empty, or ending in a slash. */
  readonly prefix: string;
  readonly key: string;
}

/** A run record or a note, by its key. */
interface Bookkept {
  readonly key: string;
  readonly report: string;
  /** YYYYMMDD */
  readonly date: string;
}

/** The run records and notes of the folders that the files of one command may be published from. Each is listed once. */
export class Listings {
  readonly #open: OpenDestination;
  readonly #cwd: string;
  readonly #known = new Map<string, Promise<readonly Bookkept[]>>();

  constructor(open: OpenDestination, { cwd }: Pick<Config, 'cwd'>) {
    this.#open = open;
    this.#cwd = cwd;
  }

  /**
   * The record or the note that lists the file.
   * @throws ReportError `destination`, but not for what these credentials, or this user, may not read
   */
  async find(place: FilePlace): Promise<Listing | undefined> {
    const named = await namedByManifest(await this.#open(place.root), place.key);
    const all = await mapConcurrently(
      MAX_PARALLEL_LOOKS,
      await candidates(place, this.#cwd),
      async (candidate) => {
        const records = [...named, ...likely(await this.#bookkept(candidate), candidate.key)];
        const listings = await this.#read(
          candidate,
          records.map(({ key }) => key),
        );
        return listings.find(({ key }) => key === candidate.key);
      },
    );
    return all.find((listing) => listing !== undefined);
  }

  /** Every published file whose key begins with that of the place; keys are relative to its root. @throws as find() */
  async publishedBelow({ root, key }: FilePlace): Promise<(Listing & { readonly key: string })[]> {
    // A letter more, so that a folder is not taken for a file.
    const all = await mapConcurrently(
      MAX_PARALLEL_LOOKS,
      await candidates({ root, key: `${key}x` }, this.#cwd),
      async (candidate) => {
        const prefix = candidate.key.slice(0, -1);
        const bookkept = await this.#bookkept(candidate);
        const ofDay = bookkept.filter(({ date }) => prefix.includes(date));
        const records = (ofDay.length > 0 ? ofDay : bookkept).filter(({ key: record }) => isRecord(record));
        const listings = await this.#read(
          candidate,
          records.map((record) => record.key),
        );
        return listings
          .filter((listing) => listing.key.startsWith(prefix))
          .map((listing) => ({ ...listing, key: key + listing.key.slice(prefix.length) }));
      },
    );
    return all.flat();
  }

  #bookkept({ root, prefix }: Candidate): Promise<readonly Bookkept[]> {
    const id = JSON.stringify([root, prefix]);
    const found = this.#known.get(id) ?? bookkept(this.#open, root, prefix);
    this.#known.set(id, found);
    return found;
  }

  /** What the documents with these keys list. */
  async #read(
    candidate: Candidate,
    keys: readonly string[],
  ): Promise<(Listing & { readonly key: string })[]> {
    const destination = await this.#open(candidate.root);
    const all = await mapConcurrently(MAX_PARALLEL_LOOKS, [...new Set(keys)], (key) =>
      ifAllowed(listingsIn(destination, candidate, key)),
    );
    return all.flatMap((listings) => listings ?? []);
  }
}

/** Every folder or prefix above the file. Links are resolved: the folder of a link has no bookkeeping. */
async function candidates({ root, key }: FilePlace, cwd: string): Promise<Candidate[]> {
  const address = parseAddress(root);
  if (address?.scheme === 's3') {
    const whole = [address.path.replace(/\/$/, ''), key].filter((part) => part !== '').join('/');
    const ends = [0, ...[...whole.matchAll(/\//g)].map(({ index }) => index + 1)];
    return ends.map((end) => ({
      root: `s3://${address.bucket}`,
      prefix: whole.slice(0, end),
      key: whole.slice(end),
    }));
  }
  if (address?.scheme !== 'file') return [];
  const path = resolve(cwd, address.path, key);
  const file = join(await resolved(dirname(path)), basename(path));
  const folders: string[] = [];
  for (let folder = dirname(file); folder !== folders.at(-1); folder = dirname(folder)) folders.push(folder);
  return folders.map((folder) => ({
    root: folder,
    prefix: '',
    key: relative(folder, file).split(sep).join('/'),
  }));
}

/** The record and the note that the manifest beside the file names, if it is of a run. */
async function namedByManifest(destination: Destination, key: string): Promise<Pick<Bookkept, 'key'>[]> {
  const stored = await ifAllowed(destination.read(manifestKey(key)));
  const manifest = stored && readable(() => parseManifest(stored.content, manifestKey(key)));
  if (manifest === undefined || manifest.period === null) return [];
  const { record, pending } = periodKeys(manifest.report, manifest.period);
  return [{ key: record }, { key: pending }];
}

const RECORD = /^(.+)\/(\d{8})\.(?:pending\.)?json$/s;

async function bookkept(open: OpenDestination, root: string, prefix: string): Promise<Bookkept[]> {
  const folder = `${prefix}${BOOKKEEPING_FOLDER}`;
  const found: Bookkept[] = [];
  const list = async () => {
    const destination = await open(root);
    for await (const { key } of destination.list(folder)) {
      const [, report, date] = RECORD.exec(key.slice(folder.length)) ?? [];
      // Below history/ are files of former revisions, which can have any name.
      if (report === undefined || date === undefined || report.includes('/')) continue;
      found.push({ key: key.slice(prefix.length), report, date });
    }
  };
  await ifAllowed(list());
  return found;
}

/**
 * Those that may list a file with this key. A key names its period, or else its report publishes it for one period only: a second
 * one would find it taken.
 */
function likely(all: readonly Bookkept[], key: string): Bookkept[] {
  const ofDay = all.filter(({ date }) => key.includes(date));
  if (ofDay.length > 0) return ofDay;
  const ofMonth = all.filter(({ date }) => key.includes(date.slice(0, 4)) && key.includes(date.slice(4, 6)));
  if (ofMonth.length > 0) return ofMonth;
  const dates = new Map<string, Set<string>>();
  for (const { report, date } of all) dates.set(report, (dates.get(report) ?? new Set()).add(date));
  return all.filter(({ report }) => dates.get(report)?.size === 1);
}

function isRecord(key: string): boolean {
  return !key.endsWith('.pending.json');
}

/** @returns none for a document that is not there or cannot be read */
async function listingsIn(
  destination: Destination,
  { prefix }: Candidate,
  recordKey: string,
): Promise<(Listing & { readonly key: string })[]> {
  const stored = await destination.read(`${prefix}${recordKey}`);
  if (stored === undefined) return [];
  const isPublished = isRecord(recordKey);
  const parse = isPublished ? parseRunRecord : parsePending;
  const document = readable(() => parse(stored.content, recordKey));
  if (document === undefined) return [];
  const { report } = document;
  const [, year, month, day] =
    /(\d{4})(\d\d)(\d\d)\./.exec(recordKey.slice(bookkeepingFolder(report).length)) ?? [];
  const common = { recordKey, report, lastDay: `${year}-${month}-${day}`, isPublished };
  return document.outputs.map(({ key, bytes, sha256 }) => ({ ...common, key, bytes, sha256 }));
}

function readable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ReportError && error.code === 'contract') return undefined;
    throw error;
  }
}
