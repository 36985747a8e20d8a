// Standard output as a destination: what is written has gone, so there is nothing to stage and nothing to discard.
import type { Writable } from 'node:stream';
import { messageOf, ReportError } from '../errors.js';
import type { Destination, Staged } from '../table.js';

interface Options {
  readonly signal: AbortSignal;
  /** For tests. */
  readonly stream?: Writable;
}

/**
 * The promise that a bad report never appears cannot hold here: the reader gets bytes as they come, and only the exit
 * code says whether they are the whole report. `discard` leaves them where they went.
 */
export async function openStdout({ signal, stream = process.stdout }: Options): Promise<Destination> {
  // A broken pipe is also an event, which would end the process; write() reports it. Never removed: it can come late.
  stream.on('error', () => {});
  let staged = false;
  return {
    label: 'standard output',
    async stage() {
      if (staged) {
        throw new ReportError('usage', 'standard output takes one file, and this report has several', {
          hint: 'Write them to a folder or a bucket.',
        });
      }
      staged = true;
      return stageStream(stream, signal);
    },
    read: async () => undefined,
    stat: async () => undefined,
    // biome-ignore lint/correctness/useYield: there is nothing to yield.
    async *download() {
      throw unreadable();
    },
    async *list() {},
    async copy() {
      throw unreadable();
    },
    remove: async () => {},
    async *leftovers() {},
    check: async () => [
      {
        subject: 'standard output',
        ok: !stream.destroyed,
        detail: 'cannot be taken back when a report fails',
      },
    ],
    close: async () => {},
  };
}

function stageStream(stream: Writable, signal: AbortSignal): Staged {
  let bytes = 0;
  return {
    async write(chunk) {
      await writeThrough(stream, chunk, signal);
      bytes += chunk.length;
    },
    async publish() {
      // An empty write is answered after all others.
      await writeThrough(stream, Buffer.alloc(0), signal);
      return { location: 'standard output', bytes, version: 'written' };
    },
    async discard() {},
  };
}

/** Resolves when the operating system has taken the chunk: back-pressure, and no error is late. */
function writeThrough(stream: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const cancelled = () => reject(signal.reason);
    signal.addEventListener('abort', cancelled, { once: true });
    stream.write(chunk, (error) => {
      signal.removeEventListener('abort', cancelled);
      if (error) reject(explain(error));
      else resolve();
    });
  });
}

function unreadable(): ReportError {
  return new ReportError('destination', 'standard output cannot be read', {
    hint: 'Name a folder or a bucket.',
    retryable: false,
  });
}

/** Codes of a reader that has closed its end. */
const READER_GONE = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

function explain(error: NodeJS.ErrnoException): ReportError {
  if (READER_GONE.includes(error.code ?? '')) {
    return new ReportError('reader-gone', 'whoever read standard output has stopped reading', {
      cause: error,
    });
  }
  return new ReportError('destination', `could not write standard output: ${messageOf(error)}`, {
    hint: 'See what standard output is connected to.',
    cause: error,
    retryable: false,
  });
}
