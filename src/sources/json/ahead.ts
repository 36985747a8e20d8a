// Opens files in order and fetches small ones ahead: with one document per file, each would wait for the store otherwise.
import pLimit from 'p-limit';
import type { DocumentFile } from './files.js';

const MAX_PARALLEL_FETCHES = 8;
/** Files that may be fetched ahead. */
const MAX_AHEAD = 64;
/** Larger files are not fetched ahead. */
const MAX_SMALL_BYTES = 512 * 1024;

export interface OpenedFile {
  readonly file: DocumentFile;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The files in their order. A failed fetch is thrown when its file is read. Leaving the loop stops the fetches. */
export async function* readAhead(
  files: readonly DocumentFile[],
  signal: AbortSignal,
): AsyncGenerator<OpenedFile> {
  const leaving = new AbortController();
  const fetchSignal = AbortSignal.any([signal, leaving.signal]);
  const limit = pLimit(MAX_PARALLEL_FETCHES);
  const active = new Set<Promise<unknown>>();
  const fetched = (file: DocumentFile): Promise<Uint8Array[]> | undefined => {
    if (file.size > MAX_SMALL_BYTES || files.length === 1) return undefined;
    const chunks = limit(() => {
      const work = all(file.stream(fetchSignal)).finally(() => active.delete(work));
      active.add(work);
      return work;
    });
    // A failure is thrown when the file's turn comes; until then it is no unhandled rejection.
    chunks.catch(() => undefined);
    return chunks;
  };
  const waiting = files.slice(0, MAX_AHEAD).map(fetched);
  try {
    for (const [index, file] of files.entries()) {
      const chunks = waiting.shift();
      yield { file, chunks: chunks === undefined ? file.stream(fetchSignal) : whenFetched(chunks) };
      const next = files[index + MAX_AHEAD];
      if (next !== undefined) waiting.push(fetched(next));
    }
  } finally {
    limit.clearQueue();
    leaving.abort();
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
