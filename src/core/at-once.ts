// So many things at the same time, and none left running when one fails.
import pLimit from 'p-limit';
import { messageOf, withMessageSuffix } from './errors.js';
import { isAlreadyExists, isChanged } from './existing-file.js';

/**
 * Works on the items in order, `count` of them at once. After a failure no other is begun, and those under way end first.
 * @throws what the first one threw that failed, with what the others said: each may have left something
 */
export async function atOnce<T, R>(
  count: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const failures: unknown[] = [];
  const results = await pLimit(count).map(items, async (item, index) => {
    if (failures.length > 0) return undefined;
    try {
      return await work(item, index);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  });
  if (failures.length > 0) throw together(failures);
  return results as R[];
}

/** That a key is taken, or changed, leaves nothing, and is how another run that was faster is known. */
function together([first, ...others]: readonly unknown[]): unknown {
  const more = others.filter((error) => error !== first && !isAlreadyExists(error) && !isChanged(error));
  const said = new Set(more.map(messageOf));
  said.delete(messageOf(first));
  return said.size === 0 ? first : withMessageSuffix(first, [...said].join('; '));
}
