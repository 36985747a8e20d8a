// The MongoDB server of the tests, asked by the real driver: it answers as MongoDB does, or refuses.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { BSON, type Document, MongoClient, type MongoServerError } from 'mongodb';
import { type MongoManner, type MongoServer, startMongoServer } from '../support/mongodb-server.js';

const { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp } = BSON;
const RAW = { promoteValues: false, promoteLongs: false } as const;

let server: MongoServer;
let client: MongoClient;

before(async () => {
  server = await startMongoServer();
  client = await connected(server);
});
afterEach(() => server.reset());
after(async () => {
  await client.close();
  await server.close();
});

function connected(to: MongoServer, options: Document = {}): Promise<MongoClient> {
  return new MongoClient(to.url('vendas'), {
    socketTimeoutMS: 300,
    serverSelectionTimeoutMS: 2000,
    ...options,
  }).connect();
}

/** What the driver has of a collection into which these documents were put as `_id: 1`, `_id: 2`, … */
function given(documents: readonly Document[]) {
  server.insert(
    'vendas',
    'pedidos',
    documents.map((document, index) => ({ _id: index + 1, ...document })),
  );
  return client.db().collection<Document>('pedidos');
}

async function idsFor(filter: Document, documents: readonly Document[]): Promise<number[]> {
  server.reset();
  const found = await given(documents).find(filter).toArray();
  return found.map(({ _id }) => _id as unknown as number);
}

function ofName(name: string): Document[] {
  return server.commands.filter((command) => command.name === name).map(({ document }) => document);
}

async function refusal(promise: Promise<unknown>): Promise<MongoServerError> {
  return promise.then(
    () => assert.fail('it was not refused'),
    (error: MongoServerError) => error,
  );
}

const EVERY_TYPE: Document = {
  _id: new ObjectId('66f000000000000000000001'),
  double: new Double(5),
  negativeZero: new Double(-0),
  notANumber: new Double(Number.NaN),
  text: 'Café ☕ \u0000 𝄞',
  empty: '',
  object: { b: new Int32(1), a: { 10: 'dez', 2: 'dois' }, '': 'empty key', 'a.b': 'dotted key' },
  array: [new Int32(1), [new Double(2)], { c: null }],
  binary: new Binary(Buffer.from([0, 1, 255]), 0x80),
  uuid: new BSON.UUID('0f5c1b4e-8f3e-4b7e-9d51-0a4d4f3c2b1a'),
  boolean: true,
  date: new Date('2024-10-05T13:45:10.123Z'),
  null: null,
  regex: new BSON.BSONRegExp('^a.*', 'im'),
  code: new BSON.Code('return 1'),
  codeWithScope: new BSON.Code('return x', { x: 1 }),
  symbol: new BSON.BSONSymbol('s'),
  int: new Int32(-2147483648),
  timestamp: new Timestamp({ t: 4294967295, i: 1 }),
  long: Long.MAX_VALUE,
  small: Long.fromNumber(5),
  decimal: Decimal128.fromString('-1.10E-30'),
  minKey: new BSON.MinKey(),
  maxKey: new BSON.MaxKey(),
};

/** What the driver would not send: duplicate keys, a date beyond JavaScript's, a text that is no UTF-8. */
function strangeDocument(): Buffer {
  const bytes = Buffer.from(
    BSON.serialize({ _id: 1, twin: 1, twim: 2, date: new Date(0), text: 'xyz', itens: [{ preco: 1 }] }),
  );
  bytes.write('twin', bytes.indexOf('twim'));
  bytes.writeBigInt64LE(2n ** 63n - 1n, bytes.indexOf('date') + 5);
  bytes[bytes.indexOf('xyz')] = 0xff;
  return bytes;
}

describe('documents keep their bytes', () => {
  test('every type through insert and find', async () => {
    const collection = client.db().collection('tipos');
    await collection.insertOne(EVERY_TYPE);
    const raw = (await collection.findOne({}, { raw: true })) as unknown as Buffer;
    assert.deepEqual(Buffer.from(raw), Buffer.from(BSON.serialize(EVERY_TYPE)));
  });

  test('every type through a projection, a sort, $unwind, $addFields and a computed field', async () => {
    const collection = client.db().collection('tipos');
    await collection.insertOne(EVERY_TYPE);
    const kept = Object.fromEntries(Object.keys(EVERY_TYPE).map((name) => [name, 1]));
    const raw = (await collection.findOne(
      {},
      { raw: true, projection: kept, sort: { int: 1 } },
    )) as unknown as Buffer;
    assert.deepEqual(Buffer.from(raw), Buffer.from(BSON.serialize(EVERY_TYPE)));

    const [all] = (await collection
      .aggregate(
        [
          { $addFields: { copy: '$$ROOT' } },
          { $unwind: '$array' },
          { $limit: 1 },
          { $replaceWith: { copy: '$copy' } },
        ],
        { raw: true },
      )
      .toArray()) as unknown as Buffer[];
    assert.deepEqual(Buffer.from(all as Buffer), Buffer.from(BSON.serialize({ copy: EVERY_TYPE })));
  });

  test('what no driver would send', async () => {
    const strange = strangeDocument();
    server.insert('vendas', 'pedidos', [strange]);
    const collection = client.db().collection('pedidos');
    const options = { raw: true } as const;
    const [whole] = (await collection.find({}, options).toArray()) as unknown as Buffer[];
    assert.deepEqual(Buffer.from(whole as Buffer), strange);
    const [part] = (await collection
      .find({}, { ...options, projection: { twin: 1, date: 1, text: 1, 'itens.preco': 1 } })
      .toArray()) as unknown as Buffer[];
    assert.deepEqual(Buffer.from(part as Buffer), strange);
  });

  test('an _id is put in front where there is none, and is unique', async () => {
    server.insert('vendas', 'pedidos', [{ a: 1 }]);
    const [found] = await client.db().collection('pedidos').find().toArray();
    assert.deepEqual(Object.keys(found as Document), ['_id', 'a']);
    const error = await refusal(
      client
        .db()
        .collection('pedidos')
        .insertOne(found as Document),
    );
    assert.equal(error.code, 11000);
  });

  test('large inserts, in several messages', async () => {
    const wide = 'x'.repeat(40_000);
    const documents = Array.from({ length: 2500 }, (_, n) => ({ n, wide }));
    const { insertedCount } = await client.db().collection('pedidos').insertMany(documents);
    assert.equal(insertedCount, 2500);
    assert.ok(ofName('insert').length > 1);
    assert.equal(await client.db().collection('pedidos').estimatedDocumentCount(), 2500);
  });
});

describe('numbers of all types compare exactly', () => {
  const dec = (text: string) => Decimal128.fromString(text);
  const numbers = [
    { v: new Int32(5) },
    { v: new Double(5) },
    { v: Long.fromNumber(5) },
    { v: dec('5.00') },
    { v: dec('0.1') },
    { v: new Double(0.1) },
    { v: Long.fromString('9007199254740993') },
    { v: new Double(9007199254740992) },
    { v: dec('9007199254740993') },
    { v: dec('1E+3000') },
    { v: dec('NaN') },
    { v: new Double(Number.NEGATIVE_INFINITY) },
    { v: '5' },
    { v: null },
    {},
    { v: new Date(5) },
    { v: [new Int32(5), 'x'] },
  ];
  const cases: [string, Document, number[]][] = [
    ['$eq over types', { v: 5 }, [1, 2, 3, 4, 17]],
    ['$eq with a Decimal128', { v: dec('5') }, [1, 2, 3, 4, 17]],
    ['0.1 is not the double 0.1', { v: dec('0.1') }, [5]],
    ['nor the other way round', { v: 0.1 }, [6]],
    ['the double 0.1 is a little more', { v: { $gt: dec('0.1'), $lt: dec('0.11') } }, [6]],
    ['int64 beyond doubles', { v: Long.fromString('9007199254740993') }, [7, 9]],
    ['between neighbours', { v: { $gt: 9007199254740992, $lt: 1e300 } }, [7, 9]],
    ['far beyond doubles', { v: { $gt: Number.MAX_VALUE } }, [10]],
    ['NaN only with itself', { v: { $gte: Number.NaN } }, [11]],
    ['nothing is less than NaN, nor NaN less than something', { v: { $lt: 0 } }, [12]],
    ['$in', { v: { $in: [dec('0.1'), '5', null] } }, [5, 13, 14, 15]],
    ['$nin', { v: { $nin: [5, 0.1, '5', null, Number.NaN] } }, [5, 7, 8, 9, 10, 12, 16]],
    ['numbers only', { v: { $gte: 5, $lte: 5 } }, [1, 2, 3, 4, 17]],
    ['dates only', { v: { $gte: new Date(0) } }, [16]],
    ['texts only', { v: { $gte: '' } }, [13, 17]],
    ['null and missing', { v: null }, [14, 15]],
    ['null and missing as a range', { v: { $lte: null } }, [14, 15]],
    ['$type', { v: { $type: 'decimal' } }, [4, 5, 9, 10, 11]],
    ['$type number', { v: { $type: ['number', 'date'] } }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17]],
    ['$exists', { v: { $exists: false } }, [15]],
    ['$ne', { v: { $ne: 5 } }, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
  ];
  for (const [name, filter, ids] of cases) {
    test(name, async () => {
      assert.deepEqual(await idsFor(filter, numbers), ids);
    });
  }

  test('sorted', async () => {
    const documents = [
      { v: dec('0.3') },
      { v: 'a' },
      { v: new Double(0.3) },
      { v: Long.fromNumber(-1) },
      { v: null },
      { v: new Double(Number.NaN) },
      { v: [7, -2] },
      { v: true },
      { v: [] },
    ];
    const ids = async (direction: 1 | -1) => {
      server.reset();
      const found = await given(documents).find().sort({ v: direction }).toArray();
      return found.map(({ _id }) => _id);
    };
    // The double 0.3 is a little less than 0.3; an array sorts by its least item upwards, by its greatest downwards.
    assert.deepEqual(await ids(1), [9, 5, 6, 7, 4, 3, 1, 2, 8]);
    assert.deepEqual(await ids(-1), [8, 2, 7, 1, 3, 4, 6, 5, 9]);
  });
});

describe('paths lead through arrays', () => {
  const orders = [
    {
      itens: [
        { sku: 'a', q: 1 },
        { sku: 'b', q: 9 },
      ],
    },
    { itens: [{ sku: 'a', q: 9 }] },
    { itens: [] },
    { itens: { sku: 'c', q: 5 } },
    { itens: [{ sku: 'd' }, 7] },
    { itens: 7 },
  ];
  const cases: [string, Document, number[]][] = [
    ['any item', { 'itens.sku': 'a' }, [1, 2]],
    ['two conditions may hold for two items', { 'itens.sku': 'a', 'itens.q': { $gt: 5 } }, [1, 2]],
    ['even of one range', { 'itens.q': { $gt: 8, $lt: 2 } }, [1]],
    ['$elemMatch wants one item', { itens: { $elemMatch: { sku: 'a', q: { $gt: 5 } } } }, [2]],
    ['$elemMatch on values', { itens: { $elemMatch: { $gt: 5 } } }, [5]],
    ['an index', { 'itens.1.sku': 'b' }, [1]],
    ['missing in an item is null', { 'itens.q': null }, [5, 6]],
    ['$exists', { 'itens.q': { $exists: true } }, [1, 2, 4]],
    ['$ne means no item', { 'itens.sku': { $ne: 'a' } }, [3, 4, 5, 6]],
    ['$not', { 'itens.q': { $not: { $gt: 5 } } }, [3, 4, 5, 6]],
    ['$size', { itens: { $size: 2 } }, [1, 5]],
    ['$all', { 'itens.sku': { $all: ['a', 'b'] } }, [1]],
    ['a whole array', { itens: [] }, [3]],
    ['$type array', { itens: { $type: 'array' } }, [1, 2, 3, 5]],
    ['$or and $nor', { $or: [{ itens: 7 }, { $nor: [{ itens: { $exists: true } }] }] }, [5, 6]],
    ['$and', { $and: [{ 'itens.sku': /^[AB]$/i }, { 'itens.q': 1 }] }, [1]],
  ];
  for (const [name, filter, ids] of cases) {
    test(name, async () => {
      assert.deepEqual(await idsFor(filter, orders), ids);
    });
  }

  test('$expr', async () => {
    const documents = [{ a: Decimal128.fromString('2.0'), b: 2 }, { a: 1, b: 2 }, { b: 2 }];
    assert.deepEqual(await idsFor({ $expr: { $eq: ['$a', '$b'] } }, documents), [1]);
    assert.deepEqual(await idsFor({ $expr: { $lt: ['$a', '$b'] } }, documents), [2, 3]);
  });

  test('what a server refuses, and what this one cannot do, is refused', async () => {
    const collection = given(orders);
    const codes: [Document, number][] = [
      [{ itens: { $greater: 1 } }, 2],
      [{ $ou: [] }, 2],
      [{ $or: [] }, 2],
      [{ itens: { $in: 1 } }, 2],
      [{ itens: { $mod: [2, 1] } }, 238],
      [{ $where: 'true' }, 238],
    ];
    for (const [filter, code] of codes) {
      const error = await refusal(collection.find(filter).toArray());
      assert.equal(error.code, code, JSON.stringify(filter));
    }
    assert.equal((await refusal(collection.find().collation({ locale: 'pt' }).toArray())).code, 238);
  });
});

describe('projections', () => {
  const order = {
    _id: 1,
    cliente: { nome: 'ACME', uf: 'SP', fone: { ddd: 11 } },
    itens: [{ sku: 'a', q: 1 }, 'text', { q: 2 }],
    total: 3,
  };
  const cases: [string, Document, Document][] = [
    ['inclusion', { total: 1 }, { _id: 1, total: 3 }],
    ['inclusion without _id', { total: true, _id: 0 }, { total: 3 }],
    [
      'nested, in the order of the document',
      { total: 1, 'cliente.uf': 1, _id: 0 },
      { cliente: { uf: 'SP' }, total: 3 },
    ],
    ['nested as an object', { cliente: { fone: { ddd: 1 } }, _id: 0 }, { cliente: { fone: { ddd: 11 } } }],
    ['items of an array', { 'itens.sku': 1, _id: 0 }, { itens: [{ sku: 'a' }, {}] }],
    ['an index is a name', { 'itens.0.sku': 1, _id: 0 }, { itens: [{}, {}] }],
    ['exclusion', { cliente: 0, 'itens.q': 0 }, { _id: 1, itens: [{ sku: 'a' }, 'text', {}], total: 3 }],
    ['what is not there', { nada: 1, 'total.x': 1 }, { _id: 1 }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['a path computed', { _id: 0, uf: '$cliente.uf', skus: '$itens.sku' }, { uf: 'SP', skus: ['a'] }],
    ['a constant', { _id: 0, one: { $literal: 1 } }, { one: 1 }],
    [
      'nested and computed',
      { _id: 0, 'cliente.nome': 1, 'cliente.n': '$total' },
      { cliente: { nome: 'ACME', n: 3 } },
    ],
  ];
  for (const [name, projection, expected] of cases) {
    test(name, async () => {
      server.insert('vendas', 'pedidos', [order]);
      const collection = client.db().collection('pedidos');
      assert.deepEqual(await collection.find({}, { projection }).toArray(), [expected]);
      assert.deepEqual(await collection.aggregate([{ $project: projection }]).toArray(), [expected]);
    });
  }

  test('contradictions are refused with the codes of a server', async () => {
    const collection = given([order]);
    const codes: [Document, number][] = [
      [{ a: 1, b: 0 }, 31254],
      [{ a: 0, b: 1 }, 31253],
      [{ a: 1, 'a.b': 1 }, 31250],
      [{ 'a.b': 1, a: 1 }, 31250],
      [{ a: 0, b: '$total' }, 31310],
      [{ 'a.': 1 }, 40353],
      [{ 'a..b': 1 }, 15998],
      [{ 'itens.$': 1 }, 16410],
    ];
    for (const [projection, code] of codes) {
      const error = await refusal(collection.find({}, { projection }).toArray());
      assert.equal(error.code, code, JSON.stringify(projection));
    }
  });
});

describe('pipelines', () => {
  const price = (text: string) => Decimal128.fromString(text);
  const orders = [
    {
      uf: 'SP',
      total: price('10.10'),
      itens: [
        { p: 1, q: 2 },
        { p: 2, q: 3 },
      ],
      em: new Date('2024-10-05T02:00:00Z'),
    },
    { uf: 'SP', total: price('0.20'), itens: [], em: new Date('2024-10-06T02:00:00Z') },
    { uf: 'RJ', total: new Double(0.5), itens: [{ p: 3, q: 1 }], em: null },
    { total: 7 },
  ];
  const run = async (...stages: Document[]): Promise<Document[]> =>
    given(orders).aggregate(stages, RAW).toArray();
  const plain = async (...stages: Document[]): Promise<Document[]> =>
    given(orders).aggregate(stages).toArray();

  test('$group sums exactly and keeps types', async () => {
    const groups = await run(
      {
        $group: {
          _id: '$uf',
          total: { $sum: '$total' },
          n: { $sum: 1 },
          max: { $max: '$total' },
          em: { $push: '$em' },
        },
      },
      { $sort: { _id: 1 } },
    );
    assert.deepEqual(
      groups.map(({ _id, total, n, max }) => [_id, total.toString(), total._bsontype, n, String(max)]),
      [
        [null, '7', 'Int32', new Int32(1), '7'],
        ['RJ', '0.5', 'Double', new Int32(1), '0.5'],
        ['SP', '10.30', 'Decimal128', new Int32(2), '10.10'],
      ],
    );
    assert.deepEqual(groups[2]?.em, [orders[0]?.em, orders[1]?.em]);
  });

  test('sums have the type that MongoDB gives them', async () => {
    const sum = async (...values: unknown[]) => {
      server.reset();
      const [{ s } = { s: undefined }] = await given(values.map((v) => ({ v })))
        .aggregate([{ $group: { _id: null, s: { $sum: '$v' } } }], RAW)
        .toArray();
      return `${s._bsontype} ${s}`;
    };
    assert.equal(await sum(1, 'x', null), 'Int32 1');
    assert.equal(await sum(2147483647, 1), 'Long 2147483648');
    assert.equal(await sum(Long.MAX_VALUE, Long.fromNumber(1)), 'Double 9223372036854776000');
    assert.equal(await sum(new Double(0.1), new Double(0.2)), 'Double 0.30000000000000004');
    assert.equal(await sum(new Double(Number.POSITIVE_INFINITY), 1), 'Double Infinity');
    assert.equal(await sum(price('1E+3'), 1), 'Decimal128 1001');
    assert.equal(await sum('x'), 'Int32 0');
  });

  test('$avg, $first, $last, $addToSet, $count', async () => {
    const [group] = await run({
      $group: {
        _id: null,
        avg: { $avg: '$total' },
        first: { $first: '$uf' },
        last: { $last: '$uf' },
        set: { $addToSet: '$uf' },
        n: { $count: {} },
      },
    });
    assert.equal(Number(String(group?.avg)), 4.45);
    assert.deepEqual(
      { ...group, avg: undefined },
      { _id: null, avg: undefined, first: 'SP', last: null, set: ['SP', 'RJ'], n: new Int32(4) },
    );
  });

  test('$unwind', async () => {
    const project = { $project: { _id: 1, p: '$itens.p', i: 1 } };
    assert.deepEqual(await plain({ $unwind: '$itens' }, project), [
      { _id: 1, p: 1 },
      { _id: 1, p: 2 },
      { _id: 3, p: 3 },
    ]);
    server.reset();
    const options = { path: '$itens', includeArrayIndex: 'i', preserveNullAndEmptyArrays: true };
    assert.deepEqual(await plain({ $unwind: options }, project), [
      { _id: 1, i: 0, p: 1 },
      { _id: 1, i: 1, p: 2 },
      { _id: 2, i: null },
      { _id: 3, i: 0, p: 3 },
      { _id: 4, i: null },
    ]);
  });

  test('$addFields, $unset, $sort, $skip, $limit, $match', async () => {
    assert.deepEqual(
      await plain(
        { $match: { uf: { $exists: true } } },
        { $addFields: { 'itens.v': 1, dobro: { $multiply: ['$total', 2] }, uf: '$$REMOVE' } },
        { $unset: ['em', 'total'] },
        { $sort: { _id: -1 } },
        { $skip: 1 },
        { $limit: 2 },
      ),
      [
        { _id: 2, itens: [], dobro: price('0.40') },
        {
          _id: 1,
          itens: [
            { p: 1, q: 2, v: 1 },
            { p: 2, q: 3, v: 1 },
          ],
          dobro: price('20.20'),
        },
      ],
    );
  });

  test('$count, $sortByCount, $lookup, $replaceRoot', async () => {
    assert.deepEqual(await plain({ $count: 'n' }), [{ n: 4 }]);
    server.reset();
    assert.deepEqual((await plain({ $sortByCount: '$uf' }))[0], { _id: 'SP', count: 2 });
    server.reset();
    server.insert('vendas', 'estados', [{ _id: 'SP', nome: 'São Paulo' }]);
    const joined = { from: 'estados', localField: 'uf', foreignField: '_id', as: 'estado' };
    const names = await plain({ $lookup: joined }, { $replaceRoot: { newRoot: { nomes: '$estado.nome' } } });
    assert.deepEqual(names, [
      { nomes: ['São Paulo'] },
      { nomes: ['São Paulo'] },
      { nomes: [] },
      { nomes: [] },
    ]);
  });

  test('operators that mingo evaluates', async () => {
    const [first] = await plain({
      $project: {
        _id: 0,
        dia: { $dateToString: { date: '$em', format: '%Y-%m-%d', timezone: '-03:00' } },
        valor: { $sum: { $map: { input: '$itens', as: 'i', in: { $multiply: ['$$i.p', '$$i.q'] } } } },
        maior: { $toUpper: '$uf' },
      },
    });
    assert.deepEqual(first, { dia: '2024-10-04', valor: 8, maior: 'SP' });
  });

  test('what would be quietly wrong is refused', async () => {
    const codes: [Document, number][] = [
      [{ $stage: {} }, 40324],
      [{ $out: 'x' }, 40324],
      [{ $bucket: {} }, 40324],
      [{ $project: { x: { $nada: 1 } } }, 168],
      // A Decimal128 in the hands of mingo.
      [{ $project: { x: { $abs: '$total' } } }, 238],
      [{ $project: { x: { $toDecimal: '$uf' } } }, 238],
      [{ $group: { n: { $sum: 1 } } }, 15955],
      [{ $limit: 0 }, 15958],
      [{ $sort: { a: 2 } }, 15975],
    ];
    const collection = given(orders);
    for (const [stage, code] of codes) {
      const error = await refusal(collection.aggregate([stage]).toArray());
      assert.equal(error.code, code, `${JSON.stringify(stage)} ${error.message}`);
    }
  });

  test('counts, statistics, lists and explanations', async () => {
    const collection = given(orders);
    assert.equal(await collection.countDocuments({ uf: 'SP' }), 2);
    assert.equal(await collection.estimatedDocumentCount(), 4);
    const [{ storageStats } = { storageStats: undefined }] = await collection
      .aggregate([{ $collStats: { storageStats: {} } }])
      .toArray();
    assert.equal(storageStats.count, 4);
    assert.ok(storageStats.avgObjSize > 10);
    assert.equal((await client.db().command({ collStats: 'pedidos' })).count, 4);
    assert.deepEqual((await client.db().listCollections({ name: 'pedidos' }).toArray()).length, 1);
    assert.deepEqual(await client.db().listCollections({ name: 'nada' }, { nameOnly: true }).toArray(), []);
    const explanation = await collection.find({ uf: 'SP' }).explain('executionStats');
    assert.equal(explanation.executionStats.nReturned, 2);
    const ofPipeline = await collection.aggregate([{ $match: {} }]).explain('queryPlanner');
    assert.equal(ofPipeline.queryPlanner.winningPlan.stage, 'COLLSCAN');
    assert.equal((await client.db().command({ buildInfo: 1 })).version, '7.0.0');
    assert.equal((await client.db().command({ ping: 1 })).ok, 1);
    assert.equal((await refusal(client.db().command({ nada: 1 }))).code, 59);
  });
});

describe('cursors', () => {
  const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

  test('batches as asked for, and the first of 101', async () => {
    const collection = given(numbered(250));
    assert.equal((await collection.find({}, { batchSize: 100 }).toArray()).length, 250);
    assert.equal((await collection.aggregate([], { batchSize: 100 }).toArray()).length, 250);
    assert.deepEqual(
      [...ofName('find'), ...ofName('aggregate')].map(
        ({ batchSize, cursor }) => batchSize ?? cursor.batchSize,
      ),
      [100, 100],
    );
    assert.equal(ofName('getMore').length, 4);
    assert.equal((await collection.find().toArray()).length, 250);
    assert.equal(ofName('getMore').length, 5);
    assert.equal(server.openCursors(), 0);
  });

  test('a full batch leaves the cursor open, unless a limit ended it', async () => {
    const collection = given(numbered(100));
    await collection.find({}, { batchSize: 100 }).toArray();
    assert.equal(ofName('getMore').length, 1);
    await collection.find({}, { batchSize: 50, limit: 50 }).toArray();
    await collection.findOne();
    assert.equal(ofName('getMore').length, 1);
    assert.deepEqual(
      (await collection.find({}, { skip: 98, sort: { n: 1 } }).toArray()).map(({ n }) => n),
      [98, 99],
    );
  });

  test('no answer holds more than 16 MiB of documents', async () => {
    server.insert(
      'vendas',
      'pedidos',
      Array.from({ length: 9 }, () => ({ wide: 'x'.repeat(5_000_000) })),
    );
    assert.equal((await client.db().collection('pedidos').find({}, { batchSize: 9 }).toArray()).length, 9);
    assert.equal(ofName('getMore').length, 2);
  });

  test('leaving early kills the cursor', async () => {
    const cursor = given(numbered(250)).find({}, { batchSize: 10, noCursorTimeout: true });
    await cursor.next();
    assert.equal(server.openCursors(), 1);
    assert.equal(ofName('find')[0]?.noCursorTimeout, true);
    await cursor.close();
    assert.equal(server.openCursors(), 0);
    assert.equal(ofName('killCursors').length, 1);
  });

  test('read concern, preference and session arrive; the session is refreshed and ended', async () => {
    const session = client.startSession();
    const cursor = given(numbered(30)).find(
      {},
      {
        session,
        batchSize: 10,
        readConcern: { level: 'majority' },
        maxTimeMS: 1000,
        readPreference: 'secondaryPreferred',
      },
    );
    assert.equal((await cursor.toArray()).length, 30);
    await client.db('admin').command({ refreshSessions: [session.id] });
    await session.endSession();
    const [find] = ofName('find');
    assert.equal(find?.readConcern.level, 'majority');
    assert.equal(find?.maxTimeMS, 1000);
    assert.deepEqual(ofName('getMore')[0]?.lsid, find?.lsid);
    assert.deepEqual(ofName('refreshSessions')[0]?.refreshSessions[0].id, find?.lsid.id);
  });

  test('another session may not read on', async () => {
    given(numbered(30));
    const [session, other] = [client.startSession(), client.startSession()];
    const { cursor } = await client.db().command({ find: 'pedidos', batchSize: 1 }, { session });
    const getMore = { getMore: Long.fromNumber(cursor.id), collection: 'pedidos' };
    assert.equal((await refusal(client.db().command(getMore, { session: other }))).code, 50738);
    assert.equal((await client.db().command(getMore, { session })).cursor.nextBatch.length, 29);
    assert.equal((await refusal(client.db().command(getMore, { session }))).code, 43);
    await Promise.all([session.endSession(), other.endSession()]);
  });

  test('types of the filter can be seen as they were sent', async () => {
    await given([])
      .find({ v: Long.fromNumber(5), w: Decimal128.fromString('5.0') })
      .toArray();
    const command = server.commands.find(({ name }) => name === 'find');
    const { filter } = BSON.deserialize(command?.bytes ?? Buffer.alloc(0), RAW);
    assert.equal(filter.v._bsontype, 'Long');
    assert.equal(String(filter.w), '5.0');
  });
});

describe('replay', () => {
  test('gives the prepared batches again and again', async () => {
    const batch = (from: number) =>
      Buffer.concat(Array.from({ length: 1000 }, (_, n) => BSON.serialize({ _id: from + n, text: 'x' })));
    server.replay('vendas', 'pedidos', [batch(0), batch(1000)], 3);
    const collection = client.db().collection<{ _id: number }>('pedidos');
    const ids = await collection.find({ nothing: 'matters' }, { batchSize: 7 }).toArray();
    assert.deepEqual(
      ids.map(({ _id }) => _id).slice(995, 1005),
      [995, 996, 997, 998, 999, 1000, 1001, 1002, 1003, 1004],
    );
    assert.equal(ids.length, 6000);
    assert.equal(ids.at(-1)?._id, 1999);
    assert.equal(ofName('getMore').length, 5);
    assert.equal((await collection.aggregate([]).toArray()).length, 6000);
    assert.equal(await collection.estimatedDocumentCount(), 6000);
    assert.equal(server.openCursors(), 0);
  });
});

describe('logins', () => {
  let guarded: MongoServer;
  before(async () => {
    guarded = await startMongoServer({ login: { user: 'leitor', password: 'segredo, =1' } });
  });
  after(() => guarded.close());

  async function ask(url: string): Promise<unknown> {
    const one = new MongoClient(url, { serverSelectionTimeoutMS: 1000 });
    try {
      return await one.db('vendas').collection('pedidos').find().toArray();
    } finally {
      await one.close();
    }
  }

  test('the right password comes in', async () => {
    guarded.insert('vendas', 'pedidos', [{ _id: 1 }]);
    assert.deepEqual(await ask(guarded.url('vendas')), [{ _id: 1 }]);
    assert.deepEqual(await ask(`${guarded.url('vendas')}&authMechanism=SCRAM-SHA-256`), [{ _id: 1 }]);
  });

  test('a wrong password, a wrong name and a wrong authSource are refused with 18', async () => {
    const { port } = guarded;
    const password = encodeURIComponent('segredo, =1');
    for (const url of [
      `mongodb://leitor:errado@127.0.0.1:${port}/?directConnection=true`,
      `mongodb://outro:${password}@127.0.0.1:${port}/?directConnection=true`,
      `mongodb://leitor:${password}@127.0.0.1:${port}/vendas?directConnection=true`,
    ]) {
      const error = await refusal(ask(url));
      assert.equal(error.code, 18, url);
      assert.equal(error.codeName, 'AuthenticationFailed');
    }
  });

  test('without a login nothing is read', async () => {
    const error = await refusal(ask(`mongodb://127.0.0.1:${guarded.port}/?directConnection=true`));
    assert.equal(error.code, 13);
  });
});

describe('faults', { timeout: 600_000 }, () => {
  // A broken connection empties the driver's pool, so each test has a client of its own.
  async function reading(options: Document = {}): Promise<Document[]> {
    const one = await connected(server, options);
    try {
      return await one.db().collection('pedidos').find({}, { batchSize: 10 }).toArray();
    } finally {
      await one.close();
    }
  }
  const documents = () =>
    server.insert(
      'vendas',
      'pedidos',
      Array.from({ length: 50 }, (_, n) => ({ n })),
    );
  const refusals: [string, MongoManner & object][] = [
    ['a lost cursor', { code: 43, codeName: 'CursorNotFound', errmsg: 'cursor id 1 not found' }],
    ['no right', { code: 13, codeName: 'Unauthorized', errmsg: 'not authorized on vendas' }],
    ['a shutdown', { code: 11600, codeName: 'InterruptedAtShutdown', errmsg: 'interrupted at shutdown' }],
  ];
  for (const [name, failure] of refusals) {
    test(`${name} at the second getMore`, async () => {
      documents();
      server.fail({ command: 'getMore', nth: 2 }, failure);
      const error = await refusal(reading());
      assert.equal(error.code, failure.code);
      assert.equal(error.codeName, failure.codeName);
      assert.equal(ofName('getMore').length, 2);
    });
  }

  test('a broken connection', async () => {
    documents();
    server.fail({ command: 'getMore', nth: 2 }, 'reset');
    const error = await refusal(reading());
    assert.equal(error.name, 'MongoNetworkError');
  });

  test('no answer', async () => {
    documents();
    server.fail({ command: 'getMore', nth: 2 }, 'stall');
    const begun = Date.now();
    const error = await refusal(reading());
    assert.equal(error.name, 'MongoNetworkTimeoutError');
    assert.ok(Date.now() - begun < 30_000);
  });

  test('the driver reads once more when find itself fails, and only once', async () => {
    documents();
    const shutdown = { code: 11600, codeName: 'InterruptedAtShutdown', errmsg: 'interrupted at shutdown' };
    server.fail({ command: 'find', nth: 1 }, shutdown);
    assert.equal((await reading()).length, 50);
    server.fail({ command: 'find' }, shutdown, 2);
    assert.equal((await refusal(reading())).code, 11600);
    assert.equal((await reading()).length, 50);
  });

  test('a client that is closed leaves no connection', async () => {
    documents();
    const before = server.connections();
    await reading();
    for (let waited = 0; server.connections() > before && waited < 2000; waited += 10)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(server.connections(), before);
  });
});
