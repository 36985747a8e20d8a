// Standard output as a destination: bytes are passed on at once, so nothing is staged and nothing can be discarded.
import type { Writable } from 'node:stream';
import type { Destination, Staged } from '../core/destination.js';
import { messageOf, ReportError } from '../core/errors.js';

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

/**
 * For a terminal: replaces control characters except tab and line ends by `?`, so that no value controls the terminal
 * (ECMA-48; in UTF-8 U+0080 to U+009F are 0xC2 and a byte of that range). A pipe or a file gets the bytes unchanged.
 */
function withoutControls(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
  return Buffer.from(text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]/g, '?'), 'latin1');
}

function stageStream(stream: Writable & { readonly isTTY?: boolean }, signal: AbortSignal): Staged {
  let bytes = 0;
  return {
    async write(chunk) {
      await writeThrough(stream, stream.isTTY ? withoutControls(chunk) : chunk, signal);
      bytes += chunk.length;
    },
    async publish() {
      // The callback of an empty write comes after those of all others.
      await writeThrough(stream, Buffer.alloc(0), signal);
      return { location: 'standard output', bytes, version: 'written' };
    },
    async discard() {},
  };
}

/** Resolves when the operating system has taken the chunk, so that back-pressure works and errors belong to their write. */
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
