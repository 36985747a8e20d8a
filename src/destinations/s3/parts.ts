// Bytes to the parts of an upload: two buffers take turns, so that one is filled while the other is on its way.

/** How many there are, and so how many parts can be in flight. */
const BUFFERS = 2;
/**
 * Bytes that the first begins with: most files are far smaller than a part. It then grows to a whole part at once,
 * because the C library keeps what buffers of every size in between have left (measured: 40 MB).
 */
const FIRST_ROOM = 256 * 1024;

export class Parts {
  readonly #partSize: number;
  readonly #send: (part: Buffer, number: number) => Promise<void>;
  readonly #inProgress = new Set<Promise<void>>();
  /** What has arrived leaves its buffer here. */
  readonly #free: Buffer[] = [];
  #buffer: Buffer;
  #length = 0;
  #count = 0;

  /** @param send must not reject, and has no use for the bytes when it resolves */
  constructor(partSize: number, send: (part: Buffer, number: number) => Promise<void>) {
    this.#partSize = partSize;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(partSize, FIRST_ROOM));
    this.#send = send;
  }

  /** How many parts were sent. */
  get count(): number {
    return this.#count;
  }

  /** The bytes that were not sent: of all parts but the last there are none. */
  get rest(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Takes the bytes, which are the caller's again; resolves when there is room for more. */
  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      // Only now: a file of one part is no upload in parts.
      if (this.#length === this.#partSize) await this.#next();
      const count = Math.min(chunk.length - at, this.#partSize - this.#length);
      this.#makeRoom(this.#length + count);
      chunk.copy(this.#buffer, this.#length, at, at + count);
      this.#length += count;
      at += count;
    }
  }

  /** Sends what is left. */
  finish(): Promise<void> {
    this.#sendBuffer();
    return this.settled();
  }

  /** Resolves when no part is on its way. */
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
