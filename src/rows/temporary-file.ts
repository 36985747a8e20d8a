// A temporary file for what does not fit into memory. It is unlinked when it is created, so nothing is left however the process ends.
import { readSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, isFull, messageOf, ReportError } from '../core/errors.js';
import { readFully } from '../core/read-fully.js';
import { temporaryName } from '../core/temporary.js';

/** Consecutive bytes of the file. */
export interface Extent {
  readonly from: number;
  readonly length: number;
}

interface Purpose {
  /** Part of the file's name. */
  readonly name: string;
  /** Of the error when the file cannot be written or read. */
  readonly code: ErrorCode;
  /** What the file is for, for messages: `sorting the rows`. */
  readonly doing: string;
  /** Completes "a folder with as much room as …". */
  readonly room: string;
}

/** Creates its file when something is written. */
export class TemporaryFile {
  readonly #folder: string;
  readonly #purpose: Purpose;
  #file: Promise<FileHandle> | undefined;
  /** -1 while the file is not open. */
  #descriptor = -1;
  #length = 0;

  constructor(folder: string, purpose: Purpose) {
    this.#folder = folder;
    this.#purpose = purpose;
  }

  /** Bytes that were appended. */
  get length(): number {
    return this.#length;
  }

  /** Writes the pieces as one extent. May be called again before it resolves. @throws ReportError when there is no room */
  async append(...pieces: Buffer[]): Promise<Extent> {
    const extent = { from: this.#length, length: pieces.reduce((sum, { length }) => sum + length, 0) };
    this.#length += extent.length;
    try {
      this.#file ??= this.#create();
      const file = await this.#file;
      const { bytesWritten } = await file.writev(pieces, extent.from);
      if (bytesWritten < extent.length)
        await this.#writeRest(file, Buffer.concat(pieces), extent, bytesWritten);
    } catch (error) {
      throw this.#failed('writing', error);
    }
    return extent;
  }

  /** @throws ReportError */
  async read({ from, length }: Extent): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    try {
      const file = await this.#file;
      const read = file === undefined ? 0 : await readFully(file, bytes, from);
      if (read < length) throw new Error('it was truncated');
    } catch (error) {
      throw this.#failed('reading', error);
    }
    return bytes;
  }

  /**
   * Fills the buffer, synchronously: for small pieces in the page cache, a call into the thread pool costs ten times the read.
   * @param from position in the file. @throws ReportError
   */
  readInto(bytes: Buffer, from: number): void {
    try {
      for (let read = 0; read < bytes.length; ) {
        const answer = readSync(this.#descriptor, bytes, read, bytes.length - read, from + read);
        if (answer === 0) throw new Error('it was truncated');
        read += answer;
      }
    } catch (error) {
      throw this.#failed('reading', error);
    }
  }

  /** May be called twice, and after a failure. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#descriptor = -1;
    // Its content is not needed any more: ignore errors.
    await file?.then((handle) => handle.close()).catch(() => undefined);
  }

  /** write(2) may write less than it was given. */
  async #writeRest(file: FileHandle, bytes: Buffer, { from, length }: Extent, done: number): Promise<void> {
    for (let written = done; written < length; ) {
      written += (await file.write(bytes, written, length - written, from + written)).bytesWritten;
    }
  }

  async #create(): Promise<FileHandle> {
    const path = join(this.#folder, temporaryName(this.#purpose.name));
    const file = await open(path, 'wx+', 0o600);
    try {
      await rm(path, { force: true });
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#descriptor = file.fd;
    return file;
  }

  #failed(did: string, error: unknown): ReportError {
    const { code, doing, room } = this.#purpose;
    return new ReportError(
      code,
      `${doing}: ${did} a temporary file in ${this.#folder}: ${messageOf(error)}`,
      {
        hint: `Set TMPDIR to a folder with as much room as ${room}.`,
        cause: error,
        // Others may free the room; the pauses between attempts give them time.
        ...(code === 'destination' || isFull(error) ? { retryable: true } : {}),
      },
    );
  }
}
