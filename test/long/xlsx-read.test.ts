// What was written is read again where one sheet is not enough.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../src/core/table.js';
import { readXlsx } from '../../src/writers/xlsx/read.js';
import { copyTextBatch } from '../support/copy-text.js';
import { writeXlsx } from '../support/xlsx.js';

test('more rows than a sheet holds', async () => {
  const columns: readonly Column[] = [{ name: 'n', kind: 'integer' }];
  function* batches() {
    for (let sent = 0; sent < 1_048_600; sent += 10_486) {
      yield copyTextBatch(Array.from({ length: 10_486 }, (_, index) => [String(sent + index)]));
    }
  }
  const { bytes } = await writeXlsx(columns, batches());
  async function* download() {
    yield bytes;
  }
  const described = { options: {}, columns, bytes: bytes.length };
  let next = -1;
  for await (const rows of readXlsx(download(), described)) {
    for (const [cell] of rows) {
      if (cell !== (next === -1 ? 'n' : String(next))) assert.fail(`${cell} after ${next}`);
      next += 1;
    }
  }
  assert.equal(next, 1_048_600);
});
