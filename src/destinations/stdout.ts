// Standard output as a destination: bytes are passed on at once, so nothing is staged and nothing can be discarded.
import type { Writable } from 'node:stream';
import type { Destination, Staged } from '../core/destination.js';
import { messageOf, ReportError } from '../core/errors.js';
import { withoutControls, writeThrough } from './contract/written-through.js';

interface Options {
  readonly signal: AbortSignal;
  /** For tests. */
  readonly stream?: Writable & { readonly isTTY?: boolean };
}

/**
 * The promise that a bad report never appears does not hold here: the reader gets the bytes at once, and only the exit
 * code says whether they are the whole report. `discard` does nothing.
 */
export async function openStdout({ signal, stream = process.stdout }: Options): Promise<Destination> {
  // Without a listener a broken pipe would end the process; write() reports it. Not removed: the event can come late.
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

function stageStream(stream: Writable & { readonly isTTY?: boolean }, signal: AbortSignal): Staged {
  let bytes = 0;
  const write = (chunk: Buffer) =>
    writeThrough(stream, chunk, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw explain(error as NodeJS.ErrnoException);
    });
  return {
    async write(chunk) {
      await write(stream.isTTY ? withoutControls(chunk) : chunk);
      bytes += chunk.length;
    },
    async publish() {
      // The callback of an empty write comes after those of all others.
      await write(Buffer.alloc(0));
      return { location: 'standard output', bytes, version: 'written' };
    },
    async discard() {},
  };
}

function unreadable(): ReportError {
  return new ReportError('destination', 'standard output cannot be read', {
    hint: 'Name a folder or a bucket.',
    retryable: false,
  });
}

/** Codes of errors when the reader has closed the pipe. */
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
