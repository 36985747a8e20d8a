// reportctl run where it is not the first: restated, refused into quarantine, empty, and two at the same time
// (all of that in test/long/two-at-once.test.ts).
import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import { test } from 'node:test';
import type { RunRecord } from '../../src/publish/documents.js';
import { assertRefused } from '../support/cli.js';
import { KEY, RECORD, twoAtOnce, workplace } from './two-at-once.js';

test('--restate replaces what differs, says what changed, and keeps what was there', async () => {
  const { run, documents, read, files } = await workplace();
  assert.equal((await run()).code, 0);
  const former = await read(KEY);
  const same = await run('--restate', 'to be sure');
  assert.match(same.stdout, /^unchanged vendas 2024-10-05: .*r_20241005\.csv, 2 rows/);
  await documents('1.50', '2.25', '-0.75');
  assert.match((await run()).stdout, /^unchanged .*2 rows/);
  const { code, stdout, stderr } = await run('--restate', '  late rows ');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(
    stdout,
    /^restated vendas 2024-10-05: .*r_20241005\.csv, 3 rows.*\nrevision 2: rows 2 to 3, valor 3\.75 to 3\.00\n$/,
  );
  const record = JSON.parse(await read(RECORD)) as RunRecord;
  assert.equal(record.restated?.reason, 'late rows');
  assert.equal(record.restated?.by, `${userInfo().username}@${hostname()}`);
  assert.equal(await read(`_reportctl/vendas/history/20241005/r1/${KEY}`), former);
  assert.equal((await files()).length, 9);
  assertRefused(await run('--restate', ' '), 2, /--restate without a reason/);
});

test('--quarantine keeps what a gate refuses where no reader looks', async () => {
  const { run, files } = await workplace('gates: { min-rows: 3 }');
  assertRefused(
    await run('--quarantine'),
    3,
    /min-rows: expected at least 3, found 2; kept for inspection: \S+_quarantine\/r_20241005\.csv/,
  );
  assert.deepEqual(await files(), [`_quarantine/${KEY}`, `_quarantine/${KEY}.manifest.json`]);
});

test('on-empty: skip publishes that there was nothing', async () => {
  const { run, documents, files } = await workplace('on-empty: skip');
  await documents();
  const { code, stdout } = await run();
  assert.deepEqual([code, stdout], [0, 'skipped vendas 2024-10-05: no rows, no file\n']);
  assert.deepEqual(await files(), [RECORD]);
  assert.equal((await run()).stdout, 'unchanged vendas 2024-10-05: no rows, no file\n');
});

twoAtOnce('probe');
