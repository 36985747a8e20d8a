// How long explain says that a read may take, and when it says that it does not know.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateTime } from '../../src/commands/explain/rate.js';

const lastDay = '2024-10-05';

test('by the rows a second of a run that had enough of them', () => {
  assert.deepEqual(estimateTime(1_000_000, { lastDay, rows: 500_000, seconds: 20 }), {
    seconds: 40,
    basis: 'as fast as the run of 2024-10-05 (500,000 rows in 20.0 s)',
  });
});

test('a small run bounds what is smaller still, and says nothing of what is larger', () => {
  const run = { lastDay, rows: 376, seconds: 3.1 };
  assert.deepEqual(estimateTime(40, run), {
    seconds: 3.1,
    basis: 'no longer than the run of 2024-10-05 (376 rows in 3.1 s)',
  });
  assert.deepEqual(estimateTime(377, run), {
    seconds: undefined,
    basis: 'the run of 2024-10-05 (376 rows in 3.1 s) was too small to estimate from',
  });
});

test('without a run, or by a clock that stood still, there is no time', () => {
  assert.equal(estimateTime(5, undefined).seconds, undefined);
  assert.equal(estimateTime(50_000, { lastDay, rows: 20_000, seconds: 0 }).seconds, undefined);
});
