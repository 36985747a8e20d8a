// Reads a small zip archive in memory, such as exceljs writes.
import { constants } from 'node:buffer';
import { crc32, inflateRawSync } from 'node:zlib';

const END = Buffer.from('PK\x05\x06', 'latin1');

/** The content is larger than allowed. */
export class TooLarge extends Error {}

/**
 * Name to content of the files, in the archive's order.
 * @param most bytes of all contents together
 * @throws Error for what is damaged, or no such archive, TooLarge
 */
export function unzipped(archive: Buffer, most = Number.POSITIVE_INFINITY): Map<string, Buffer> {
  let left = most;
  const end = archive.lastIndexOf(END);
  if (end === -1) throw new Error('no zip archive');
  const entries = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20));
    const content = archive.readUInt16LE(at + 10) === 0 ? packed : inflated(packed, left, most);
    left -= content.length;
    if (left < 0) throw tooLarge(most);
    if (crc32(content) !== archive.readUInt32LE(at + 16)) throw new Error(`"${name}" is damaged`);
    // An entry of a folder is not a part of the workbook.
    if (!name.endsWith('/')) entries.set(name, content);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

/** What an archive says of the size of its content may be a lie. */
function inflated(packed: Buffer, left: number, most: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, Math.min(left, constants.MAX_LENGTH)) });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(most) : error;
  }
}

function tooLarge(most: number): TooLarge {
  return new TooLarge(`its parts are larger than ${Math.floor(most / 1024 ** 2)} MiB when they are inflated`);
}
