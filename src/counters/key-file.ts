// The temporary file for keys that memory does not hold.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, ReportError } from '../errors.js';

/** Lines that stand together in the file. */
export interface Extent {
  readonly from: number;
  readonly length: number;
}

/** Created when something is written. Its name is gone at once, so that nothing stays behind however the process ends. */
export class KeyFile {
  readonly #folder: string;
  #file: FileHandle | undefined;
  #length = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws ReportError `source` when there is no room */
  async append(lines: Buffer): Promise<Extent> {
    const extent = { from: this.#length, length: lines.length };
    this.#length += lines.length;
    try {
      this.#file ??= await this.#create();
      for (let written = 0; written < lines.length; ) {
        const left = lines.length - written;
        written += (await this.#file.write(lines, written, left, extent.from + written)).bytesWritten;
      }
    } catch (error) {
      throw this.#failed('writing', error);
    }
    return extent;
  }

  /** @throws ReportError `source` */
  async read({ from, length }: Extent): Promise<Buffer> {
    const lines = Buffer.allocUnsafe(length);
    try {
      for (let read = 0; read < length; ) {
        const answer = await this.#file?.read(lines, read, length - read, from + read);
        if (!answer?.bytesRead) throw new Error('it was cut');
        read += answer.bytesRead;
      }
    } catch (error) {
      throw this.#failed('reading', error);
    }
    return lines;
  }

  /** Safe to call again, and after a failure. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #create(): Promise<FileHandle> {
    const path = join(this.#folder, `reportctl-unique-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    this.#file = file;
    await rm(path, { force: true });
    return file;
  }

  #failed(doing: string, error: unknown): ReportError {
    return new ReportError(
      'source',
      `testing the gate unique: ${doing} a temporary file in ${this.#folder}: ${messageOf(error)}`,
      {
        hint: 'Set TMPDIR to a folder with as much room as the unique columns of all rows need.',
        cause: error,
      },
    );
  }
}
