// One source, several consumers: every consumer gets every item, and the slowest one sets the pace.

export interface Broadcast<T> {
  /** Each can be read once; all must be read at the same time. */
  readonly readers: readonly AsyncIterable<T>[];
  /** Makes every reader throw the error at its next step; resolves when the source has cleaned up. */
  fail(error: unknown): Promise<void>;
}

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** Asks the source for its next item when all `count` readers have asked for one; nothing is buffered. */
export function broadcast<T>(source: AsyncIterable<T>, count: number): Broadcast<T> {
  const iterator = source[Symbol.asyncIterator]();
  let waiting: Waiting<T>[] = [];
  let failure: { readonly error: unknown } | undefined;

  const fail = async (error: unknown) => {
    failure ??= { error };
    for (const reader of waiting.splice(0)) reader.reject(failure.error);
    // An error of the source's clean-up is not the reason of the failure.
    await iterator.return?.().catch(() => undefined);
  };

  const next = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure.error);
        return;
      }
      waiting.push({ resolve, reject });
      if (waiting.length < count) return;
      const all = waiting;
      waiting = [];
      iterator.next().then(
        (result) => {
          for (const reader of all) reader.resolve(result);
        },
        (error: unknown) => {
          failure ??= { error };
          for (const reader of all) reader.reject(error);
        },
      );
    });

  const readers = Array.from({ length: count }, () => ({ [Symbol.asyncIterator]: () => ({ next }) }));
  return { readers, fail };
}

/**
 * Gives every item to every consumer. When one consumer fails, the others throw at their next step and the source cleans up.
 * @returns what each consumer returned
 * @throws the error of the consumer that failed first, when all have ended
 */
export async function readByAll<T, R>(
  source: AsyncIterable<T>,
  consumers: readonly ((items: AsyncIterable<T>) => Promise<R>)[],
): Promise<R[]> {
  if (consumers.length === 0) for await (const _ of source);
  const { readers, fail } = broadcast(source, consumers.length);
  const failures: unknown[] = [];
  const results: R[] = [];
  await Promise.all(
    readers.map(async (reader, index) => {
      try {
        results[index] = (await consumers[index]?.(reader)) as R;
      } catch (error) {
        failures.push(error);
        await fail(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return results;
}
