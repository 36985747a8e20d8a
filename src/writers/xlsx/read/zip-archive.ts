// The parts of a workbook, a zip archive (APPNOTE.TXT), each inflated as it is read; nothing is held but where they are.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, RandomAccessReader, ZipFile } from 'yauzl';
import { messageOf, ReportError } from '../../../core/errors.js';
import { transformed } from '../../compression.js';

const DEFLATED = 8;
/** A sheet holds a million rows: enough for ten billion. */
const MOST_ENTRIES = 10_000;
/** Bytes that are read, and inflated, at once. */
const PIECE = 256 * 1024;

/** A zip archive in an open file. */
export interface Archive {
  /**
   * The content of a part, with its checksum tested at the end.
   * @throws ReportError `contract` when there is no such part or it is damaged
   */
  read(name: string): AsyncGenerator<Buffer>;
}

/**
 * A file whose name is gone at once, so that nothing stays behind however the process ends, filled with the bytes.
 * @param expected the most bytes that are worth the room
 * @throws ReportError `contract` when there are more, `destination` when there is no room, and what the bytes throw
 */
export async function spooled(bytes: AsyncIterable<Buffer>, expected: number): Promise<FileHandle> {
  async function* limited() {
    let length = 0;
    for await (const chunk of bytes) {
      length += chunk.length;
      if (length > expected) throw damaged(`it goes on after ${expected} bytes`);
      yield chunk;
    }
  }
  const folder = tmpdir();
  let file: FileHandle | undefined;
  try {
    const path = join(folder, `reportctl-verify-${randomUUID()}`);
    file = await open(path, 'wx+', 0o600);
    await rm(path, { force: true });
    await writeFile(file, limited());
    return file;
  } catch (error) {
    await file?.close();
    if (!isSystem(error)) throw error;
    const message = `verifying xlsx: writing a temporary file in ${folder}: ${messageOf(error)}`;
    throw new ReportError('destination', message, {
      hint: 'Set TMPDIR to a folder with as much room as the largest workbook needs.',
      cause: error,
    });
  }
}

/**
 * Finds the parts that are asked for.
 * @throws ReportError `contract` when it is no zip archive as the writer makes them
 */
export async function openArchive(file: FileHandle, isWanted: (name: string) => boolean): Promise<Archive> {
  const entries = new Map<string, Entry>();
  const zip = await zipOf(file).catch(asDamaged);
  try {
    if (zip.entryCount > MOST_ENTRIES) throw damaged(`it has ${zip.entryCount} parts`);
    for await (const entry of zip.eachEntry()) {
      const { fileName: name } = entry;
      if (!isWanted(name)) continue;
      if (entries.has(name)) throw damaged(`it has ${name} twice`);
      if (entry.isEncrypted() || entry.compressionMethod !== DEFLATED)
        throw damaged(`${name} is not deflated`);
      entries.set(name, entry);
    }
  } catch (error) {
    asDamaged(error);
  }
  return {
    async *read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw damaged(`it has no ${name}`);
      try {
        yield* inflated(file, zip, entry);
      } catch (error) {
        asDamaged(error, name);
      }
    },
  };
}

async function zipOf(file: FileHandle): Promise<ZipFile> {
  const { size } = await file.stat();
  const { default: yauzl } = await import('yauzl');
  const { fromRandomAccessReaderPromise, RandomAccessReader } = yauzl;
  // Over the handle, so that whatever a position is, an error has its promise, and closing waits for what is under way.
  class HandleReader extends RandomAccessReader {
    override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader['read']>) {
      const answer = file.read(buffer, offset, length, position);
      answer.then(({ bytesRead }) => (callback as ReadCallback)(null, bytesRead), callback);
    }
  }
  return fromRandomAccessReaderPromise(new HandleReader(), size, { autoClose: false });
}

type ReadCallback = (error: Error | null, bytesRead: number) => void;

/** @throws plain errors, too, for what is damaged */
async function* inflated(file: FileHandle, zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = between(file, fileDataStart, fileDataStart + entry.compressedSize);
  let size = 0;
  let checksum = 0;
  for await (const bytes of transformed(packed, createInflateRaw({ chunkSize: PIECE }))) {
    size += bytes.length;
    if (size > entry.uncompressedSize) break;
    checksum = crc32(bytes, checksum);
    yield bytes;
  }
  if (size !== entry.uncompressedSize) throw new Error(`it is not of ${entry.uncompressedSize} bytes`);
  if (checksum !== entry.crc32) throw new Error('its checksum differs');
}

async function* between(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(Math.min(PIECE, end - at)),
      0,
      undefined,
      at,
    );
    if (bytesRead === 0) throw new Error('it is cut off');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** One line that says why the bytes are no workbook of ours. */
export function damaged(message: string, cause?: unknown): ReportError {
  return new ReportError('contract', message, { cause });
}

/** Throws the error as what is wrong with the bytes, unless the machine is at fault. */
function asDamaged(error: unknown, name?: string): never {
  if (error instanceof ReportError || isSystem(error)) throw error;
  const what = name === undefined ? 'it is no zip archive that can be read' : `${name} cannot be read`;
  throw damaged(`${what}: ${messageOf(error)}`, error);
}

function isSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
