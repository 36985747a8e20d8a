// A probe of the faults of the built binary's system calls; test/long/binary-faults.test.ts and npm run faults try more of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCases } from './binary/all-cases.js';
import type { Kind } from './binary/cases.js';
import { ordered, report, type SweepOptions, sweep, unexpected } from './binary/sweep.js';

const KINDS: readonly Kind[] = ['error', 'kill', 'signal', 'freeze'];

test('a system call fails, or the process is killed, frozen or signalled at it', async (t) => {
  const options: SweepOptions = { seed: 2, budgetMs: 60_000, concurrency: 2 };
  const skipped = await withCases(
    async (all) => {
      // Calls that are made and whose answer is lost, as by a network file system, have left the lease and a file without a note.
      const lost = all.filter(
        ({ id, about }) =>
          id.includes('/after-EIO@') && /^(link|rename)\([^)]*(\.lease|r_20241005\.csv\))/.test(about),
      );
      // Of the lease only a part is read.
      const cut = all.filter(
        ({ id, about }) => id.includes('/short@') && /^read\([^)]*\.lease\)/.test(about),
      );
      const others = KINDS.flatMap((kind) => ordered(all, 2).find((one) => one.kind === kind) ?? []);
      const result = await sweep([...lost, ...cut.slice(-1), ...others], options);
      t.diagnostic(report(result));
      assert.deepEqual(unexpected(result), []);
    },
    { group: (one) => one === 'folder/first', kind: (one) => KINDS.includes(one) },
  );
  if (skipped) t.skip(skipped.missing);
});
