// Reads files that people write (reports, templates, scripts, certificates): plain files with a bound, so that none blocks or fills the memory.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

export const MEBIBYTE = 1024 * 1024;
/** Opening a FIFO that nobody writes would wait for ever. Windows has no such flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const CHUNK = 64 * 1024;

/** @throws Error when it is a folder, a device or a FIFO, or has more than `most` bytes, and what the system says */
export async function readSmallFile(path: string, most: number): Promise<Buffer> {
  const handle = await open(path, FLAGS);
  try {
    assertSmall(await handle.stat(), most);
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length = longer(length, bytesRead, most);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/**
 * The same without a promise.
 * @param kinds `pipes` also reads what `<(command)` of a shell gives, and waits for it
 */
export function readSmallFileSync(path: string, most: number, kinds: 'files' | 'pipes' = 'files'): Buffer {
  const descriptor = openSync(path, kinds === 'pipes' ? constants.O_RDONLY : FLAGS);
  try {
    const stats = fstatSync(descriptor);
    if (kinds === 'files' || !stats.isFIFO()) assertSmall(stats, most);
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const bytesRead = readSync(descriptor, chunk, 0, CHUNK, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length = longer(length, bytesRead, most);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(descriptor);
  }
}

function assertSmall(stats: Stats, most: number): void {
  if (stats.isDirectory()) throw new Error('it is a folder');
  if (!stats.isFile()) throw new Error('it is no plain file');
  longer(0, stats.size, most);
}

/** The length with some more bytes. A file can grow while it is read, and those of /proc have no size. */
function longer(length: number, more: number, most: number): number {
  if (length + more <= most) return length + more;
  throw new Error(`it has more than ${most / MEBIBYTE} MiB`);
}
