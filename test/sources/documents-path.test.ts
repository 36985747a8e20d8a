// Paths into documents: names that are digits or have a dot, in JSON and in BSON.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BSON } from 'mongodb';
import type { Column } from '../../src/core/table.js';
import { pathThrough, segmentsOf } from '../../src/sources/documents/path.js';
import { Places, SLACK } from '../../src/sources/mongodb/places.js';
import { type Documents, documentRequest, documentsFolder, readDocuments } from '../support/json.js';

const DOCUMENT = { 2023: 'ano', 'a.b': { 'c.d': 'fundo' }, a: { b: 'outro' }, 'x\\': { y: 'barra' } };
const PATHS = { '2023': 'ano', 'a\\.b.c\\.d': 'fundo', 'a.b': 'outro', 'x\\\\.y': 'barra' };
const COLUMNS = Object.keys(PATHS).map((path, index): Column => ({ name: `c${index}`, kind: 'text', path }));

let folder: Documents;
before(async () => {
  folder = await documentsFolder();
});
after(() => folder.remove());

test('a path is read as it is spelled', () => {
  for (const [path, segments] of [
    ['a.b', ['a', 'b']],
    ['a\\.b', ['a.b']],
    ['a\\\\.b', ['a\\', 'b']],
    ['2023', ['2023']],
    ['é\\.\u{1f600}', ['é.\u{1f600}']],
    ['', ['']],
  ] as const) {
    assert.deepEqual(segmentsOf(path), segments, path);
    assert.equal(pathThrough(segments), path);
  }
  assert.deepEqual(segmentsOf('a\\b.c'), ['a\\b', 'c'], 'a backslash before anything else is itself');
});

test('JSON', async () => {
  await folder.write({ 'nomes.ndjson': `${JSON.stringify(DOCUMENT)}\n` });
  const source = await folder.open('nomes.ndjson');
  const { rows } = await readDocuments(source, { ...documentRequest({}), columns: COLUMNS });
  await source.close();
  assert.deepEqual(rows, [Object.values(PATHS)]);
});

test('BSON', () => {
  const bytes = Buffer.concat([BSON.serialize(DOCUMENT), Buffer.alloc(SLACK)]);
  const places = new Places(Object.keys(PATHS));
  places.find(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  const found = places.fields.map((field) =>
    bytes.toString('utf8', (places.starts[field] ?? 0) + 4, (places.ends[field] ?? 0) - 1),
  );
  assert.deepEqual(found, Object.values(PATHS));
});
