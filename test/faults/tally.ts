// How many faults were tried and survived, by kind, and which were not.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import pLimit from 'p-limit';
import { messageOf } from '../../src/core/errors.js';

/** How many cases of a sweep are tried: a probe by `npm test`, a sample or nearly all of them by `npm run test:long`. */
export type Extent = 'probe' | 'sample' | 'all';

export const LONG_EXTENT: Extent = process.env.REPORTCTL_TEST_FAULTS === 'all' ? 'all' : 'sample';

/** Of how many cases one is tried. */
export type Strides = Readonly<Record<Extent, number>>;

export function sampleOf<T>(cases: readonly T[], extent: Extent, strides: Strides): T[] {
  return cases.filter((_, index) => index % strides[extent] === 0);
}

export interface Case {
  /** Under which it is counted: `reset`, `ENOSPC`, … */
  readonly kind: string;
  /** Which step of which scenario. */
  readonly name: string;
  /** Throws when something bad came of it. */
  readonly run: () => Promise<void>;
}

/** Milliseconds that one case may take with all its retries. */
const DEADLINE = 300_000;

/** Runs the cases, so many at a time, and says what came of them. */
export async function tryAll(t: TestContext, cases: readonly Case[], concurrency: number): Promise<void> {
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  await pLimit(concurrency).map(cases, async ({ kind, name, run }) => {
    tried[kind] = (tried[kind] ?? 0) + 1;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over after ${DEADLINE} ms`)), DEADLINE);
    });
    try {
      await Promise.race([run(), late]);
    } catch (error) {
      const stack =
        error instanceof Error ? (error.stack ?? '').split('\n    at ').slice(1, 4).join(' < ') : '';
      failures.push(`${name}, ${kind}: ${messageOf(error)} (${stack})`);
    } finally {
      clearTimeout(timer);
    }
  });
  const kinds = Object.entries(tried).map(([kind, count]) => `${count} ${kind}`);
  const survived = cases.length - failures.length;
  t.diagnostic(`${cases.length} faults tried: ${kinds.join(', ')}; ${survived} survived`);
  assert.ok(cases.length > 0);
  assert.equal(failures.length, 0, failures.slice(0, 12).join('\n'));
}
