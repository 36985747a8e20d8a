// The body of an upload: write() and the uploader meet here, chunk by chunk, and only end() lets it end.

/**
 * Bytes handed over one chunk at a time. Iterating ends by returning only after `end()`; after `fail()` it
 * throws, because an uploader takes a body that returns for a whole one and publishes it.
 */
export class HandedBody implements AsyncIterable<Buffer> {
  #offered: { chunk: Buffer; taken: () => void; refused: (error: unknown) => void } | undefined;
  #failure: { error: unknown } | undefined;
  #ended = false;
  #wake = () => {};

  /** Resolves when the reader has taken the chunk; rejects with what was given to `fail()`. One at a time. */
  put(chunk: Buffer): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((taken, refused) => {
      this.#offered = { chunk, taken, refused };
      this.#wake();
    });
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Makes the reader and any waiting `put()` throw; the first failure counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#offered?.refused(this.#failure.error);
    this.#offered = undefined;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        if (this.#failure) throw this.#failure.error;
        const offered = this.#offered;
        if (offered) {
          this.#offered = undefined;
          offered.taken();
          yield offered.chunk;
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      if (!this.#ended) this.fail(new Error('the upload stopped reading'));
    }
  }
}
