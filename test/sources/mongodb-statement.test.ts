// What a report over documents becomes: a find or an aggregation, or a refusal before anything is asked of a server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, type Document } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import type { DocumentQuery, Request } from '../../src/core/source.js';
import type { Column } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { documentQuery, statementOf, statementText } from '../../src/sources/mongodb/statement.js';
import { orderOf } from '../support/json.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer', path: '_id' },
  { name: 'organizacao', kind: 'text', path: 'organizacao.nome' },
];

function request(more: Partial<Omit<Request, 'query'>> = {}, query: Partial<DocumentQuery> = {}): Request {
  const documents: DocumentQuery = {
    collection: 'pedidos',
    pipeline: [],
    fields: {},
    orderBy: orderOf(more.orderBy ?? [], more.columns ?? COLUMNS),
    onMismatch: 'fail',
    ...query,
  };
  const made: Omit<Request, 'query'> & { query: unknown } = {
    report: 'vendas',
    query: documents,
    columns: COLUMNS,
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone: 'America/Sao_Paulo',
    ...more,
  };
  return made as Request;
}

const built = (made: Request) =>
  statementOf(made, documentQuery(made, 'source "vendas" (mongodb://…)'), BSON);
const shown = (made: Request) => JSON.parse(statementText(built(made), BSON));
const pipelineOf = (pipeline: readonly Document[], more: Partial<Request> = {}) =>
  shown(request(more, { pipeline })).pipeline;

const organization = {
  filter: parseFilter('organization', ['ACME'], { timezone: 'UTC', today: '2026-03-10' }),
  column: 'organizacao.nome',
};
const MATCH = { $match: { 'organizacao.nome': { $eq: 'ACME' } } };
const PROJECT = { $project: { _id: 1, 'organizacao.nome': 1 } };

function refused(made: Request, message: RegExp, hint = /./): void {
  assert.throws(
    () => built(made),
    (error) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.equal(error.code, 'definition');
      assert.match(error.message, message);
      assert.match(error.message, /"vendas"/);
      assert.match(error.hint ?? '', hint);
      assert.doesNotMatch(`${error.message}${error.hint}`, /[\r\n]/);
      return true;
    },
  );
}

describe('without a pipeline', () => {
  test('a find of the needed fields', () => {
    assert.deepEqual(shown(request({ filters: [organization], orderBy: ['-organizacao', 'id'], limit: 5 })), {
      find: 'pedidos',
      filter: MATCH.$match,
      projection: PROJECT.$project,
      sort: { 'organizacao.nome': -1, _id: 1 },
      limit: 5,
    });
    assert.deepEqual(shown(request()), { find: 'pedidos', filter: {}, projection: PROJECT.$project });
  });

  test('paths inside one another are asked for once, and arrays whole', () => {
    const paths = ['a.b.c', 'a.b', 'a.bc', 'itens.0.preco', 'itens.1', '2024.x', 'a.b.d'];
    const columns = paths.map((path): Column => ({ name: path, kind: 'text' }));
    assert.deepEqual(shown(request({ columns })).projection, { 'a.b': 1, 'a.bc': 1, itens: 1, '2024.x': 1 });
  });

  test('a key with a dot in its name is read from the object that has it', () => {
    const columns = (...paths: string[]) =>
      request({ columns: paths.map((path): Column => ({ name: path, kind: 'text' })) });
    assert.deepEqual(shown(columns('a.b\\.c', 'd')).projection, { a: 1, d: 1 });
    assert.deepEqual(shown(columns('a\\.b', 'd')).projection, {});
    const refusal = /"valor\\\\\.total" is no path into a document/;
    const filter = { ...organization, column: 'valor\\.total' };
    refused(request({ filters: [filter] }), refusal, /Only a column.*\$getField/);
  });

  test('the order is total, keeps its sequence, and may name what is not exported', () => {
    const sort = (orderBy: string[]) => [
      ...((built(request({ orderBy })) as { sort?: Map<string, number> }).sort ?? []),
    ];
    assert.deepEqual(sort(['z', '-2024', 'z']), [
      ['z', 1],
      ['2024', -1],
      ['_id', 1],
    ]);
    assert.deepEqual(sort(['-id']), [['_id', -1]]);
  });
});

describe('with a pipeline', () => {
  test('it runs before the filters, the order, the limit and the choice of fields', () => {
    const stages = [{ $unwind: '$itens' }, { $match: { status: 'pago' } }];
    assert.deepEqual(pipelineOf(stages, { filters: [organization], orderBy: ['id'], limit: 3 }), [
      ...stages,
      MATCH,
      { $sort: { _id: 1 } },
      { $limit: 3 },
      PROJECT,
    ]);
    assert.deepEqual(pipelineOf(stages), [...stages, PROJECT]);
  });

  test('unless it says where the filters go, as often as it likes', () => {
    const marker = { $match: '{filters}' };
    const more = { filters: [organization] };
    assert.deepEqual(pipelineOf([marker, { $unwind: '$itens' }], more), [
      MATCH,
      { $unwind: '$itens' },
      PROJECT,
    ]);
    const union = { $unionWith: { coll: 'antigos', pipeline: [marker] } };
    assert.deepEqual(pipelineOf([marker, union], more), [
      MATCH,
      { $unionWith: { coll: 'antigos', pipeline: [MATCH] } },
      PROJECT,
    ]);
    assert.deepEqual(pipelineOf([marker]), [{ $match: {} }, PROJECT]);
  });

  test('Extended JSON becomes the types that it names', () => {
    const [stage] = (
      built(
        request(
          {},
          {
            pipeline: [
              {
                $match: {
                  a: { $oid: '66f000000000000000000001' },
                  b: { $gte: { $date: '2026-01-01T00:00:00Z' } },
                  c: { $numberLong: '9007199254740993' },
                  d: { $numberDecimal: '9.99' },
                  e: [{ $uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' }, 5, 5.5, null, true],
                },
              },
            ],
          },
        ),
      ) as { pipeline: Document[] }
    ).pipeline;
    const sent = BSON.deserialize(BSON.serialize(stage ?? {}), { promoteValues: false }).$match;
    assert.deepEqual(sent.a, new BSON.ObjectId('66f000000000000000000001'));
    assert.deepEqual(sent.b.$gte, new Date('2026-01-01T00:00:00Z'));
    assert.equal(sent.c.toString(), '9007199254740993');
    assert.equal(sent.d._bsontype, 'Decimal128');
    assert.equal(sent.e[0].sub_type, 4);
    assert.deepEqual(
      sent.e.slice(1).map((value: { _bsontype?: string } | null) => value?._bsontype),
      ['Int32', 'Double', undefined, undefined],
    );
  });
});

describe('what is refused', () => {
  const pipeline = (...stages: unknown[]) => request({}, { pipeline: stages as Document[] });

  test('SQL', () => {
    const made = { ...request(), query: 'SELECT 1' };
    refused(made, /its query is SQL, but source "vendas" .* holds documents/);
  });

  test('stages that write, wherever they are', () => {
    refused(pipeline({ $out: 'x' }), /stage 1 of the pipeline: \$out is refused/, /only read/);
    refused(pipeline({ $match: {} }, { $merge: { into: 'x' } }), /stage 2 of the pipeline: \$merge/);
    refused(
      pipeline({ $lookup: { from: 'a', as: 'b', pipeline: [{ $facet: { x: [{ $out: 'y' }] } }] } }),
      /\$out/,
    );
    refused(pipeline({ $changeStream: {} }), /\$changeStream/, /ends/);
    // A field may be called so, and values may speak of it.
    assert.doesNotThrow(() =>
      built(pipeline({ $match: { merge: '$out' } }, { $set: { out: { $mergeObjects: [] } } })),
    );
  });

  test('what is no stage', () => {
    refused(pipeline('$match'), /stage 1 of the pipeline: it is "\$match"/, /one key/);
    refused(pipeline({ $match: {}, $limit: 1 }), /it is \{"\$match":/);
    refused(pipeline({}), /it is \{\}/);
    refused(pipeline({ match: {} }), /it is \{"match"/);
    refused(pipeline(null), /it is null/);
    refused(
      pipeline({ $match: '{filter}' }),
      /\$match is the text "\{filter\}"/,
      /did you mean "\{filters\}"/,
    );
  });

  test('what is no Extended JSON', () => {
    refused(
      pipeline({ $match: { _id: { $oid: 'xyz' } } }),
      /stage 1 of the pipeline is no Extended JSON: /,
      /\$oid/,
    );
    refused(pipeline({ $match: { v: { $numberDecimal: 'caro' } } }), /no Extended JSON/);
    refused(pipeline({ $match: { v: { $gte: { $date: 'ontem' } } } }), /date/);
  });

  test('calls of the shell, which are only text', () => {
    refused(pipeline({ $match: { d: { $gte: 'ISODate("2026-01-01")' } } }), /only text/, /\{ "\$date": /);
    refused(pipeline({ $match: { d: { $in: ['ObjectId("66f0")'] } } }), /only text/, /\{ "\$oid": /);
  });

  test('paths that MongoDB cannot follow', () => {
    for (const path of ['a..b', '$a', 'a.$b', '', '.a', 'a\0b']) {
      refused(
        request({ columns: [{ name: 'x', kind: 'text', path }] }),
        /column "x": .* is no path/,
        /\$getField/,
      );
      refused(request({ mapped: { product: path } }), /filter product/);
    }
    refused(request({ orderBy: ['a..b'] }), /order-by/);
  });

  test('a collection without a name', () => {
    for (const collection of ['', 'a$b', 'a\0'])
      assert.throws(() => built(request({}, { collection })), {
        code: 'definition',
        message: /name of a collection/,
      });
  });
});
