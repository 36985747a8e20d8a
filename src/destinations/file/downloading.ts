// Reads the bytes of one file, or of a FIFO that is a source.
import { close, constants, open as openCallback } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { ReportError } from '../../core/errors.js';
import type { Access } from '../access.js';
import { explain } from './failures.js';
import { kindOf, refused } from './place.js';

/** Does not wait for a writer where there is a FIFO, which nothing could interrupt. Windows has no such flag. */
export const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Bytes of one read. */
const CHUNK = 1024 * 1024;

interface DownloadOptions {
  readonly most?: number | undefined;
  readonly access?: Access;
}

/**
 * Reads as many bytes as the file has when it is opened; in a source also a FIFO, to its end.
 * @throws ReportError `destination` when it is not there, ends early or is no file, or the reason of the signal
 */
export async function* downloadFile(
  target: string,
  signal: AbortSignal,
  { most = Number.POSITIVE_INFINITY, access = 'write' }: DownloadOptions = {},
): AsyncGenerator<Buffer> {
  try {
    signal.throwIfAborted();
    const kind = kindOf(await stat(target));
    // A FIFO at a destination was not published, and may never end.
    if (kind === 'FIFO' && access === 'write') throw refused(target, kind, 'read');
    const isInterruptible = kind === 'FIFO' && process.platform === 'linux';
    yield* isInterruptible ? chunksOfFifo(target, signal, most) : chunksOfFile(target, signal, most);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw explain(`read ${target}`, error, access);
  }
}

async function* chunksOfFile(target: string, signal: AbortSignal, most: number): AsyncGenerator<Buffer> {
  const handle = await open(target, 'r');
  const stats = await handle.stat().catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  const expected = stats.isFile() ? Math.min(stats.size, most) : most;
  if (expected === 0) {
    await handle.close();
    return;
  }
  let bytes = 0;
  // The stream closes the handle, whichever way it ends.
  for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK, end: expected - 1, signal })) {
    signal.throwIfAborted();
    bytes += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (bytes === expected || !stats.isFile()) return;
  throw endsEarly(target, expected, bytes);
}

/** The error of a file from which fewer bytes came than it had when it was opened. */
export function endsEarly(target: string, expected: number, bytes: number): ReportError {
  const reason = `it has ${expected} bytes, we could read ${bytes}`;
  return new ReportError('destination', `could not read ${target}: ${reason}`, {
    reason,
    hint: 'See who else writes it.',
    retryable: true,
  });
}

/**
 * Waits for a writer, and for its bytes, without a thread that nothing could interrupt. On Linux a FIFO that was not written yet
 * has not ended (pipe(7)); other systems may say that it has.
 */
async function* chunksOfFifo(target: string, signal: AbortSignal, most: number): AsyncGenerator<Buffer> {
  const descriptor = await promisify(openCallback)(target, READ_AT_ONCE);
  if (signal.aborted || most === 0) {
    await promisify(close)(descriptor);
    signal.throwIfAborted();
    return;
  }
  let left = most;
  // The loop closes the socket, whichever way it ends, and the socket its descriptor.
  for await (const chunk of new Socket({ fd: descriptor, writable: false, signal })) {
    const bytes = chunk as Buffer;
    yield bytes.subarray(0, left);
    left -= bytes.length;
    if (left <= 0) return;
  }
}
