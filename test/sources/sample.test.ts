// What a sample of whole documents says, from files and from MongoDB: the same, but for how a value is shown.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import type { Request, Source } from '../../src/core/source.js';
import { parseFilter } from '../../src/filters/index.js';
import { type Documents, documentRequest, documentsFolder } from '../support/json.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import { eventually, openUrl } from '../support/postgres.js';

let folder: Documents;
let server: MongoServer;
before(async () => {
  [folder, server] = await Promise.all([documentsFolder(), startMongoServer()]);
});
afterEach(() => server.reset());
after(async () => {
  await Promise.all([folder?.remove(), server?.close()]);
});

async function sampleOf(source: Source, request: Request, count: number): Promise<readonly string[]> {
  try {
    const prepared = await source.prepare(request);
    assert.ok(prepared.sample !== undefined);
    return (await prepared.sample(count)).map(({ detail }) => detail);
  } finally {
    await source.close();
  }
}

const openMongodb = (signal?: AbortSignal) =>
  openUrl(server.url('vendas'), { shown: 'here', ...(signal && { signal }) });

/** @param lines documents in Extended JSON */
async function samples(lines: readonly string[], request: Request, count = 1000) {
  await folder.write({ 'docs.ndjson': lines.map((line) => `${line}\n`).join('') });
  const documents = lines.map((line) => BSON.EJSON.parse(line, { relaxed: false }));
  server.insert('vendas', 'docs', documents);
  const file = await openUrl(`file:${folder.path}/docs.ndjson`, { shown: 'here' });
  return {
    files: await sampleOf(file, request, count),
    mongodb: await sampleOf(await openMongodb(), request, count),
  };
}

async function assertSampled(
  lines: readonly string[],
  request: Request,
  [summary, ...findings]: readonly string[],
): Promise<void> {
  const { files, mongodb } = await samples(lines, request);
  assert.deepEqual(files, [`source "vendas" (here): ${summary}`, ...findings]);
  assert.deepEqual(mongodb, files);
}

describe('a sample of documents', { timeout: 600_000 }, () => {
  test('says that there is nothing to say', () =>
    assertSampled(
      ['{"_id":1,"a":{"b":2}}', '{"_id":2,"a":{"b":null}}'],
      documentRequest({ x: ['text', 'a.b'] }),
      ['2 documents sampled: all have every path, every value fits, and no field is left out'],
    ));

  test('counts the documents that have a field that no column and no mapped filter takes, most first', () =>
    assertSampled(
      [
        '{"_id":1,"a":1,"turno":"noite","org":{"nome":"x","cnpj":"1","sede":{"rua":"r","uf":"SP"}}}',
        '{"_id":2,"a":2,"org":{"nome":"y","cnpj":null,"sede":{"rua":"r"}}}',
        '{"_id":3,"a":3,"a.b":1,"org":{"nome":"z","cnpj":"3"}}',
      ],
      documentRequest({ a: 'integer' }, { mapped: { organization: 'org.nome' } }),
      [
        '3 documents sampled',
        'field "org.cnpj" is in no column or filter (3 of 3 documents)',
        'field "org.sede" is in no column or filter (2 of 3 documents)',
        'field "turno" is in no column or filter (1 of 3 documents)',
        'field "a\\\\.b" is in no column or filter (1 of 3 documents)',
      ],
    ));

  test('names the columns and filters whose path no document has', () =>
    assertSampled(
      ['{"_id":1,"org":{"nome":"x"}}', '{"_id":2,"org":null}'],
      documentRequest(
        { nome: ['text', 'org.nmoe'], id: ['integer', '_id'] },
        { mapped: { product: 'org.prod' } },
      ),
      [
        '2 documents sampled',
        'column "nome": none of 2 documents has "org.nmoe"',
        'filter product: none of 2 documents has "org.prod"',
        'field "org.nome" is in no column or filter (1 of 2 documents)',
      ],
    ));

  test('a column takes all that is inside it, whatever other paths lead there', () =>
    assertSampled(
      ['{"_id":{"dia":1,"org":2},"a":{"b":1,"c":[{"d":1}]},"l":[{"x":1},2]}'],
      documentRequest(
        {
          a: 'json',
          b: ['integer', 'a.b'],
          d: ['integer', 'a.c.0.d'],
          l: 'json',
          dia: ['integer', '_id.dia'],
        },
        { mapped: { product: 'l.x' } },
      ),
      ['1 document sampled', 'field "_id.org" is in no column or filter (1 of 1 document)'],
    ));

  test('an index takes one element of an array, a filter looks into all of them', () =>
    assertSampled(
      [
        '{"_id":1,"leituras":[1,2,3],"itens":[{"nome":"a","preco":1},{"nome":"b","preco":2,"cor":"c"}]}',
        '{"_id":2,"leituras":[1],"itens":[]}',
        '{"_id":3,"leituras":[],"itens":[{"nome":"a"},3]}',
      ],
      documentRequest({ primeira: ['integer', 'leituras.0'] }, { mapped: { product: 'itens.nome' } }),
      [
        '3 documents sampled',
        'field "leituras.*" is in no column or filter (1 of 3 documents)',
        'field "itens.preco" is in no column or filter (1 of 3 documents)',
        'field "itens.cor" is in no column or filter (1 of 3 documents)',
        'field "itens.*" is in no column or filter (1 of 3 documents)',
      ],
    ));

  test('values of Extended JSON are values, with nothing inside', () =>
    assertSampled(
      ['{"_id":{"$oid":"65f0a1b2c3d4e5f60718293a"},"em":{"$date":"2024-10-05T13:45:10Z"}}'],
      documentRequest({ id: ['text', '_id'], em: 'timestamp', x: ['text', 'em.x'] }),
      ['1 document sampled', 'column "x": none of 1 document has "em.x"'],
    ));

  const mixed = ['{"_id":1,"q":1,"s":"a"}', '{"_id":2,"q":"muitos","s":true}', '{"_id":3,"q":2.5,"s":1}'];

  test('counts the values that do not fit, every column by itself, with the first and its _id', async () => {
    const request = documentRequest({ q: 'integer', s: 'boolean' });
    const { files, mongodb } = await samples(mixed, request);
    assert.deepEqual(files.slice(1), [
      '2 values do not fit (on-mismatch: fail), the first: docs.ndjson line 2 (_id 2): column "q" is integer but the value is "muitos" (text)',
      '2 values do not fit (on-mismatch: fail), the first: docs.ndjson line 1 (_id 1): column "s" is boolean but the value is "a" (text)',
    ]);
    assert.deepEqual(mongodb.slice(1).sort(), [
      '2 values do not fit (on-mismatch: fail), the first: column "q": the string muitos is no integer (document with _id 2)',
      '2 values do not fit (on-mismatch: fail), the first: column "s": the string a is no boolean (document with _id 1)',
    ]);
  });

  test('says what on-mismatch does, and that one is one', async () => {
    const { files, mongodb } = await samples(
      mixed.slice(1),
      documentRequest({ s: 'boolean' }, { onMismatch: 'null' }),
    );
    for (const lines of [files, mongodb])
      assert.match(lines[1] ?? '', /^1 value does not fit \(on-mismatch: null\): /);
  });

  test('text counts as a date where the same would be read as one', async () => {
    const request = documentRequest(
      { em: 'timestamp', outro: 'date' },
      { mapped: { date: 'em' }, fields: { date: { kind: 'timestamp', stored: 'text' } } },
    );
    const { files, mongodb } = await samples(
      ['{"_id":1,"em":"2024-10-05T13:45:10Z","outro":"2024-10-05"}'],
      request,
    );
    assert.equal(files.length, 1);
    assert.equal(mongodb.length, 2);
    assert.match(mongodb[1] ?? '', /column "outro": the string 2024-10-05 is no date/);
  });

  test('is no larger than asked for, and has no order, limit or filter', async () => {
    const many = Array.from(
      { length: 1200 },
      (_, index) => `{"_id":${index},"f${index >= 700 ? 'x' : ''}":1}`,
    );
    const filter = parseFilter('product', ['nada'], { timezone: 'UTC', today: '2026-01-01' });
    const request = documentRequest(
      { id: ['integer', '_id'] },
      { orderBy: ['-id'], limit: 3, filters: [{ filter, column: 'f' }], mapped: { product: 'f' } },
    );
    const { files, mongodb } = await samples(many, request, 700);
    assert.equal(files.length, 1);
    assert.match(files[0] ?? '', /: 700 documents sampled: all have/);
    assert.deepEqual(mongodb, files);
  });

  test('data that is used as names does not fill the screen', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `{"_id":${index},"m":{"a":0,"k${index}":1}}`);
    const { files, mongodb } = await samples(many, documentRequest({ a: ['integer', 'm.a'] }));
    assert.equal(files.length, 102);
    assert.equal(files.at(-1), '100 more fields are in no column or filter');
    assert.deepEqual(mongodb, files);
  });

  test('of nothing says so', async () => {
    const { files, mongodb } = await samples([], documentRequest({ a: 'integer' }));
    assert.deepEqual(files, ['source "vendas" (here) has no documents to sample']);
    assert.deepEqual(mongodb, files);
  });
});

describe('a sample from MongoDB', { timeout: 600_000 }, () => {
  test('comes after the stages of the report, whole, and as many as asked for', async () => {
    server.insert('vendas', 'docs', [
      {
        _id: 1,
        itens: [
          { p: 'a', q: 1 },
          { p: 'b', q: 2 },
        ],
        f: 'x',
      },
      { _id: 2, itens: [{ p: 'c', q: 3 }], f: 'y' },
    ]);
    const request = documentRequest(
      { produto: ['text', 'itens.p'] },
      { pipeline: [{ $match: '{filters}' }, { $unwind: '$itens' }], mapped: { organization: 'f' } },
    );
    assert.deepEqual(await sampleOf(await openMongodb(), request, 2), [
      'source "vendas" (here): 2 documents sampled',
      'field "itens.q" is in no column or filter (2 of 2 documents)',
    ]);
    const [sent] = server.commands.filter(({ name }) => name === 'aggregate').slice(-1);
    assert.deepEqual(sent?.document.pipeline, [{ $match: {} }, { $unwind: '$itens' }, { $limit: 2 }]);
  });

  test('asks for whole documents, in no order', async () => {
    server.insert('vendas', 'docs', [{ _id: 1, a: 1 }]);
    await sampleOf(await openMongodb(), documentRequest({ a: 'integer' }, { orderBy: ['a'] }), 5);
    const [sent] = server.commands.filter(({ name }) => name === 'find');
    assert.equal(sent?.document.limit, 5);
    for (const option of ['projection', 'sort']) assert.equal(sent?.document[option], undefined);
    assert.equal(server.openCursors(), 0);
  });

  test('a server that fails is an error that says what we were doing', async () => {
    server.insert('vendas', 'docs', [{ _id: 1 }]);
    server.fail(
      { command: 'find' },
      { code: 11600, codeName: 'InterruptedAtShutdown', errmsg: 'going down' },
    );
    await assert.rejects(sampleOf(await openMongodb(), documentRequest({ a: 'integer' }), 5), (error) => {
      assert.ok(error instanceof ReportError);
      assert.match(
        error.message,
        /^sampling "docs" in source "vendas" \(here\): going down \(MongoDB code 11600/,
      );
      assert.deepEqual([error.code, error.retryable], ['source', true]);
      return true;
    });
  });

  test('a document that no run could read is an error that names it', async () => {
    const twice = Buffer.concat([
      Buffer.from([27, 0, 0, 0]),
      Buffer.from('\x10_id\0\x07\0\0\0\x10a\0\x01\0\0\0\x10a\0\x02\0\0\0', 'latin1'),
    ]);
    const bytes = Buffer.concat([twice, Buffer.of(0)]);
    bytes.writeInt32LE(bytes.length, 0);
    server.insert('vendas', 'docs', [bytes]);
    await assert.rejects(
      sampleOf(await openMongodb(), documentRequest({ a: 'integer' }), 5),
      /sampling "producao" .*document with _id 7: the key "a" stands twice/,
    );
  });

  test('cancelled while the server is silent, throws the reason', async () => {
    server.insert('vendas', 'docs', [{ _id: 1 }]);
    server.fail({ command: 'find' }, 'stall', 1);
    const controller = new AbortController();
    const source = await openMongodb(controller.signal);
    const sampling = sampleOf(source, documentRequest({ a: 'integer' }), 5);
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await assert.rejects(sampling, /^Error: enough$/);
    await eventually(async () => server.connections() === 0, 'every connection closed');
  });
});

test('a sample from files ends in a broken document with its place', async () => {
  await folder.write({ 'broken.ndjson': '{"_id":1}\n{"_id":\n' });
  const open = () => openUrl(`file:${folder.path}/broken.ndjson`);
  await assert.rejects(
    sampleOf(await open(), documentRequest({ a: 'integer' }), 5),
    (error) => error instanceof ReportError && /broken\.ndjson line 2 /.test(error.message),
  );
  assert.equal((await sampleOf(await open(), documentRequest({ id: ['integer', '_id'] }), 1)).length, 1);
});
