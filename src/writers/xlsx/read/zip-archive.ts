// The parts of a workbook, which is a zip archive (PKWARE APPNOTE.TXT). Memory holds the directory; a part is inflated as it is read.
import { tmpdir } from 'node:os';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, RandomAccessReader, ZipFile } from 'yauzl';
import { messageOf, ReportError } from '../../../core/errors.js';
import { TemporaryFile } from '../../../rows/temporary-file.js';
import { transformed } from '../../compression.js';

const DEFLATED = 8;
/** A sheet holds a million rows: this is enough for ten billion. */
const MAX_ENTRIES = 10_000;
/** Bytes that are read, and inflated, at a time. */
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
 * The bytes in a temporary file, which the caller closes.
 * @param expected the number of bytes, for which there is room
 * @throws ReportError `contract` when there are more, `destination` when there is no room, and what the bytes throw
 */
export async function spooled(bytes: AsyncIterable<Buffer>, expected: number): Promise<TemporaryFile> {
  const file = new TemporaryFile(tmpdir(), {
    name: 'verify',
    code: 'destination',
    doing: 'reading xlsx',
    room: 'the largest workbook needs',
  });
  try {
    for await (const chunk of bytes) {
      if (file.length + chunk.length > expected) throw damaged(`it goes on after ${expected} bytes`);
      await file.append(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Finds the parts that are asked for.
 * @throws ReportError `contract` when it is no zip archive as the writer makes them
 */
export async function openArchive(
  file: TemporaryFile,
  isWanted: (name: string) => boolean,
): Promise<Archive> {
  const entries = new Map<string, Entry>();
  const zip = await zipOf(file).catch(asDamaged);
  try {
    if (zip.entryCount > MAX_ENTRIES) throw damaged(`it has ${zip.entryCount} parts`);
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

async function zipOf(file: TemporaryFile): Promise<ZipFile> {
  const { default: yauzl } = await import('yauzl');
  const { fromRandomAccessReaderPromise, RandomAccessReader } = yauzl;
  class FileReader extends RandomAccessReader {
    override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader['read']>) {
      pieceAt(file, position, length).then((piece) => {
        piece.copy(buffer, offset);
        (callback as ReadCallback)(null, piece.length);
      }, callback);
    }
  }
  return fromRandomAccessReaderPromise(new FileReader(), file.length, { autoClose: false });
}

/** At most so many bytes; fewer at the end of the file, and none where a damaged archive points outside of it. */
async function pieceAt(file: TemporaryFile, position: number, length: number): Promise<Buffer> {
  const isInside = position >= 0 && position < file.length;
  return file.read({ from: position, length: isInside ? Math.min(length, file.length - position) : 0 });
}

type ReadCallback = (error: Error | null, bytesRead: number) => void;

/** @throws plain errors, too, for what is damaged */
async function* inflated(file: TemporaryFile, zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
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

async function* between(file: TemporaryFile, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const piece = await pieceAt(file, at, Math.min(PIECE, end - at));
    if (piece.length === 0) throw new Error('it is cut off');
    yield piece;
    at += piece.length;
  }
}

/** The error for bytes that are no workbook of ours. @param message one line */
export function damaged(message: string, cause?: unknown): ReportError {
  return new ReportError('contract', message, { cause });
}

/** Throws the error: as `contract`, unless the system or another part of the program failed. */
function asDamaged(error: unknown, name?: string): never {
  if (error instanceof ReportError || isSystem(error)) throw error;
  const what = name === undefined ? 'it is no zip archive that can be read' : `${name} cannot be read`;
  throw damaged(`${what}: ${messageOf(error)}`, error);
}

function isSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
