// An output that keeps nothing (a FIFO, a socket, a device, an open descriptor): bytes are passed on at once, so nothing is staged.
import { once } from 'node:events';
import { close, constants, fstat, open, readFileSync, readlinkSync, write } from 'node:fs';
import { connect, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import type { Staged } from '../../core/destination.js';
import { withoutControls, writeThrough } from '../contract/written-through.js';
import { codeOf, explain } from './failures.js';
import { type Kind, kindOf, type Place, refused } from './place.js';

/** Milliseconds between two looks whether a FIFO has a reader, or a device has room. */
const POLL_MS = 20;

/** Node opens its own descriptors first, and a shell's user seldom types larger numbers. */
const MAX_OWN_DESCRIPTOR = 64;

export type Stream = Extract<Place, { kind: 'FIFO' | 'socket' | 'device' | 'descriptor' }>;

interface Sink {
  /** Resolves when the operating system has taken all of it. */
  write(chunk: Buffer): Promise<void>;
  /** Closes; what was written before still reaches the reader. */
  close(): Promise<void>;
}

/**
 * Opens what is there; a FIFO when it has a reader. The promise that a bad report never appears does not hold here, as it does
 * not for standard output: `discard` only closes.
 * @param path for messages
 * @throws ReportError `destination`, or the reason of the signal, which also ends the wait for a reader
 */
export async function stageThrough(path: string, place: Stream, signal: AbortSignal): Promise<Staged> {
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw explain(`write ${path}`, error);
    }
  };
  const sink = await attempt(() => openSink(place, signal));
  let bytes = 0;
  return {
    async write(chunk) {
      await attempt(() => sink.write(chunk));
      bytes += chunk.length;
    },
    async publish() {
      await attempt(() => sink.close());
      return { location: path, bytes, version: 'written' };
    },
    // Ignore a failure: nothing is kept that could be taken back.
    discard: () => sink.close().catch(() => undefined),
  };
}

function openSink(place: Stream, signal: AbortSignal): Promise<Sink> {
  if (place.kind === 'socket') return connected(place.path, signal);
  if (place.kind === 'descriptor') return openDescriptor(place.descriptor, signal);
  return openPath(place.path, place.kind === 'FIFO', signal);
}

/**
 * Never waits in open(2), which nothing could interrupt.
 * @param waits try again while a FIFO has no reader
 */
async function openPath(path: string, waits: boolean, signal: AbortSignal): Promise<Sink> {
  for (;;) {
    try {
      const descriptor = await promisify(open)(path, constants.O_WRONLY | constants.O_NONBLOCK);
      const { kind } = await statOf(descriptor);
      if (kind === 'FIFO') return socketSink(new Socket({ fd: descriptor, readable: false }), signal);
      if (kind === 'device') return rawSink(descriptor, signal, () => promisify(close)(descriptor));
      await promisify(close)(descriptor);
      throw refused(path, 'unknown');
    } catch (error) {
      if (!waits || codeOf(error) !== 'ENXIO') throw error;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function openDescriptor(descriptor: number, signal: AbortSignal): Promise<Sink> {
  const { kind, inode } = await statOf(descriptor);
  const path = `/dev/fd/${descriptor}`;
  if (kind === 'folder' || kind === 'disk') throw refused(path, kind);
  if (kind === 'unknown' || (kind === 'FIFO' && isOwnPipe(inode)))
    throw Object.assign(new Error('nobody passed it to this process'), { code: 'EBADF' });
  // Opened anew where that works: what is open is shared with other processes, and so is whether its writes wait.
  const isReopened = kind === 'FIFO' || kind === 'device';
  const sink = isReopened ? await openPath(path, false, signal).catch(() => undefined) : undefined;
  return sink ?? rawSink(descriptor, signal, async () => {});
}

async function statOf(descriptor: number): Promise<{ readonly kind: Kind; readonly inode: number }> {
  const stats = await promisify(fstat)(descriptor);
  return { kind: kindOf(stats), inode: stats.ino };
}

/** Whether this process holds the reading end of a pipe: then the pipe is one of Node's own, or its end is for reading. */
function isOwnPipe(inode: number): boolean {
  const textOf = (read: () => string) => {
    try {
      return read();
    } catch {
      // There is no such descriptor, or no /proc.
      return '';
    }
  };
  for (let other = 0; other <= MAX_OWN_DESCRIPTOR; other++) {
    const target = textOf(() => readlinkSync(`/proc/self/fd/${other}`));
    if (target !== `pipe:[${inode}]`) continue;
    const info = textOf(() => readFileSync(`/proc/self/fdinfo/${other}`, 'utf8'));
    const [, flags = '1'] = /^flags:\s*(\d+)/m.exec(info) ?? [];
    // O_RDONLY is 0 in the two lowest bits.
    if ((Number.parseInt(flags, 8) & 0o3) === 0) return true;
  }
  return false;
}

async function connected(path: string, signal: AbortSignal): Promise<Sink> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  // What the other side sends is dropped.
  return socketSink(socket.resume(), signal);
}

function socketSink(socket: Socket, signal: AbortSignal): Sink {
  // Without a listener an error would end the process; each write reports its own.
  socket.on('error', () => {});
  return {
    write: (chunk) => writeThrough(socket, chunk, signal),
    close: async () => {
      socket.destroy();
    },
  };
}

/** Writes to a descriptor itself, waiting in between where it takes nothing now. */
function rawSink(descriptor: number, signal: AbortSignal, close: () => Promise<void>): Sink {
  const isTerminal = isatty(descriptor);
  return {
    async write(chunk) {
      const bytes = isTerminal ? withoutControls(chunk) : chunk;
      for (let written = 0; written < bytes.length; ) {
        signal.throwIfAborted();
        try {
          const left = bytes.length - written;
          written += (await promisify(write)(descriptor, bytes, written, left, null)).bytesWritten;
        } catch (error) {
          if (codeOf(error) !== 'EAGAIN') throw error;
          await sleep(POLL_MS, undefined, { signal });
        }
      }
    },
    close,
  };
}
