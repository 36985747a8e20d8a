// Temporary names: made in one file, and a token comes out of them as it went in.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isUnfinishedName, probeName, tokenOf, unfinishedName } from '../../src/core/temporary.js';
import { ROOT } from '../support/cli.js';

test('no two names are the same, and each says whose it is', () => {
  for (const token of [randomUUID(), 'run_1', 'a-1-ff', '-']) {
    const names = Array.from({ length: 1000 }, () => unfinishedName(token));
    assert.equal(new Set(names).size, names.length);
    for (const name of [...names, probeName('check', token), probeName('promises', token)])
      assert.equal(tokenOf(`a/b/${name}`), token);
    assert.ok(names.every((name) => isUnfinishedName(`a/${name}`)));
  }
  for (const name of ['.reportctl-check.tmp', 'report.csv', 'check-run-1', '.reportctl-a-b.tmp.csv'])
    assert.equal(tokenOf(name), undefined, name);
});

test('no other file of src/ makes a temporary name', async () => {
  const src = join(ROOT, 'src');
  const makers: string[] = [];
  for (const file of await readdir(src, { recursive: true })) {
    if (!file.endsWith('.ts')) continue;
    const text = await readFile(join(src, file), 'utf8');
    if (/\bmkdtemp\b|\.tmp`|\$\{process\.pid\}|tmpdir\(\), [`']/.test(text)) makers.push(file);
  }
  assert.deepEqual(makers, ['core/temporary.ts']);
});
