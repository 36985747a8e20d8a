// What a user names becomes files: local ones, objects, keys and prefixes.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesAt, placeOf } from '../../src/verify/place.js';
import { temporaryFolder } from '../support/cli.js';
import { memoryStore } from '../support/memory-destination.js';

describe('a name', () => {
  let folder: string;
  before(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'a.csv'), '');
    await writeFile(join(folder, 'gone.csv.manifest.json'), '');
  });
  after(() => rm(folder, { recursive: true }));

  const cases: readonly [named: string, root: string, key: string][] = [
    ['s3://bucket', 's3://bucket', ''],
    ['s3://bucket/', 's3://bucket', ''],
    ['s3://bucket/a/b.csv', 's3://bucket', 'a/b.csv'],
    ['s3://bucket/a/', 's3://bucket', 'a/'],
    ['s3://bucket/a.csv.manifest.json', 's3://bucket', 'a.csv'],
    ['@/a.csv', '@', 'a.csv'],
    ['@/a.csv.manifest.json', '@', 'a.csv'],
    ['@/gone.csv', '@', 'gone.csv'],
    ['@/sub', '@/sub', ''],
    ['@/sub/', '@/sub', ''],
    ['@/nothing.csv', '@', 'nothing.csv'],
    ['relatorios/2024', 's3://reports/prefix', 'relatorios/2024'],
    ['relatorios/', 's3://reports/prefix', 'relatorios/'],
  ];
  for (const [named, root, key] of cases) {
    test(`${named} is ${key === '' ? 'everything' : key} in ${root}`, async () => {
      const inFolder = (text: string) => text.replace(/^@/, folder);
      const place = await placeOf(inFolder(named), {
        destination: 's3://reports/prefix/',
        cwd: '.',
      });
      assert.deepEqual(place, { root: inFolder(root), key });
    });
  }
});

describe('the files of', () => {
  const store = memoryStore();
  for (const key of [
    'a.csv',
    'a.csv.manifest.json',
    'a.csv.gz',
    'a.csv.gz.manifest.json',
    'bare.csv',
    'bare.csv.gz.manifest.json',
    'gone.csv.manifest.json',
    'd/b.csv',
    'd/b.csv.manifest.json',
    'd/._b.csv.manifest.json',
    'd/notes.txt',
    '_reportctl/vendas/20241005.json',
    '_reportctl/vendas/history/20241005/r1/a.csv.manifest.json',
    '_quarantine/a.csv.manifest.json',
    'out/_quarantine/a.csv.manifest.json',
  ]) {
    store.put(key, '');
  }
  const cases: readonly [key: string, files: readonly string[]][] = [
    ['a.csv', ['a.csv']],
    ['bare.csv', ['bare.csv']],
    ['gone.csv', ['gone.csv']],
    ['a', ['a.csv.gz', 'a.csv']],
    ['d', ['d/b.csv']],
    ['d/', ['d/b.csv']],
    ['', ['a.csv.gz', 'a.csv', 'bare.csv.gz', 'd/b.csv', 'gone.csv']],
    ['out/', []],
    ['none.csv', []],
    ['_quarantine/', ['_quarantine/a.csv']],
    ['_reportctl/vendas/history/', ['_reportctl/vendas/history/20241005/r1/a.csv']],
  ];
  for (const [key, files] of cases) {
    test(JSON.stringify(key), async () => {
      const found: string[] = [];
      for await (const file of filesAt(store.open(), key)) found.push(file);
      assert.deepEqual(found, files);
    });
  }
});
