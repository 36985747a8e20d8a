// A staged file that is spooled to the local disk, and sent to its destination only when it is published.
import type { LimitFunction } from 'p-limit';
import type { Destination, Published, Staged, StageOptions } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import type { Extent, TemporaryFile } from '../../rows/temporary-file.js';
import { discardAll } from '../target.js';

/** Chunks below SMALL_CHUNK_BYTES are collected until they are so many; larger ones are written as they are. */
const COLLECTED_BYTES = 512 * 1024;
const SMALL_CHUNK_BYTES = 64 * 1024;
/** Bytes that are read back at a time. */
const READ_BYTES = 256 * 1024;
/** Larger files take several buffers to send, so few are sent at the same time. */
const LARGE_FILE_BYTES = 4 * 1024 ** 2;

/** What the spooled files of one split share. */
export interface SharedSpool {
  readonly file: TemporaryFile;
  /** Limits how many large files are sent at the same time; the publisher limits the small ones. */
  readonly largeFiles: LimitFunction;
  /** Counts one more file that needs the spool. */
  acquire(): void;
  /** Counts one less; the last one closes the spool. */
  release(): Promise<void>;
}

export class SpooledFile implements Staged {
  readonly #spool: SharedSpool;
  readonly #destination: Destination;
  readonly #key: string;
  readonly #how: StageOptions;
  readonly #extents: Extent[] = [];
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #bytes = 0;

  constructor(spool: SharedSpool, destination: Destination, key: string, how: StageOptions) {
    this.#spool = spool;
    this.#destination = destination;
    this.#key = key;
    this.#how = how;
    spool.acquire();
  }

  async write(chunk: Buffer): Promise<void> {
    this.#bytes += chunk.length;
    const { capacity, label } = this.#destination;
    // The destination would refuse it only while publishing, when other files are visible already.
    if (capacity !== undefined && this.#bytes > capacity.bytes) {
      throw new ReportError(
        'destination',
        `${this.#key} would be larger than the ${capacity.bytes} bytes that ${label} takes`,
        {
          hint: `Set ${capacity.setting} to more than ${capacity.current} bytes, or split by more.`,
          retryable: false,
        },
      );
    }
    const isSmall = chunk.length < SMALL_CHUNK_BYTES;
    this.#collected.push(isSmall ? Buffer.from(chunk) : chunk);
    this.#collectedBytes += chunk.length;
    if (!isSmall || this.#collectedBytes >= COLLECTED_BYTES) await this.flush();
  }

  /** Writes what is collected in memory to the spool. */
  async flush(): Promise<void> {
    const pieces = this.#collected;
    if (pieces.length === 0) return;
    this.#collected = [];
    this.#collectedBytes = 0;
    this.#extents.push(await this.#spool.file.append(...pieces));
  }

  async publish(): Promise<Published> {
    const { largeFiles, release } = this.#spool;
    try {
      return await (this.#bytes > LARGE_FILE_BYTES ? largeFiles(() => this.#send()) : this.#send());
    } finally {
      await release();
    }
  }

  async discard(): Promise<void> {
    this.#collected = [];
    await this.#spool.release();
  }

  async #send(): Promise<Published> {
    const staged = await this.#destination.stage(this.#key, this.#how);
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, this.#bytes));
      for (const { from, length } of this.#extents) {
        for (let at = 0; at < length; at += buffer.length) {
          const bytes = buffer.subarray(0, length - at);
          this.#spool.file.readInto(bytes, from + at);
          await staged.write(bytes);
        }
      }
    } catch (error) {
      throw await discardAll([{ staged }], error);
    }
    return staged.publish();
  }
}
