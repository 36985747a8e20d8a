// One of two compared files: its manifest, and its rows in the layout of the comparison.

import type { Destination } from '../../core/destination.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Spelling } from '../../core/format.js';
import { locationOf } from '../../core/store.js';
import type { Cell } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';
import { manifestKey } from '../../publish/manifest.js';
import { ByteCounter } from '../../rows/counters.js';
import { rowsIn } from '../content.js';
import { type Naming, noSuchName } from '../no-such-name.js';
import type { Place } from '../place.js';
import { respelling, spellingOf } from './canonical.js';
import type { Layout } from './layout.js';

export interface Side {
  /** An absolute path or an s3:// URL. */
  readonly location: string;
  readonly manifest: Manifest;
  /** The published bytes; every call starts at the first byte. */
  download(): AsyncIterable<Buffer>;
}

/**
 * The file that a user named for a command.
 * @throws ReportError `usage` for a word that is no file, and as openSide()
 */
export async function openNamedSide(destination: Destination, place: Place, naming: Naming): Promise<Side> {
  const isThere = (await destination.stat(manifestKey(place.key))) !== undefined;
  const error = isThere ? undefined : await noSuchName(naming);
  if (error !== undefined) throw error;
  return openSide(destination, place);
}

/** @throws ReportError `contract` for a file without a manifest that can be read, `destination` */
export async function openSide(destination: Destination, { key }: Place): Promise<Side> {
  const location = locationOf(destination, key);
  const found = await destination.read(manifestKey(key));
  if (found === undefined) {
    throw new ReportError('contract', `${location} has no manifest (${manifestKey(key)})`, {
      hint: 'Give a file that run or export has written, its key at the destination, or a report and two days.',
    });
  }
  const { parseManifest } = await import('../../publish/documents.js');
  return {
    location,
    manifest: parseManifest(found.content, manifestKey(key)),
    download: () => destination.download(key),
  };
}

/**
 * The rows of a side with the compared columns.
 * @throws ReportError `contract` when the file is not what its manifest says; a wrong hash is found at the end
 */
export async function* comparedRows(side: Side, other: Side, layout: Layout): AsyncGenerator<Cell[][]> {
  const { manifest, location } = side;
  const counter = new ByteCounter();
  async function* counted() {
    for await (const chunk of side.download()) {
      counter.add(chunk);
      yield chunk;
    }
  }
  const pick = picker(manifest, layout, spellingOf(manifest), spellingOf(other.manifest));
  let isHeader = true;
  try {
    for await (const rows of rowsIn(counted(), manifest)) {
      const own = isHeader ? rows.slice(1) : rows;
      isHeader = false;
      if (own.length > 0) yield own.map(pick);
    }
  } catch (error) {
    if (!(error instanceof ReportError && error.code === 'contract')) throw error;
    throw changed(location, messageOf(error), error);
  }
  const sha256 = counter.sha256();
  if (sha256 !== manifest.sha256) {
    throw changed(location, `sha256: expected ${manifest.sha256}, found ${sha256}`);
  }
}

function changed(location: string, what: string, cause?: unknown): ReportError {
  return new ReportError('contract', `${location} is not what its manifest says: ${what}`, {
    hint: 'reportctl verify tells more.',
    cause,
  });
}

/** A function from a row of the file to a row of the layout. */
function picker({ columns }: Manifest, layout: Layout, own: Spelling, other: Spelling) {
  const cells = layout.columns.map(({ name }) => {
    const index = columns.findIndex((column) => column.name === name);
    return { index, respell: respelling(columns[index]?.kind ?? 'text', own, other) };
  });
  return (row: readonly Cell[]): Cell[] =>
    cells.map(({ index, respell }) => {
      const cell = row[index] ?? null;
      return cell === null || respell === undefined ? cell : respell(cell);
    });
}
