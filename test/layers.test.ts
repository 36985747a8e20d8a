// The rooms of src/ and which way imports run between them: a room imports itself and the rooms below it, types included.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support/cli.js';

/** From the top down. Rooms on one floor never import each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['cli.ts'],
  ['commands'],
  ['jobs', 'verify'],
  ['publish'],
  ['export'],
  ['reports'],
  ['sources', 'filters', 'writers', 'destinations'],
  ['rows'],
  ['core'],
];
const SRC = join(ROOT, 'src');
/** `from '…'`, `import('…')` and `new URL('…')`, as far as the path is relative. */
const SPECIFIER = /(?:\bfrom|\bimport\(|\bnew URL\()\s*'(\.[^']*)'/g;

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(SRC, file), 'utf8');
  const targets = [...text.matchAll(SPECIFIER)].map(([, path = '']) => join(dirname(file), path));
  return targets.filter((target) => !target.startsWith('..'));
}

const files = (await readdir(SRC, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(SRC, join(entry.parentPath, entry.name)));
const roomOf = (path: string) => path.split(sep)[0]?.replace(/\.js$/, '.ts') ?? '';
const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));

test('every file is in a room', () => {
  assert.deepEqual([...new Set(files.map(roomOf))].sort(), FLOORS.flat().sort());
});

test('imports run one way, and rooms on one floor do not import each other', async () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const target of await importsOf(file)) {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to && floorOf(to) <= floorOf(from)) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/**
 * The files of the rooms below `commands/` that import something when it is first needed. A run may be the first to need it
 * after an upgrade removed the file, so everything here is imported at the start of a run, or by jobs/preload.ts.
 */
const LATE_IMPORTS = [
  'core/log.ts',
  'core/trace.ts',
  'destinations/index.ts',
  'destinations/s3/bucket.ts',
  'jobs/notify.ts',
  'sources/index.ts',
  'sources/mongodb.ts',
  'sources/mongodb/connect.ts',
  'sources/mongodb/outline.ts',
  'sources/mongodb/question.ts',
  'sources/mongodb/sample.ts',
  'sources/postgres/driver.ts',
  'writers/csv.ts',
  'writers/csv/write.ts',
  'writers/pdf.ts',
  'writers/xlsx.ts',
  'writers/xlsx/read/zip-archive.ts',
  'writers/xlsx/shell.ts',
];

test('what a run may import late is known, so that it is loaded before it is needed', async () => {
  // No run uses verify/.
  const runs = files.filter((file) => !['verify', 'commands'].includes(roomOf(file)));
  const texts = await Promise.all(runs.map((file) => readFile(join(SRC, file), 'utf8')));
  const late = runs.filter((_, index) => /await import\(/.test(texts[index] ?? ''));
  assert.deepEqual(late.sort(), LATE_IMPORTS);
});
