// Files one after the other, small ones fetched before their turn: a document each would else wait for the store.
import pLimit from 'p-limit';
import type { DocumentFile } from './files.js';

const AT_ONCE = 8;
/** Files that are fetched or wait in memory, and the bytes of the largest that may. */
const AHEAD = 64;
const SMALL = 512 * 1024;

export interface OpenedFile {
  readonly file: DocumentFile;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** In the order of `files`; a failure to fetch is thrown when its file is read. Stops fetching when it is left. */
export async function* readAhead(
  files: readonly DocumentFile[],
  signal: AbortSignal,
): AsyncGenerator<OpenedFile> {
  const left = new AbortController();
  const both = AbortSignal.any([signal, left.signal]);
  const limit = pLimit(AT_ONCE);
  const active = new Set<Promise<unknown>>();
  const fetched = (file: DocumentFile): Promise<Uint8Array[]> | undefined => {
    if (file.size > SMALL || files.length === 1) return undefined;
    const chunks = limit(() => {
      const work = all(file.stream(both)).finally(() => active.delete(work));
      active.add(work);
      return work;
    });
    // It is thrown when its turn comes, if it comes.
    chunks.catch(() => undefined);
    return chunks;
  };
  const waiting = files.slice(0, AHEAD).map(fetched);
  try {
    for (const [index, file] of files.entries()) {
      const chunks = waiting.shift();
      yield { file, chunks: chunks === undefined ? file.stream(both) : whenFetched(chunks) };
      const next = files[index + AHEAD];
      if (next !== undefined) waiting.push(fetched(next));
    }
  } finally {
    limit.clearQueue();
    left.abort();
    await Promise.allSettled(active);
  }
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const held: Uint8Array[] = [];
  for await (const chunk of chunks) held.push(chunk);
  return held;
}

async function* whenFetched(chunks: Promise<Uint8Array[]>): AsyncGenerator<Uint8Array> {
  yield* await chunks;
}
