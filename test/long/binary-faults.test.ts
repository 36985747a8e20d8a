// A sample of the faults of the built binary's system calls; npm run faults tries all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCases } from '../faults/binary/all-cases.js';
import { report, sweep, unexpected } from '../faults/binary/sweep.js';

test('system calls of the binary fail, and it is killed, frozen and signalled', async (t) => {
  const skipped = await withCases(async (cases) => {
    const result = await sweep(cases, { seed: 1, budgetMs: 120_000, most: 200, concurrency: 2 });
    t.diagnostic(report(result));
    assert.deepEqual(unexpected(result), []);
  });
  if (skipped) t.skip(skipped.missing);
});
