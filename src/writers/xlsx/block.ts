// A pool of buffers for XML: filled, compressed and used again, so that memory does not depend on the number of rows.

/** In bytes; measured: large enough to compress well, small enough to hold several. */
const BLOCK = 512 * 1024;

export class Block {
  bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK + BLOCK / 8);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Depends on the rows only, not on their batches: the same rows make the same blocks. */
  get isFull(): boolean {
    return this.length >= BLOCK;
  }

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(needed + BLOCK / 8);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  add(text: string): void {
    // UTF-8 has at most three bytes for a UTF-16 unit.
    this.reserve(text.length * 3);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

export class Blocks {
  readonly #free: Block[] = [];

  take(): Block {
    const block = this.#free.pop() ?? new Block();
    block.length = 0;
    return block;
  }

  /** Returns a block to the pool; nothing may read it any more. */
  give(block: Block): void {
    // A block that grew for a huge row is not kept.
    if (block.bytes.length < 2 * BLOCK) this.#free.push(block);
  }
}
