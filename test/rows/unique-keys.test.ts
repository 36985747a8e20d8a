// Duplicate keys against a plain Set, in memory and on disk; what the temporary file leaves behind, and how it fails.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Cell, Column, Kind } from '../../src/core/table.js';
import { eachKey } from '../../src/rows/unique/key-lines.js';
import { keysAreNeighbours, UniqueKeys, type UniqueKeysOptions } from '../../src/rows/unique/unique-keys.js';
import { BATCH_FORMS, cellBatch, copyTextBatch, type Rows } from '../support/copy-text.js';
import { runs } from '../support/runs.js';

const COLUMNS: readonly Column[] = ['a', 'b', 'c'].map((name) => ({ name, kind: 'text' }));
const folder = mkdtempSync(join(tmpdir(), 'reportctl-test-'));
after(() => rmSync(folder, { recursive: true }));

function uniqueKeys(options: Partial<UniqueKeysOptions> = {}): UniqueKeys {
  return new UniqueKeys({ columns: COLUMNS, key: ['b'], neighbours: false, folder, ...options });
}

/** Duplicates among rows whose key is column b. */
async function duplicatesOf(keys: readonly Cell[], options: Partial<UniqueKeysOptions> = {}) {
  const unique = uniqueKeys(options);
  try {
    for (let at = 0; at < keys.length; at += 100) {
      const rows = keys.slice(at, at + 100).map((key, index) => [`${at + index}`, key, null]);
      await unique.add(copyTextBatch(rows));
    }
    return await unique.finish();
  } finally {
    await unique.close();
  }
}

describe('duplicate keys', () => {
  // Few values, so that there are duplicates; texts that COPY text could mix up.
  const cell = fc.option(
    fc.constantFrom('', '\\N', 'N', 'a\tb', 'a', 'b', '\n', 'ã', '1.0', '1.00', 'x'.repeat(99)),
  );
  const cases = fc.record({
    rows: fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 60 }),
    key: fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1 }),
    memory: fc.constantFrom(64, 300, 4096, undefined),
    cuts: fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
    forms: fc.infiniteStream(fc.constantFrom(...Object.values(BATCH_FORMS))),
    neighbours: fc.boolean(),
  });

  test('are counted as a Set of keys counts them, in any order, form, cut and memory', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, key, memory, cuts, forms, neighbours }) => {
        const keyOf = (row: Rows[number]) =>
          JSON.stringify(COLUMNS.flatMap(({ name }, index) => (key.includes(name) ? [row[index]] : [])));
        const given = neighbours ? rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) : rows;
        const unique = uniqueKeys({ key, memory, neighbours });
        for (let at = 0; at < given.length; ) {
          const size = cuts.next().value;
          await unique.add(forms.next().value(given.slice(at, at + size)));
          at += size;
        }
        const found = await unique.finish();
        const keys = rows.map(keyOf);
        assert.equal(found.rows, keys.length - new Set(keys).size);
        if (found.example === undefined) assert.equal(found.rows, 0);
        else {
          const example = JSON.stringify(Object.values(found.example));
          assert.ok(keys.indexOf(example) !== keys.lastIndexOf(example), example);
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('are found among rows that need several levels of partitions', async () => {
    const keys = Array.from({ length: 30_000 }, (_, index) => `${(index * 7919) % 29_000}`);
    const options = { memory: 2048 };
    assert.deepEqual((await duplicatesOf(keys, options)).rows, 1000);
    assert.deepEqual(await duplicatesOf(keys.slice(0, 29_000), options), { rows: 0, example: undefined });
  });

  test('are found when one key fills more than memory a thousand times over', async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => (index % 10 === 0 ? `${index}` : 'always'));
    assert.deepEqual(await duplicatesOf(keys, { memory: 1024 }), { rows: 17_999, example: { b: 'always' } });
  });

  test('are found when a key is longer than memory', async () => {
    const long = (end: string) => `${'x'.repeat(5000)}${end}`;
    const keys = ['1', '2', '3', '1', '4', '2', '1'].map(long);
    assert.equal((await duplicatesOf(keys, { memory: 512 })).rows, 3);
  });

  test('are no two keys that only have the same hash', async () => {
    // Both FNV-1a of 32 bits; softwareengineering.stackexchange.com/a/145633 lists them.
    const pair = ['costarring', 'liquid'];
    const hashes: number[] = [];
    eachKey(Buffer.from(`${pair.join('\n')}\n`), 0, 0x811c9dc5, (_start, _end, hash) => {
      hashes.push(hash);
      return true;
    });
    assert.equal(hashes[0], hashes[1]);
    assert.equal((await duplicatesOf([...pair, ...pair])).rows, 2);
    assert.equal((await duplicatesOf(pair)).rows, 0);
  });

  test('have an example, where null is a value as any other', async () => {
    assert.deepEqual(await duplicatesOf(['1', null, '2', null]), { rows: 1, example: { b: null } });
    assert.deepEqual(await duplicatesOf(['\\N', null]), { rows: 0, example: undefined });
  });

  test('are the same at every run, the example too', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `${(index * 31) % 4000}`);
    const first = await duplicatesOf(keys, { memory: 1024 });
    assert.equal(first.rows, 1000);
    assert.deepEqual(await duplicatesOf(keys, { memory: 1024 }), first);
  });

  test('are seen across the borders of batches of neighbours', async () => {
    const unique = uniqueKeys({ neighbours: true });
    await unique.add(cellBatch([['1', 'x', null]]));
    await unique.add(
      copyTextBatch([
        ['2', 'x', null],
        ['3', 'y', null],
      ]),
    );
    await unique.add(
      cellBatch([
        ['4', 'y', null],
        ['5', 'yy', null],
      ]),
    );
    assert.deepEqual(await unique.finish(), { rows: 2, example: { b: 'x' } });
  });
});

describe('the temporary file', () => {
  const many = Array.from({ length: 3000 }, (_, index) => `${index}`.padEnd(60));
  const small = { memory: 1024 };

  /** How many of our files this process has open, by name or without one. */
  function open(): number {
    return readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).includes('reportctl-unique');
      } catch {
        return false;
      }
    }).length;
  }
  const linux = process.platform === 'linux' ? {} : { skip: 'open files are listed in /proc on Linux only' };

  test('is open but has no name while it is used, and is closed by finish', linux, async () => {
    const unique = uniqueKeys(small);
    await unique.add(copyTextBatch(many.map((key) => [null, key, null])));
    assert.equal(open(), 1);
    assert.deepEqual(readdirSync(folder), []);
    assert.equal((await unique.finish()).rows, 0);
    assert.equal(open(), 0);
    await unique.close();
  });

  test('is closed by close when a run ends early', linux, async () => {
    const unique = uniqueKeys(small);
    await unique.add(copyTextBatch(many.map((key) => [null, key, null])));
    await unique.close();
    await unique.close();
    assert.equal(open(), 0);
    assert.deepEqual(readdirSync(folder), []);
  });

  test('is left when the signal fires while its parts are read', linux, async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const unique = uniqueKeys({ ...small, signal: controller.signal });
    await unique.add(copyTextBatch(many.map((key) => [null, key, null])));
    controller.abort(reason);
    await assert.rejects(unique.finish(), reason);
    await unique.close();
    assert.equal(open(), 0);
  });

  test('is not created while memory holds the keys', async () => {
    assert.equal((await duplicatesOf(many, { folder: join(folder, 'nada') })).rows, 0);
  });

  test('that cannot be written fails the run, and says where and what to do', async () => {
    await assert.rejects(duplicatesOf(many, { ...small, folder: join(folder, 'nada') }), {
      code: 'source',
      message: /^testing the gate unique: writing a temporary file in .*nada: ENOENT/,
      hint: /^Set TMPDIR to a folder with as much room/,
    });
  });
});

describe('rows with the same key are neighbours', () => {
  const kinds: Readonly<Record<string, Kind>> = {
    id: 'integer',
    dia: 'date',
    quando: 'timestamp',
    ok: 'boolean',
    valor: 'decimal',
    nome: 'text',
  };
  const columns = Object.entries(kinds).map(([name, kind]) => ({ name, kind }));
  const sql = { columns, sources: ['vendas'], query: 'SELECT 1' };
  const cases: readonly [answer: boolean, key: string[], orderBy: string[], more?: object][] = [
    [true, ['id'], ['id']],
    [true, ['id'], ['-id', 'nome']],
    [true, ['id', 'dia'], ['-dia', 'id', 'valor']],
    [true, ['quando', 'ok'], ['quando', 'ok']],
    [false, ['id'], []],
    [false, ['id'], ['dia', 'id']],
    [false, ['id', 'dia'], ['id']],
    [false, ['id', 'dia'], ['id', 'nome', 'dia']],
    // 1.0 and 1.00 are equal to the server, as are 'a' and 'A' under some collations.
    [false, ['valor'], ['valor']],
    [false, ['nome'], ['nome']],
    [false, ['id', 'nome'], ['id', 'nome']],
    [false, ['id'], ['id'], { sources: ['sul', 'norte'] }],
    [false, ['id'], ['id'], { query: { collection: 'producoes' } }],
  ];
  for (const [answer, key, orderBy, more] of cases) {
    test(`${answer}: ${key} in the order ${orderBy} ${more ? JSON.stringify(more) : ''}`, () => {
      assert.equal(keysAreNeighbours(key, { ...sql, orderBy, ...more }), answer);
    });
  }
});
