// So many things at the same time, and none left running when one fails.
import pLimit from 'p-limit';

/**
 * Works on the items in order, `count` of them at once. After a failure no other is begun, and those under way end first.
 * @throws what the first one threw that failed
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
  if (failures.length > 0) throw failures[0];
  return results as R[];
}
