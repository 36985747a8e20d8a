// A file that waits on our own disk, whole, until it is published: nothing of it is at its destination before.
import type { LimitFunction } from 'p-limit';
import type { Destination, Published, Staged, StageOptions } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import type { Extent, TemporaryFile } from '../../rows/temporary-file.js';
import { discardAll } from '../target.js';

/** Bytes that are collected before they are written; chunks that are not small are written as they are. */
const WRITTEN = 512 * 1024;
const SMALL = 64 * 1024;
/** Bytes that are read again at once. */
const PIECE = 256 * 1024;
/** A file of more bytes takes several buffers to send. */
const LARGE = 4 * 1024 ** 2;

/** What the files that wait together share. */
export interface WaitingRoom {
  readonly file: TemporaryFile;
  /** So many large files are sent at once; how many small ones is the publisher's. */
  readonly large: LimitFunction;
  /** Called once for each file. */
  enter(): void;
  /** … and when it needs its bytes no more. */
  leave(): Promise<void>;
}

export class WaitingFile implements Staged {
  readonly #room: WaitingRoom;
  readonly #destination: Destination;
  readonly #key: string;
  readonly #how: StageOptions;
  readonly #extents: Extent[] = [];
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #bytes = 0;

  constructor(room: WaitingRoom, destination: Destination, key: string, how: StageOptions) {
    this.#room = room;
    this.#destination = destination;
    this.#key = key;
    this.#how = how;
    room.enter();
  }

  async write(chunk: Buffer): Promise<void> {
    this.#bytes += chunk.length;
    const { capacity, label } = this.#destination;
    // The destination itself would say so only when other files are visible.
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
    const isSmall = chunk.length < SMALL;
    this.#collected.push(isSmall ? Buffer.from(chunk) : chunk);
    this.#collectedBytes += chunk.length;
    if (!isSmall || this.#collectedBytes >= WRITTEN) await this.rest();
  }

  /** Nothing of it is in memory from now on. */
  async rest(): Promise<void> {
    const pieces = this.#collected;
    if (pieces.length === 0) return;
    this.#collected = [];
    this.#collectedBytes = 0;
    this.#extents.push(await this.#room.file.append(...pieces));
  }

  async publish(): Promise<Published> {
    const { large, leave } = this.#room;
    try {
      return await (this.#bytes > LARGE ? large(() => this.#send()) : this.#send());
    } finally {
      await leave();
    }
  }

  async discard(): Promise<void> {
    this.#collected = [];
    await this.#room.leave();
  }

  async #send(): Promise<Published> {
    const staged = await this.#destination.stage(this.#key, this.#how);
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, this.#bytes));
      for (const { from, length } of this.#extents) {
        for (let at = 0; at < length; at += buffer.length) {
          const bytes = buffer.subarray(0, length - at);
          this.#room.file.readInto(bytes, from + at);
          await staged.write(bytes);
        }
      }
    } catch (error) {
      throw await discardAll([{ staged }], error);
    }
    return staged.publish();
  }
}
