// Several items worked on at the same time; none is still running when a failure is thrown.
import pLimit from 'p-limit';
import { messageOf, withMessageSuffix } from './errors.js';
import { isAlreadyExists, isChanged } from './existing-file.js';

/**
 * Starts work on the items in order, at most `concurrency` of them at the same time. After a failure no other is started,
 * and those under way finish before it is thrown.
 * @returns the results in the order of the items
 * @throws the first failure, its message followed by those of the others: each may have left something behind
 */
export async function mapConcurrently<T, R>(
  concurrency: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const failures: unknown[] = [];
  const results = await pLimit(concurrency).map(items, async (item, index) => {
    if (failures.length > 0) return undefined;
    try {
      return await work(item, index);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  });
  if (failures.length > 0) throw combined(failures);
  return results as R[];
}

/**
 * The first failure, with the messages of the others. A key that is taken or changed is left out: it leaves nothing behind
 * and only shows that another run was faster.
 */
function combined([first, ...others]: readonly unknown[]): unknown {
  const more = others.filter((error) => error !== first && !isAlreadyExists(error) && !isChanged(error));
  const messages = new Set(more.map(messageOf));
  messages.delete(messageOf(first));
  return messages.size === 0 ? first : withMessageSuffix(first, [...messages].join('; '));
}
