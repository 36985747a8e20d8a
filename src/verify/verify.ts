// Compares a published file with its manifest and its run record.

import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { locationOf } from '../core/store.js';
import type { Manifest, RunRecord } from '../publish/documents.js';
import type { Listing, Listings } from '../publish/listing.js';
import { manifestKey } from '../publish/manifest.js';
import { type Content, measure } from './content.js';
import { compare, compareEach, type Difference } from './differences.js';
import { type Place, type Standing, standingOf } from './place.js';

export interface VerifyOptions {
  /** Opens a destination by its root; the caller closes it. */
  readonly open: (root: string) => Promise<Destination>;
  /** What run records list. */
  readonly listings: Pick<Listings, 'find'>;
  /** Compares the manifest with a fresh read; see freshComparison(). */
  readonly compareFresh?: ((manifest: Manifest) => Promise<Difference[]>) | undefined;
}

export interface Verified {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  /** Empty for a file that is unchanged since it was published. */
  readonly differences: readonly Difference[];
  /** From the manifest and the bytes; absent without a readable manifest. */
  readonly standing?: Standing['of'];
  readonly report?: string;
  readonly period?: Manifest['period'];
  readonly revision?: number;
  readonly rows?: number;
  readonly bytes?: number;
  readonly sha256?: string;
  /** Of a file that differs: the report, and the last day of the period, whose run record lists a file at this key. */
  readonly publishedAs?: { readonly report: string; readonly lastDay: string };
  /** Column name to how many of its numbers the file holds as text, where its manifest says so too; absent where none. */
  readonly textNumbers?: Manifest['textNumbers'];
}

/** @throws ReportError `destination` when the store cannot be read, and what the fresh read throws */
export async function verifyFile(place: Place, options: VerifyOptions): Promise<Verified> {
  const verified = await compareFile(place, options);
  if (verified.differences.length === 0) return verified;
  const listing = place.listedBy ?? (await publishedAt(place, options.listings));
  if (listing === undefined) return verified;
  const { report, lastDay } = listing;
  return { ...verified, publishedAs: { report, lastDay } };
}

async function publishedAt(place: Place, listings: VerifyOptions['listings']): Promise<Listing | undefined> {
  const listing = await listings.find(place);
  return listing?.isPublished ? listing : undefined;
}

async function compareFile(place: Place, { open, compareFresh, listings }: VerifyOptions): Promise<Verified> {
  const destination = await open(place.root);
  const location = locationOf(destination, place.key);
  const [stored, found] = await Promise.all([
    destination.stat(place.key),
    destination.read(manifestKey(place.key)),
  ]);
  const none = (what: string, key: string) => ({ what, expected: key, found: 'none' });
  if (stored === undefined || found === undefined) {
    const missing = stored === undefined ? [none('file', place.key)] : [];
    return {
      location,
      differences: found === undefined ? [...missing, none('manifest', manifestKey(place.key))] : missing,
    };
  }
  const { parseManifest } = await import('../publish/documents.js');
  const manifest = readable(() => parseManifest(found.content, manifestKey(place.key)));
  if (typeof manifest === 'string') {
    return {
      location,
      differences: [{ what: 'manifest', expected: 'one that can be read', found: manifest }],
    };
  }
  const { bytes, sha256, content } = await measure(destination.download(place.key), manifest);
  const standing = standingOf(place, manifest);
  // An ad-hoc export has no run record of its own, but may be in the place of a published file.
  const listing =
    place.listedBy ?? (standing.of === 'export' ? await publishedAt(place, listings) : undefined);
  return {
    location,
    standing: standing.of,
    report: manifest.report,
    period: manifest.period,
    revision: manifest.revision,
    rows: 'rows' in content ? content.rows : manifest.rows,
    bytes,
    sha256,
    ...(manifest.textNumbers && { textNumbers: manifest.textNumbers }),
    differences: [
      ...compare('bytes', manifest.bytes, bytes),
      ...compare('sha256', manifest.sha256, sha256),
      ...compareContent(manifest, content),
      ...(standing.of === 'current' || listing === undefined
        ? await compareRecord(manifest, standing, open)
        : compareListed(listing, standing, { bytes, sha256 })),
      ...((await compareFresh?.(manifest)) ?? []),
    ],
  };
}

function compareContent(
  manifest: Manifest,
  content: Content | { readonly unreadable: string },
): Difference[] {
  if ('unreadable' in content) {
    const expected = `${manifest.format} as the manifest describes it`;
    return [{ what: 'content', expected, found: content.unreadable }];
  }
  const titles = manifest.columns.map(({ name, title }) => title ?? name);
  return [
    ...compare('header', JSON.stringify(titles), JSON.stringify(content.header)),
    ...compare('rows', manifest.rows, content.rows),
    ...compareEach('total', manifest.totals, content.totals),
    ...compareEach('nulls', manifest.nulls, content.nulls),
    ...compareEach('numbers as text', manifest.textNumbers ?? {}, content.textNumbers),
  ];
}

/** A file that the run record lists, and whose manifest is of something else, such as an ad-hoc export to its key. */
function compareListed(
  listed: NonNullable<Place['listedBy']>,
  standing: Standing,
  found: { readonly bytes: number; readonly sha256: string },
): Difference[] {
  const names = {
    current: 'a published file',
    former: 'a replaced file',
    refused: 'a refused file',
    moved: 'a file of another key',
  };
  const what = standing.of === 'export' ? 'an ad-hoc export' : names[standing.of];
  return [
    { what: 'not published', expected: `the file of ${listed.recordKey}`, found: what },
    ...compare('sha256 of the run record', listed.sha256, found.sha256),
    ...compare('bytes of the run record', listed.bytes, found.bytes),
  ];
}

/** Files of a run record that a difference names. */
const MAX_NAMED_FILES = 3;

/** The run record decides whether the file is published: a manifest alone does not. */
async function compareRecord(
  { key, sha256, bytes, rows }: Manifest,
  standing: Standing,
  open: VerifyOptions['open'],
): Promise<Difference[]> {
  const unpublished = (expected: string, found: string) => [{ what: 'not published', expected, found }];
  if (standing.of === 'moved') {
    return unpublished(
      `${key} at its destination, beside its run record`,
      'a copy elsewhere, for which only its own manifest speaks',
    );
  }
  if (!('root' in standing)) return [];
  const record = await readRecord(await open(standing.root), standing.recordKey);
  if (record === undefined) return unpublished(`the run record ${standing.recordKey}`, 'none');
  if (typeof record === 'string') return unpublished('a run record that can be read', record);
  const output = record.outputs.find((each) => each.key === key);
  if (output === undefined) {
    const listed = record.outputs.map((each) => each.key);
    const found = listed.slice(0, MAX_NAMED_FILES).join(', ') || 'no file';
    const more = listed.length > MAX_NAMED_FILES ? ` and ${listed.length - MAX_NAMED_FILES} more` : '';
    return unpublished(`${key} in ${standing.recordKey}`, `${found}${more}`);
  }
  return [
    ...compare('sha256 of the run record', output.sha256, sha256),
    ...compare('bytes of the run record', output.bytes, bytes),
    ...compare('rows of the run record', output.rows, rows),
  ];
}

/** The run record, what is wrong with it, or undefined when there is none. @throws ReportError `destination` */
export async function readRecord(
  destination: Destination,
  key: string,
): Promise<RunRecord | string | undefined> {
  const found = await destination.read(key);
  if (found === undefined) return undefined;
  const { parseRunRecord } = await import('../publish/documents.js');
  return readable(() => parseRunRecord(found.content, key));
}

/** The parsed value, or the sentence of a `contract` error. */
function readable<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ReportError && error.code === 'contract') return error.message;
    throw error;
  }
}
