// JSON documents in files: which files, which values, which rows, and what is said about the rest.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { link, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReportError } from '../../src/core/errors.js';
import type { Dimension } from '../../src/core/filter.js';
import type { Request } from '../../src/core/source.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { type Documents, documentRequest, documentsFolder, readDocuments } from '../support/json.js';

let folder: Documents;
before(async () => {
  folder = await documentsFolder();
});
after(() => folder.remove());

const lines = (from: number, to: number) =>
  Array.from(
    { length: to - from + 1 },
    (_, index) => `{"id":${from + index},"nome":"Maria ${from + index}"}\n`,
  ).join('');
const ids = (rows: readonly (readonly Cell[])[]) => rows.map(([id]) => Number(id));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function read(name: string, request: Request) {
  const source = await folder.open(name);
  try {
    return await readDocuments(source, request);
  } finally {
    await source.close();
  }
}

async function valuesOf(kind: Kind, json: string, more: Parameters<typeof documentRequest>[1] = {}) {
  await folder.write({ 'value.json': `{"v":${json}}` });
  return (await read('value.json', documentRequest({ v: kind }, more))).rows[0]?.[0];
}

describe('which files are read', () => {
  test('one that the URL names, whatever the collection', async () => {
    await folder.write({
      'one.ndjson': lines(1, 3),
      'one.json.gz': gzipSync(`[${lines(1, 2).trim().replace('\n', ',')}]`),
    });
    assert.deepEqual(ids((await read('one.ndjson', documentRequest({ id: 'integer' }))).rows), [1, 2, 3]);
    assert.deepEqual(ids((await read('one.json.gz', documentRequest({ id: 'integer' }))).rows), [1, 2]);
  });

  for (const ending of ['json', 'ndjson', 'jsonl', 'json.gz', 'ndjson.gz', 'jsonl.gz']) {
    test(`the collection's file in a folder: ${ending}`, async () => {
      const text = lines(1, 2);
      const content = ending.endsWith('gz') ? gzipSync(text) : text;
      await folder.write({
        [`${ending}-folder/vendas.${ending}`]: content,
        [`${ending}-folder/vendas2.json`]: '{"id":9}',
      });
      const request = documentRequest({ id: 'integer' }, { collection: 'vendas' });
      assert.deepEqual(ids((await read(`${ending}-folder`, request)).rows), [1, 2]);
    });
  }

  test('gzip of several members, as logs and concatenated files are', async () => {
    await folder.write({
      'members.ndjson.gz': Buffer.concat([gzipSync(lines(1, 2)), gzipSync(lines(3, 4))]),
    });
    assert.deepEqual(
      ids((await read('members.ndjson.gz', documentRequest({ id: 'integer' }))).rows),
      [1, 2, 3, 4],
    );
  });

  test("all files in the collection's folder and below, by code points; others are left out and named", async () => {
    await folder.write({
      'many/vendas/b.json': '{"id":5}',
      'many/vendas/B.json': '{"id":1}',
      'many/vendas/a/z.ndjson.gz': gzipSync('{"id":3}\n{"id":4}'),
      'many/vendas/a.json': '\n{\n "id":2}\n',
      'many/vendas/é.json': '[{"id":6},{"id":7}]',
      'many/vendas/notes.txt': '',
      'many/outra/x.json': '{"id":100}',
    });
    const { rows, notes } = await read('many', documentRequest({ id: 'integer' }, { collection: 'vendas' }));
    assert.deepEqual(ids(rows), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(notes, ['1 file of another kind was left out: vendas/notes.txt']);
  });

  test('hidden names below the collection are left out and counted, unless the report or the source names them', async () => {
    const one = '{"id":1}';
    const hidden = [
      '_temporary/0/part-0.json',
      '.part-0.json',
      '._a.json',
      '.ipynb_checkpoints/a.json',
      'x/_log/0.json',
    ];
    await folder.write({
      'lake/v/a.json': one,
      'lake/v/_SUCCESS': '',
      'lake/v/.a.json.crc': '',
      'lake/v/_dia=5/a.json': '{"id":2}',
      ...Object.fromEntries(hidden.map((name) => [`lake/v/${name}`, one])),
      'lake/_w/b.json': one,
      'lake/_u.json': one,
      'lake/h/_temporary/c.json': one,
    });
    // An editor's lock is a link to nowhere.
    await folder.link('lake/v/.#a.json', 'nobody@nowhere.1234');
    const of = (collection: string, name = 'lake') =>
      read(name, documentRequest({ id: 'integer' }, { collection }));
    const { rows, notes } = await of('v');
    assert.deepEqual(ids(rows).sort(), [1, 2]);
    assert.deepEqual(notes, [
      '6 names that begin with . or _ were left out: v/.#a.json, v/._a.json, v/.ipynb_checkpoints/, …',
    ]);
    for (const [name, collection] of [
      ['lake', '_w'],
      ['lake', '_u'],
      ['lake', 'v/_temporary'],
      ['lake', 'v/.part-0'],
      ['lake/v/_temporary', '0'],
      ['lake/v/.part-0.json', 'any'],
    ] as const) {
      assert.deepEqual(ids((await of(collection, name)).rows), [1], `${name} ${collection}`);
    }
    await assert.rejects(of('h'), (error) => {
      assert.ok(error instanceof ReportError && error.code === 'source');
      assert.match(error.message, /only hidden names are in the collection "h": h\/_temporary\/$/);
      assert.match(error.hint ?? '', /as in collection: h\/_temporary\.$/);
      return true;
    });
    const source = await folder.open('lake');
    const question = { report: 'r', about: { collection: 'h', match: {} }, params: {}, timezone: 'UTC' };
    assert.deepEqual(await source.ask(question), { isReady: false, text: 'no such collection' });
    await source.close();
  });

  test('a file is read once, whatever links lead to it, and links that lead back end', async () => {
    await folder.write({
      'links/v/a.json': '{"id":1}',
      'links/v/d/b.json': '{"id":2}',
      'links/e/c.json': '{"id":3}',
    });
    await link(join(folder.path, 'links/v/a.json'), join(folder.path, 'links/v/hard.json'));
    await folder.write({ 'links/v/same.json': '{"id":1}' });
    for (const [name, target] of [
      ['latest.json', 'a.json'],
      ['d2', 'd'],
      ['e', '../e'],
      ['self', '.'],
      ['up', '..'],
    ] as const)
      await folder.link(`links/v/${name}`, target);
    await folder.link('links/e/back', '../v');
    const { rows, notes } = await read('links', documentRequest({ id: 'integer' }, { collection: 'v' }));
    assert.deepEqual(ids(rows), [1, 2, 3, 1]);
    assert.deepEqual(notes, [
      '3 links to files that are read were left out: v/d2/b.json, v/hard.json, v/latest.json',
    ]);
  });

  test('five hundred files of a document each, in order', async () => {
    const names = range(1, 500).map((id) => [
      `docs500/docs/${String(id).padStart(4, '0')}.json`,
      `{"id":${id}}`,
    ]);
    await folder.write(Object.fromEntries(names));
    assert.deepEqual(ids((await read('docs500', documentRequest({ id: 'integer' }))).rows), range(1, 500));
  });

  test('a symbolic link to a file', async () => {
    await folder.write({ 'linked/real.txt': lines(1, 1) });
    await symlink(join(folder.path, 'linked/real.txt'), join(folder.path, 'linked/docs.ndjson'));
    assert.deepEqual(ids((await read('linked', documentRequest({ id: 'integer' }))).rows), [1]);
  });

  test('an empty collection is an empty file, and is said to be', async () => {
    await folder.write({ 'empty/docs.json': '', 'empty/array.json': '[ ]', 'empty/blank.ndjson': '\n \n' });
    for (const [collection, notes] of [
      ['docs', ['1 file had no document in it: docs.json']],
      ['blank', ['1 file had no document in it: blank.ndjson']],
      ['array', []],
    ] as const) {
      assert.deepEqual(await read('empty', documentRequest({ id: 'integer' }, { collection })), {
        rows: [],
        notes,
      });
    }
  });
});

describe('values', () => {
  const cells: readonly (readonly [json: string, kind: Kind, cell: Cell])[] = [
    ['1.10', 'decimal', '1.10'],
    ['12345678901234567890', 'integer', '12345678901234567890'],
    ['12345678901234567890.123456789', 'decimal', '12345678901234567890.123456789'],
    ['1e400', 'decimal', `1${'0'.repeat(400)}`],
    ['-1.5E-7', 'decimal', '-0.00000015'],
    ['5.00', 'integer', '5'],
    ['-0.0', 'integer', '0'],
    ['1e3', 'integer', '1000'],
    ['1e99999', 'text', '1e99999'],
    ['"a\\u00e7\\u00e3o \\ud834\\udd1e \\/ \\n"', 'text', 'ação 𝄞 / \n'],
    ['""', 'text', ''],
    ['null', 'text', null],
    ['true', 'boolean', 'true'],
    ['"2024-10-05"', 'date', '2024-10-05'],
    ['"2024-10-05T01:00:00Z"', 'date', '2024-10-04'],
    ['"2024-10-05T13:45:10.123456-03:00"', 'timestamp', '2024-10-05 13:45:10.123456-03'],
    ['{"$date":"2024-10-05T13:45:10.5Z"}', 'timestamp', '2024-10-05 10:45:10.5-03'],
    ['{ "$date" : { "$numberLong" : "-62135596800000" } }', 'timestamp', '0001-12-31 20:53:32-03:06:28 BC'],
    ['{"$date":1728146710500}', 'timestamp', '2024-10-05 13:45:10.5-03'],
    ['{"$oid":"65F0A1B2C3D4E5F60718293A"}', 'text', '65f0a1b2c3d4e5f60718293a'],
    ['{ "$oid": "65f0a1b2c3d4e5f60718293a" }', 'text', '65f0a1b2c3d4e5f60718293a'],
    ['{"$numberInt":"-7"}', 'integer', '-7'],
    ['{"$numberLong":"9223372036854775807"}', 'integer', '9223372036854775807'],
    ['{"$numberDouble":"1.0"}', 'decimal', '1'],
    ['{"$numberDouble":"-Infinity"}', 'decimal', '-Infinity'],
    ['{"$numberDouble":"NaN"}', 'decimal', 'NaN'],
    ['{"$numberDecimal":"1.20E-7"}', 'decimal', '0.000000120'],
    ['{"$uuid":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}', 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    [
      '{"$binary":{"base64":"oO68mZwLTvi7bWu5vTgKEQ==","subType":"04"}}',
      'text',
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    ],
    ['{"$binary":{"base64":"3q2+7w==","subType":"00"}}', 'text', '\\xdeadbeef'],
    ['{"$timestamp":{"t":1728146710,"i":1}}', 'text', '1728146710:1'],
    ['{"$regularExpression":{"pattern":"^a","options":"i"}}', 'text', '/^a/i'],
    ['{"$symbol":"ação"}', 'text', 'ação'],
    ['{"$undefined":true}', 'text', null],
    ['{"$minKey":1}', 'text', 'MinKey'],
    ['{"$oid":"not hexadecimal"}', 'json', '{"$oid":"not hexadecimal"}'],
    ['{"$date":{"$numberLong":"9223372036854775807"}}', 'timestamp', '292278994-08-17 07:12:55.807+00'],
    ['{ "a" : [ 1.10 , { } , "x y" ], "\\u00e9": 1e400 }', 'json', '{"a":[1.10,{},"x y"],"é":1e400}'],
    [
      '[{"$oid":"65f0a1b2c3d4e5f60718293a"},{"d":{"$date":"2024-10-05T13:45:10Z"},"n":{"$numberLong":"5"},"u":{"$undefined":true}}]',
      'json',
      '["65f0a1b2c3d4e5f60718293a",{"d":"2024-10-05 10:45:10-03","n":5,"u":null}]',
    ],
    ['"x"', 'json', '"x"'],
    ['{"a":1}', 'text', '{"a":1}'],
  ];
  for (const [json, kind, cell] of cells) {
    test(`${json} as ${kind}`, async () => assert.equal(await valuesOf(kind, json), cell));
  }

  test('of a text longer than a chunk, and of a document of 16 MB', async () => {
    const long = 'ção'.repeat(1_000_000);
    const text = `{"id":1}\n{"id":2,"s":${JSON.stringify(long)},"a":[${'[1.0,"x"],'.repeat(1_100_000)}null]}\n{"id":3}`;
    assert.ok(text.length > 14_000_000);
    await folder.write({ 'long.ndjson': text });
    const { rows } = await read(
      'long.ndjson',
      documentRequest({ id: 'integer', s: 'text', e: ['json', 'a.1099999'] }),
    );
    assert.deepEqual(ids(rows), [1, 2, 3]);
    assert.equal(rows[1]?.[1], long);
    assert.equal(rows[1]?.[2], '[1.0,"x"]');
  });

  test('a thousand deep', async () => {
    const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`;
    assert.equal(await valuesOf('json', deep), deep);
    assert.equal((await read('value.json', documentRequest({ x: 'text' }))).rows[0]?.[0], null);
  });
});

describe('paths', () => {
  const row = async (document: string, path: string, kind: Kind = 'text') => {
    await folder.write({ 'path.json': document });
    return (await read('path.json', documentRequest({ c: [kind, path] }))).rows[0]?.[0];
  };

  test('lead through objects, and to null where something is missing', async () => {
    const document = '{"a":{"b":{"c":"x"},"n":null,"s":"text"}}';
    assert.equal(await row(document, 'a.b.c'), 'x');
    assert.equal(await row(document, 'a.b', 'json'), '{"c":"x"}');
    for (const path of ['z', 'a.z', 'a.n.z', 'a.s.z', 'a.b.c.d', 'b'])
      assert.equal(await row(document, path), null, path);
  });

  test('lead through arrays by index', async () => {
    const document = '{"itens":[{"preco":1.5,"x":[10,20]}, {"preco":2.50}],"0":"zero"}';
    assert.equal(await row(document, 'itens.1.preco'), '2.50');
    assert.equal(await row(document, 'itens.0.x.1'), '20');
    assert.equal(await row(document, 'itens.9.preco'), null);
    assert.equal(await row(document, '0'), 'zero');
    assert.equal(await row(document, 'itens', 'json'), '[{"preco":1.5,"x":[10,20]},{"preco":2.50}]');
  });

  test('a column may stand on the way of another, and two at the same place', async () => {
    await folder.write({ 'path.json': '{"a":{"b":1.0}}' });
    const columns = { whole: ['json', 'a'], part: ['decimal', 'a.b'], again: ['text', 'a.b'] } as const;
    assert.deepEqual((await read('path.json', documentRequest(columns))).rows, [['{"b":1.0}', '1.0', '1.0']]);
  });

  test('keys with dots and empty keys are no paths, but lose nothing', async () => {
    await folder.write({ 'path.json': '{"a.b":"dot","":"empty","a":{"":"inside","b":"path"}}' });
    const { rows, notes } = await read(
      'path.json',
      documentRequest({ p: ['text', 'a.b'], e: ['text', 'a.'], a: 'json' }),
    );
    assert.deepEqual(rows, [['path', 'inside', '{"":"inside","b":"path"}']]);
    assert.deepEqual(notes, [
      'field "a.b" of 1 document is in no column',
      'field "" of 1 document is in no column',
    ]);
  });

  test('the names of JavaScript objects are names like others', async () => {
    await folder.write({ 'path.json': '{"__proto__":1,"constructor":{"toString":2}}' });
    const columns = {
      p: ['integer', '__proto__'],
      t: ['integer', 'constructor.toString'],
      m: ['text', 'hasOwnProperty'],
    } as const;
    assert.deepEqual((await read('path.json', documentRequest(columns))).rows, [['1', '2', null]]);
  });
});

describe('values that do not fit', () => {
  const mixed =
    '{"_id":{"$oid":"65f0a1b2c3d4e5f60718293a"},"q":1}\n\n{"_id":"b","q":"muitos"}\n{"q":[2]}\n{"q":{"$date":"2024-10-05T13:45:10Z"}}\n{"q":2.5}\n{"q":true}\n{"q":{"$oid":"65f0a1b2c3d4e5f60718293a"}}\n';

  test('are an error that names the document, the line and the value', async () => {
    await folder.write({ 'mixed.ndjson': mixed });
    await assert.rejects(read('mixed.ndjson', documentRequest({ q: 'integer' })), (error) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'contract');
      assert.equal(
        error.message,
        'reading "producao" from source "producao" (file:mixed.ndjson): mixed.ndjson line 3 (_id b): column "q" is integer but the value is "muitos" (text)',
      );
      assert.match(error.hint ?? '', /on-mismatch: null/);
      return true;
    });
  });

  test('or null, counted, with the first of them', async () => {
    const { rows, notes } = await read(
      'mixed.ndjson',
      documentRequest({ q: 'integer' }, { onMismatch: 'null' }),
    );
    assert.deepEqual(ids(rows), [1, 0, 0, 0, 0, 0, 0]);
    assert.equal(rows.filter(([cell]) => cell === null).length, 6);
    assert.deepEqual(notes, [
      '6 values became null, the first: mixed.ndjson line 3 (_id b): column "q" is integer but the value is "muitos" (text)',
    ]);
  });

  test('and so is a path through an array without an index', async () => {
    await folder.write({ 'array.json': '[{"itens":{"preco":1}},\n{"itens":[{"preco":2}]}]' });
    const request = documentRequest({ p: ['decimal', 'itens.preco'] });
    await assert.rejects(read('array.json', request), (error) => {
      assert.ok(error instanceof ReportError && error.code === 'contract');
      assert.match(
        error.message,
        /array\.json line 2 \(byte offset \d+\): column "p" leads through an array with its path itens\.preco$/,
      );
      assert.match(error.hint ?? '', /index/);
      return true;
    });
  });

  test('are shown short', async () => {
    await assert.rejects(
      valuesOf('integer', JSON.stringify('x'.repeat(10_000))),
      (error) => String(error).length < 300,
    );
  });
});

describe('filters', () => {
  const context = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };
  const filtered = async (
    documents: readonly string[],
    dimension: Dimension,
    column: string,
    values: string[],
    kind?: Kind,
  ) => {
    await folder.write({
      'filter.ndjson': documents.map((fields, index) => `{"id":${index + 1},${fields}}\n`).join(''),
    });
    const filters = [{ filter: parseFilter(dimension, values, context), column }];
    const fields = kind === undefined ? {} : { [dimension]: { kind, stored: undefined } };
    return ids((await read('filter.ndjson', documentRequest({ id: 'integer' }, { filters, fields }))).rows);
  };

  test('of texts compare texts exactly, through arrays as MongoDB does', async () => {
    const documents = [
      '"o":{"n":"ACME"}',
      '"o":{"n":"acme"}',
      '"o":{"n":["X","ACME"]}',
      '"o":[{"n":"X"},{"n":"ACME"}]',
      '"o":[[{"n":"ACME"}]]',
      '"o":{"n":[["ACME"]]}',
      '"o":{"n":null}',
      '"o":null',
      '"x":1',
      '"o":[{"n":["ACME"]}]',
    ];
    assert.deepEqual(await filtered(documents, 'organization', 'o.n', ['ACME']), [1, 3, 4, 10]);
    assert.deepEqual(
      await filtered(['"o":["X","ACME"]', '"o":[["ACME"]]', '"o":{"1":"ACME"}'], 'organization', 'o.1', [
        'ACME',
      ]),
      [1, 3],
    );
  });

  test('of numbers compare numbers exactly, and nothing else', async () => {
    const documents = [
      '"q":10',
      '"q":10.000000000000000000001',
      '"q":"10"',
      '"q":{"$numberDecimal":"9.99"}',
      '"q":1e1',
      '"q":[1,10]',
      '"q":null',
    ];
    assert.deepEqual(await filtered(documents, 'quantity', 'q', ['10']), [1, 5, 6]);
    assert.deepEqual(await filtered(documents, 'quantity', 'q', ['10..']), [1, 2, 5, 6]);
  });

  test("of dates take the report's days, and ISO text as dates", async () => {
    const documents = [
      '"d":{"$date":"2026-01-01T02:59:59.999Z"}',
      '"d":{"$date":"2026-01-01T03:00:00Z"}',
      '"d":"2026-01-01"',
      '"d":"2026-01-01T23:59:59.9-03:00"',
      '"d":"2026-01-02T02:59:59Z"',
      '"d":"2026-01-02T03:00:00Z"',
      '"d":"yesterday"',
      '"d":null',
    ];
    assert.deepEqual(await filtered(documents, 'date', 'd', ['2026-01-01'], 'timestamp'), [2, 3, 4, 5]);
  });

  test('come before the columns: what is left out need not fit', async () => {
    const documents = ['"o":"A","q":"x"', '"o":"B","q":1'];
    await folder.write({ 'filter.ndjson': documents.map((fields) => `{${fields}}\n`).join('') });
    const filters = [{ filter: parseFilter('organization', ['B'], context), column: 'o' }];
    assert.deepEqual((await read('filter.ndjson', documentRequest({ q: 'integer' }, { filters }))).rows, [
      ['1'],
    ]);
  });
});

describe('fields that no column takes', () => {
  test('are counted, the most frequent first; a filter takes one too, and _id says nothing', async () => {
    await folder.write({
      'unused.ndjson':
        '{"_id":1,"a":1,"b":1,"f":"x"}\n{"_id":2,"b":1,"c":{"a":1},"f":"x"}\n{"b":2,"f":"x"}\n',
    });
    const filters = [
      { filter: parseFilter('organization', ['x'], { timezone: 'UTC', today: '2026-01-01' }), column: 'f' },
    ];
    const { notes } = await read('unused.ndjson', documentRequest({ a: 'integer' }, { filters }));
    assert.deepEqual(notes, [
      'field "b" of 3 documents is in no column',
      'field "c" of 1 document is in no column',
    ]);
  });

  test('are counted once where a chunk ends in a document', async () => {
    const count = 20_000;
    await folder.write({ 'unused.ndjson': lines(1, count) });
    const { notes } = await read('unused.ndjson', documentRequest({ id: 'integer' }));
    assert.deepEqual(notes, [`field "nome" of ${count} documents is in no column`]);
  });

  test('do not fill the memory when data is used as names', async () => {
    const many = range(1, 3000)
      .map((id) => `{"id":${id},"k${id}":1}\n`)
      .join('');
    await folder.write({ 'names.ndjson': many });
    const { rows, notes } = await read('names.ndjson', documentRequest({ id: 'integer' }));
    assert.equal(rows.length, 3000);
    assert.equal(notes.length, 21);
    assert.match(notes[20] ?? '', /^9\d\d more fields of the documents are in no column$/);
  });
});

describe('reading', () => {
  const total = 50_000;
  before(() => folder.write({ 'big.ndjson': lines(1, total), 'big.ndjson.gz': gzipSync(lines(1, total)) }));
  const request = (more = {}) => documentRequest({ id: 'integer', nome: 'text' }, more);

  test('comes in batches of about a thousand, none empty, and ends at a limit', async () => {
    const source = await folder.open('big.ndjson');
    let rows = 0;
    for await (const batch of (await source.prepare(request())).read()) {
      assert.ok(batch.rowCount > 0 && batch.rowCount <= 1000);
      assert.equal(batch.rows().length, batch.rowCount);
      assert.equal(batch.rows(), batch.rows());
      rows += batch.rowCount;
    }
    assert.equal(rows, total);
    for (const limit of [0, 1, 999, 1000, 1001]) {
      assert.deepEqual(ids((await read('big.ndjson', request({ limit }))).rows), range(1, limit), `${limit}`);
    }
    await source.close();
  });

  for (const name of ['big.ndjson', 'big.ndjson.gz']) {
    test(`cancelled in the middle throws the reason, and holds no file: ${name}`, async () => {
      const controller = new AbortController();
      const source = await folder.open(name, controller.signal);
      const reader = (await source.prepare(request())).read()[Symbol.asyncIterator]();
      await reader.next();
      const reason = new Error('enough');
      controller.abort(reason);
      await assert.rejects(async () => {
        while ((await reader.next()).done !== true);
      }, reason);
      await closed(name);
    });

    test(`left early holds no file: ${name}`, async () => {
      for (let round = 0; round < 5; round += 1) {
        const source = await folder.open(name);
        for await (const _ of (await source.prepare(request())).read()) break;
        await source.close();
      }
      await closed(name);
    });
  }

  test('cancelled before it began throws the reason', async () => {
    const controller = new AbortController();
    const source = await folder.open('big.ndjson', controller.signal);
    const prepared = await source.prepare(request());
    controller.abort(new Error('enough'));
    await assert.rejects(prepared.read()[Symbol.asyncIterator]().next(), /enough/);
  });

  test('is estimated from the first documents', async () => {
    for (const name of ['big.ndjson', 'big.ndjson.gz']) {
      const source = await folder.open(name);
      const prepared = await source.prepare(request());
      const { rows, rowBytes } = await prepared.estimate();
      assert.ok(rows > total * 0.7 && rows < total * 1.6, `${name}: ${rows}`);
      assert.ok(rowBytes > 10 && rowBytes < 30, `${rowBytes}`);
      assert.equal((await (await source.prepare(request({ limit: 7 }))).estimate()).rows, 7);
    }
    await folder.write({ 'few.json': '[{"id":1},{"id":2}]', 'none.ndjson': '' });
    for (const [name, rows] of [
      ['few.json', 2],
      ['none.ndjson', 0],
    ] as const) {
      const estimate = await (await (await folder.open(name)).prepare(request())).estimate();
      assert.equal(estimate.rows, rows);
    }
  });

  test('is shown as a statement', async () => {
    const filters = [
      { filter: parseFilter('product', ['Café'], { timezone: 'UTC', today: '2026-01-01' }), column: 'p.n' },
    ];
    const source = await folder.open('big.ndjson');
    const { statement } = await source.prepare(request({ filters, orderBy: ['-id'], limit: 3 }));
    assert.deepEqual(JSON.parse(statement), {
      read: ['big.ndjson'],
      where: { 'p.n': ['Café'] },
      take: { id: 'integer at id', nome: 'text at nome' },
      orderBy: ['-id'],
      onMismatch: 'fail',
      limit: 3,
    });
  });

  test('in another order sorts by it, nulls last', async () => {
    await folder.write({
      'order.ndjson': '{"id":10}\n{"id":9,"n":"é"}\n{"id":null,"n":"b"}\n{"id":9,"n":"z"}\n',
    });
    const order = async (orderBy: string[], limit = 10) =>
      (await read('order.ndjson', documentRequest({ id: 'integer', n: 'text' }, { orderBy, limit }))).rows;
    assert.deepEqual(await order(['id', '-n']), [
      ['9', 'é'],
      ['9', 'z'],
      ['10', null],
      [null, 'b'],
    ]);
    assert.deepEqual(await order(['-id', 'n'], 2), [
      [null, 'b'],
      ['10', null],
    ]);
  });
});

/** No descriptor of this process leads to the file any more, within a second. */
async function closed(name: string): Promise<void> {
  const path = join(folder.path, name);
  const held = () =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`) === path;
      } catch {
        return false;
      }
    });
  for (let tries = 0; held().length > 0; tries += 1) {
    assert.ok(tries < 100, `${held().length} descriptors of ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
