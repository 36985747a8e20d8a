// Reads a known number of bytes of an open file. One read may give fewer than it was asked for (read(2)), as on network file systems.
import type { FileHandle } from 'node:fs/promises';

/**
 * Fills the buffer from a position in the file. Use it in place of FileHandle.readFile(), which takes a short read of a small file
 * for its end.
 * @param from bytes from the beginning of the file
 * @returns the number of bytes; fewer than the buffer has only where the file ends. @throws what Node throws
 */
export async function readFully(file: FileHandle, bytes: Buffer, from: number): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, from + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
