// Finds the files of a collection by their names.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { OpenedStore, Store, Stored } from '../../core/store.js';
import { compareTexts } from '../../rows/sort/order.js';

/** A file or object with documents in it. */
export interface DocumentFile {
  /** For messages: the name relative to the URL. */
  readonly name: string;
  /** Bytes as stored. */
  readonly size: number;
  /** The path of a file on this machine. */
  readonly path?: string;
  /** The first `most` bytes, or all. @throws ReportError `destination`, or the signal's reason */
  readonly stream: (signal: AbortSignal, most?: number) => AsyncIterable<Uint8Array>;
}

/** What a source's URL names: a folder, a prefix of a bucket, or one file. */
export interface Place {
  /** Set when the URL names one file; there are no collections then. */
  readonly single: DocumentFile | undefined;
  /** The files whose name starts with the prefix, or the first `most` of them. @throws ReportError `destination` */
  list(prefix: string, most?: number): Promise<DocumentFile[]>;
  close(): Promise<void>;
}

/** The files of one read, in the order in which they are read. */
export interface Files {
  readonly files: readonly DocumentFile[];
  /** Are they the files of a folder, rather than one file with the whole collection? */
  readonly many: boolean;
  /** Names of files that are not read because of their ending. */
  readonly leftOut: readonly string[];
}

export const DOCUMENT_ENDING = /\.(json|ndjson|jsonl)(\.gz)?$/i;

/** @param doing for messages @throws ReportError `source` when the URL names a file that is not there, and what stat() throws */
export async function placeOf({ store, key }: OpenedStore, doing: string): Promise<Place> {
  const found = key === undefined ? undefined : await store.stat(key);
  if (key !== undefined && found === undefined) {
    throw new ReportError('source', `${doing}: it is not there`, {
      hint: 'Check the URL; a relative path starts at the working directory.',
      retryable: false,
    });
  }
  return {
    single: found && fileOf(store, found),
    list: async (prefix, most = Number.POSITIVE_INFINITY) => {
      const files: DocumentFile[] = [];
      for await (const stored of store.list(prefix)) {
        files.push(fileOf(store, stored));
        if (files.length >= most) break;
      }
      return files;
    },
    close: () => store.close(),
  };
}

function fileOf(store: Store, { key, bytes }: Stored): DocumentFile {
  const path = store.localPath?.(key);
  return {
    name: key,
    size: bytes,
    ...(path !== undefined && { path }),
    stream: (signal, most) =>
      store.download(key, { signal, most: most !== undefined && most < bytes ? most : undefined }),
  };
}

/**
 * The place's single file; or `<collection>.json`, `.ndjson` or `.jsonl`, each also with `.gz`; or all such files in
 * `<collection>/` and below, ordered by the code points of their names.
 * @throws ReportError `source` when there is none, or more than one of these
 */
export async function filesOf(place: Place, collection: string, doing: string): Promise<Files> {
  if (place.single !== undefined) return { files: [place.single], many: false, leftOut: [] };
  assertInside(collection, doing);
  const single = (await place.list(`${collection}.`)).filter(
    ({ name }) =>
      DOCUMENT_ENDING.test(name.slice(collection.length)) && name.replace(DOCUMENT_ENDING, '') === collection,
  );
  const inFolder = await place.list(`${collection}/`);
  const parts = inFolder.filter(({ name }) => DOCUMENT_ENDING.test(name));
  const found = [...single.map(({ name }) => name), ...(parts.length > 0 ? [`${collection}/`] : [])];
  if (found.length > 1) {
    throw new ReportError(
      'source',
      `${doing}: the collection "${collection}" is there more than once: ${found.join(', ')}`,
      {
        hint: 'Keep one of them, or let the source name the file.',
        retryable: false,
      },
    );
  }
  if (found.length === 0) {
    throw new ReportError('source', `${doing}: there is no collection "${collection}"`, {
      hint: await missingHint(place, collection),
      retryable: false,
    });
  }
  if (single.length > 0) return { files: single, many: false, leftOut: [] };
  return {
    files: parts.sort((a, b) => compareTexts(a.name, b.name)),
    many: true,
    leftOut: inFolder.filter(({ name }) => !DOCUMENT_ENDING.test(name)).map(({ name }) => name),
  };
}

/** `.` and `..`, also as a proxy in front of a bucket could decode them. */
const RELATIVE = /^(?:\.|%2e){1,2}$/i;

/**
 * A collection is inside of its source. A link in the folder is the operator's, and is followed.
 * @throws ReportError `definition` for an absolute path, `.`, `..`, an empty part or a control character
 */
function assertInside(collection: string, doing: string): void {
  const isInside = collection.split(/[\\/]/).every((part) => part !== '' && !RELATIVE.test(part));
  if (isInside && !/\p{Cc}/u.test(collection)) return;
  throw new ReportError(
    'definition',
    `${doing}: the collection ${JSON.stringify(collection)} is not inside of it`,
    {
      hint: 'Give the name of a file or folder in the source, without its ending; or let the source name another folder.',
    },
  );
}

async function missingHint(place: Place, collection: string): Promise<string> {
  const all = (await place.list('', 1000))
    .map(({ name }) => name)
    .filter((name) => DOCUMENT_ENDING.test(name));
  const names = [...new Set(all.map((name) => name.replace(/\/.*$/s, '').replace(DOCUMENT_ENDING, '')))].sort(
    compareTexts,
  );
  const looked = `Looked for ${collection}.json, .ndjson, .jsonl, each also with .gz, and for such files in ${collection}/`;
  return `${looked}; ${didYouMean(collection, names.slice(0, 20))}.`;
}
