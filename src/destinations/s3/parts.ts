// Cuts bytes into the parts of an upload: one buffer is filled while the other is sent.

/** Also the most parts that can be in flight. */
const BUFFERS = 2;
/**
 * The first buffer's size in bytes: most files are far smaller than a part. It then grows to a whole part in one step,
 * because the C library keeps the memory of buffers of every size in between (measured: 40 MB).
 */
const FIRST_BUFFER_BYTES = 256 * 1024;

export class Parts {
  readonly #partSize: number;
  readonly #send: (part: Buffer, number: number) => Promise<void>;
  readonly #inProgress = new Set<Promise<void>>();
  /** Buffers whose part was sent. */
  readonly #free: Buffer[] = [];
  #buffer: Buffer;
  #length = 0;
  #count = 0;

  /** @param send never rejects; the bytes are used again when it has resolved */
  constructor(partSize: number, send: (part: Buffer, number: number) => Promise<void>) {
    this.#partSize = partSize;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(partSize, FIRST_BUFFER_BYTES));
    this.#send = send;
  }

  /** How many parts were sent. */
  get count(): number {
    return this.#count;
  }

  /** The bytes that are not in a part yet. */
  get rest(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Copies the bytes; resolves when there is room for more. */
  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      // A full buffer is sent only when more bytes follow: a file of one part is no upload in parts.
      if (this.#length === this.#partSize) await this.#next();
      const count = Math.min(chunk.length - at, this.#partSize - this.#length);
      this.#makeRoom(this.#length + count);
      chunk.copy(this.#buffer, this.#length, at, at + count);
      this.#length += count;
      at += count;
    }
  }

  /** Sends the rest and waits for all parts. */
  finish(): Promise<void> {
    this.#sendBuffer();
    return this.settled();
  }

  /** Resolves when no part is in flight. */
  async settled(): Promise<void> {
    await Promise.all(this.#inProgress);
  }

  async #next(): Promise<void> {
    this.#sendBuffer();
    if (this.#free.length === 0 && this.#inProgress.size === BUFFERS) await Promise.race(this.#inProgress);
    this.#buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#partSize);
  }

  #sendBuffer(): void {
    const buffer = this.#buffer;
    const sent: Promise<void> = this.#send(this.rest, ++this.#count).then(() => {
      this.#inProgress.delete(sent);
      this.#free.push(buffer);
    });
    this.#inProgress.add(sent);
    this.#length = 0;
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(this.#partSize);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
