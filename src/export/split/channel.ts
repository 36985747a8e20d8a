// A rendezvous channel: put() resolves when the reader asks for the next item; nothing is buffered.

interface Reader<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** One reader reads it once. */
export class Channel<T> implements AsyncIterable<T> {
  #reader: Reader<T> | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;

  /** Hands the item over and resolves when the reader asks for the next one. @throws the error given to fail() */
  async put(item: T): Promise<void> {
    const reader = await this.#nextReader();
    this.#reader = undefined;
    reader.resolve({ value: item, done: false });
    await this.#nextReader();
  }

  /** Ends the channel: no item follows. */
  end(): void {
    this.#isEnded = true;
    this.#reader?.resolve({ value: undefined, done: true });
  }

  /** Makes reader and writer throw the error from now on; the first error counts. */
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

  /** Resolves when the reader asks for an item. */
  async #nextReader(): Promise<Reader<T>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#reader !== undefined) return this.#reader;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
