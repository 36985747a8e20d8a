// Items that somebody pushes, for somebody who pulls: one at a time, and none is kept.

interface Reader<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** To be read once. */
export class Handover<T> implements AsyncIterable<T> {
  #reader: Reader<T> | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;

  /** Resolves when the reader has done its work on the item and asks for the next. @throws what `fail` was told */
  async put(item: T): Promise<void> {
    const reader = await this.#asks();
    this.#reader = undefined;
    reader.resolve({ value: item, done: false });
    await this.#asks();
  }

  /** No item follows. */
  end(): void {
    this.#isEnded = true;
    this.#reader?.resolve({ value: undefined, done: true });
  }

  /** Reader and writer throw this from now on; the first one that was told. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#reader?.reject(this.#failure.error);
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#next() };
  }

  #next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure.error);
      else if (this.#isEnded) resolve({ value: undefined, done: true });
      else {
        this.#reader = { resolve, reject };
        this.#wake?.();
      }
    });
  }

  async #asks(): Promise<Reader<T>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#reader !== undefined) return this.#reader;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
