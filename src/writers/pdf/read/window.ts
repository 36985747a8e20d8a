// The bytes of a file as they arrive, seen through a window that grows to what is asked for.
import { damaged } from './damaged.js';

/** Bytes of the smallest window. */
const SMALLEST = 64 * 1024;

export class Window {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer = Buffer.allocUnsafe(SMALLEST);
  /** The bytes of the window that were not taken. */
  #from = 0;
  #to = 0;
  #position = 0;

  constructor(chunks: AsyncIterator<Buffer>) {
    this.#chunks = chunks;
  }

  /** How many bytes of the file were taken. */
  get position(): number {
    return this.#position;
  }

  /** The next bytes: as many as asked for or more, fewer at the end of the file. Valid until the next call. */
  async peek(length: number): Promise<Buffer> {
    while (this.#to - this.#from < length && (await this.#more()));
    return this.#buffer.subarray(this.#from, this.#to);
  }

  /** The next bytes, which are taken. Valid until the next call. @throws ReportError `contract` when there are fewer */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    if (bytes.length < length) throw damaged(`it is cut off after ${this.#position + bytes.length} bytes`);
    this.#advance(length);
    return bytes.subarray(0, length);
  }

  /** Takes the next bytes piece by piece. @throws ReportError `contract` when there are fewer */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const some = await this.take(Math.min(left, SMALLEST));
      left -= some.length;
    }
  }

  #advance(length: number): void {
    this.#from += length;
    this.#position += length;
  }

  /** False at the end of the file. The memory of a chunk may be used again for the next one, so it is copied. */
  async #more(): Promise<boolean> {
    const { value: chunk, done } = await this.#chunks.next();
    if (done) return false;
    const kept = this.#buffer.subarray(this.#from, this.#to);
    if (this.#to + chunk.length > this.#buffer.length) {
      const needed = kept.length + chunk.length;
      // Grows by at least its length, so that a long stream in small chunks is not copied at every chunk.
      const isFull = 2 * needed > this.#buffer.length;
      const target = isFull ? Buffer.allocUnsafe(2 * needed) : this.#buffer;
      kept.copy(target);
      this.#buffer = target;
      this.#from = 0;
      this.#to = kept.length;
    }
    chunk.copy(this.#buffer, this.#to);
    this.#to += chunk.length;
    return true;
  }
}
