// One read, many outputs: every reader gets every item, and the slowest sets the pace.

export interface Broadcast<T> {
  /** Each to be read once, all of them at the same time. */
  readonly readers: readonly AsyncIterable<T>[];
  /** Makes every reader throw this at its next step, and resolves when the source has cleaned up. */
  fail(error: unknown): Promise<void>;
}

interface Waiting<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/** The source is asked for its next item when all `count` readers have asked; nothing is kept. */
export function broadcast<T>(source: AsyncIterable<T>, count: number): Broadcast<T> {
  const iterator = source[Symbol.asyncIterator]();
  let waiting: Waiting<T>[] = [];
  let failure: { readonly error: unknown } | undefined;

  const fail = async (error: unknown) => {
    failure ??= { error };
    for (const reader of waiting.splice(0)) reader.reject(failure.error);
    // What the source may complain about while it cleans up is not why we failed.
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
 * Every worker gets every item. When one fails, the others are made to throw, and the source cleans up.
 * @throws what the first one threw that failed, when all have ended
 */
export async function shared<T, R>(
  source: AsyncIterable<T>,
  workers: readonly ((items: AsyncIterable<T>) => Promise<R>)[],
): Promise<R[]> {
  if (workers.length === 0) for await (const _ of source);
  const { readers, fail } = broadcast(source, workers.length);
  const failures: unknown[] = [];
  const results: R[] = [];
  await Promise.all(
    readers.map(async (reader, index) => {
      try {
        results[index] = (await workers[index]?.(reader)) as R;
      } catch (error) {
        failures.push(error);
        await fail(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return results;
}
