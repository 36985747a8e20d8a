// A large file is read by two threads: the same rows, notes and errors as by one. More in test/long/json-threads.test.ts.
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lineRanges, RangeReader } from '../../src/sources/json/ranges.js';
import { runs } from '../support/runs.js';
import { bothWays, folder, outcomeWhenEnded, ROWS, seen, skip, withLines } from './json-threads-bench.js';

describe('a large file', { skip }, () => {
  test('has the same rows, and threads have read some of them', async () => {
    const { rows, ranges, notes } = await bothWays(withLines({}));
    assert.equal(rows.length, ROWS);
    assert.ok(ranges > 0);
    assert.ok(notes.includes('field "extra" of 10000 documents is in no column'), notes.join('\n'));
  });

  test('with few rows that pass', async () => {
    const { rows, ranges } = await bothWays(withLines({}), 'Organização 3');
    assert.equal(rows.length, Math.ceil((ROWS - 3) / 7));
    assert.ok(ranges > 0);
  });

  test('tells the first value that does not fit, with its line, and how many there were', async () => {
    const ids = [5000, 5001, 8000, 9000];
    const changes = Object.fromEntries(ids.map((id) => [id, `{"id":"n${id}","valor":[]}`]));
    const { notes } = await bothWays(withLines(changes));
    const told = notes.join('\n');
    assert.match(
      told,
      /4 values became null, the first: documentos\.ndjson line 5001 \(byte offset \d+\): column "id"/,
    );
    assert.match(told, /4 values became null, the first: documentos\.ndjson line 5001 .*column "valor"/);
  });

  test('has the same error', async () => {
    const { error } = await bothWays(withLines({ 8321: '{"id":1,}' }));
    assert.match(error ?? '', /line 8322 \(byte offset \d+\): a comma before "}"/);
  });

  test('a thread that ends is not missed', async () => {
    const { rows: whole } = await bothWays(withLines({}));
    const { rows } = await outcomeWhenEnded(2);
    assert.ok(JSON.stringify(rows) === JSON.stringify(whole), 'the rows differ');
    assert.equal(seen.ended, 1);
  });
});

describe('the ranges of a file', () => {
  test('are all of it, and those that say so begin and end where lines do', async () => {
    const length = fc.oneof(fc.nat(3000), fc.nat(100_000), fc.constant(2_500_000));
    const path = join(folder, 'linhas');
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 60 }), fc.boolean(), async (lengths, isClosed) => {
        const text = lengths.map((count) => 'é'.repeat(count / 2)).join('\n') + (isClosed ? '\n' : '');
        const content = Buffer.from(text);
        await writeFile(path, content);
        const descriptor = openSync(path, 'r');
        try {
          const reader = new RangeReader();
          let at = 0;
          for (const range of lineRanges(descriptor, content.length)) {
            assert.equal(range.from, at);
            at = range.to;
            assert.ok(reader.read(descriptor, range).equals(content.subarray(range.from, range.to)));
            if (!range.isLines) continue;
            assert.ok(range.from === 0 || content[range.from - 1] === 0x0a);
            assert.ok(range.to === content.length || content[range.to - 1] === 0x0a);
          }
          assert.equal(at, content.length);
        } finally {
          closeSync(descriptor);
        }
      }),
      { numRuns: runs(40) },
    );
  });

  test('a file that becomes shorter is an error', async () => {
    const path = join(folder, 'curto');
    await writeFile(path, 'a\n');
    const descriptor = openSync(path, 'r');
    const read = () => new RangeReader().read(descriptor, { from: 0, to: 9, isLines: true });
    assert.throws(read, /it has become shorter/);
    closeSync(descriptor);
  });
});
