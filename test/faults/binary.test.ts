// A probe of the faults of the built binary's system calls; test/long/binary-faults.test.ts and npm run faults try more of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCases } from './binary/all-cases.js';
import { report, type SweepOptions, sweep, unexpected } from './binary/sweep.js';

test('a system call fails, or the process is killed, frozen or signalled at it', async (t) => {
  const options: SweepOptions = { seed: 2, budgetMs: 60_000, most: 8, concurrency: 2 };
  const skipped = await withCases(
    async (all) => {
      const result = await sweep(
        all.filter(({ waitsMs }) => waitsMs === undefined),
        options,
      );
      t.diagnostic(report(result));
      assert.deepEqual(unexpected(result), []);
    },
    (group) => group === 'folder/first',
  );
  if (skipped) t.skip(skipped.missing);
});
