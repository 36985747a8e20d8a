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
  /** The same for all names of one file on this machine: links, and hard links. */
  readonly identity?: string;
  /** The first `most` bytes, or all. @throws ReportError `destination`, or the signal's reason */
  readonly stream: (signal: AbortSignal, most?: number) => AsyncIterable<Uint8Array>;
}

/** What a source's URL names: a folder, a prefix of a bucket, or one file. */
export interface Place {
  /** Set when the URL names one file; there are no collections then. */
  readonly single: DocumentFile | undefined;
  /** @param most files that are listed; all without it. @throws ReportError `destination` */
  list(prefix: string, most?: number): Promise<Listed>;
  close(): Promise<void>;
}

/** What has names that start with a prefix. */
interface Listed {
  readonly files: readonly DocumentFile[];
  /** Hidden folders, with a slash, and files with documents: they are not among the files. */
  readonly hidden: readonly string[];
}

/** The files of one read, in the order in which they are read. */
export interface Files {
  readonly files: readonly DocumentFile[];
  /** Are they the files of a folder, rather than one file with the whole collection? */
  readonly many: boolean;
  /** What of the folder is not read: one line for each reason. */
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
      const hidden: string[] = [];
      const onHidden = (name: string) => {
        if (name.endsWith('/') || DOCUMENT_ENDING.test(name)) hidden.push(name);
      };
      for await (const stored of store.list(prefix, onHidden)) {
        files.push(fileOf(store, stored));
        if (files.length >= most) break;
      }
      return { files, hidden };
    },
    close: () => store.close(),
  };
}

function fileOf(store: Store, { key, bytes, version }: Stored): DocumentFile {
  const path = store.localPath?.(key);
  return {
    name: key,
    size: bytes,
    // In a bucket, two objects with the same bytes have the same version.
    ...(path !== undefined && { path, identity: version }),
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
  const single = (await place.list(`${collection}.`)).files.filter(
    ({ name }) =>
      DOCUMENT_ENDING.test(name.slice(collection.length)) && name.replace(DOCUMENT_ENDING, '') === collection,
  );
  const inFolder = await place.list(`${collection}/`);
  const parts = inFolder.files.filter(({ name }) => DOCUMENT_ENDING.test(name));
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
  if (found.length === 0) throw await missing(place, collection, inFolder.hidden, doing);
  if (single.length > 0) return { files: single, many: false, leftOut: [] };
  const [files, links] = withoutLinks(parts.sort((a, b) => compareTexts(a.name, b.name)));
  const others = inFolder.files.map(({ name }) => name).filter((name) => !DOCUMENT_ENDING.test(name));
  return {
    files,
    many: true,
    leftOut: [
      ...leftOutLine(others, 'file of another kind was', 'files of another kind were'),
      ...leftOutLine(
        inFolder.hidden,
        'name that begins with . or _ was',
        'names that begin with . or _ were',
      ),
      ...leftOutLine(links, 'link to a file that is read was', 'links to files that are read were'),
    ],
  };
}

/** Each file once, under the first of its names, and the other names. */
function withoutLinks(all: readonly DocumentFile[]): [files: DocumentFile[], links: string[]] {
  const known = new Set<string>();
  const links: string[] = [];
  const files = all.filter(({ name, identity }) => {
    const isKnown = identity !== undefined && known.has(identity);
    if (isKnown) links.push(name);
    if (identity !== undefined) known.add(identity);
    return !isKnown;
  });
  return [files, links];
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

/** A line about what is left out, where there is any. @param one and @param many to go with a number */
function leftOutLine(names: readonly string[], one: string, many: string): string[] {
  return names.length === 0
    ? []
    : [`${names.length} ${names.length === 1 ? one : many} left out: ${someOf(names)}`];
}

/** Up to three names. */
export function someOf(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}

/** @param hidden the names below the collection that are left out */
async function missing(
  place: Place,
  collection: string,
  hidden: readonly string[],
  doing: string,
): Promise<ReportError> {
  const [first] = hidden;
  const what = first === undefined ? 'there is no collection' : 'only hidden names are in the collection';
  const list = first === undefined ? '' : `: ${someOf(hidden)}`;
  return new ReportError('source', `${doing}: ${what} "${collection}"${list}`, {
    hint:
      first === undefined
        ? await missingHint(place, collection)
        : `What begins with . or _ is read only where it is named, as in collection: ${first.replace(/\/$/, '').replace(DOCUMENT_ENDING, '')}.`,
    retryable: false,
  });
}

async function missingHint(place: Place, collection: string): Promise<string> {
  const all = (await place.list('', 1000)).files
    .map(({ name }) => name)
    .filter((name) => DOCUMENT_ENDING.test(name));
  const names = [...new Set(all.map((name) => name.replace(/\/.*$/s, '').replace(DOCUMENT_ENDING, '')))].sort(
    compareTexts,
  );
  const looked = `Looked for ${collection}.json, .ndjson, .jsonl, each also with .gz, and for such files in ${collection}/`;
  return `${looked}; ${didYouMean(collection, names.slice(0, 20))}.`;
}
