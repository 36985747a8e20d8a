// Filters as a $match: what it looks like, and that a server selects with it what the predicate of documents selects.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { BSON, type Document, MongoClient } from 'mongodb';
import type { Dimension } from '../../src/core/filter.js';
import { parseFilter } from '../../src/filters/index.js';
import { matcher } from '../../src/sources/documents/match.js';
import type { Value } from '../../src/sources/documents/value.js';
import { valueReader } from '../../src/sources/mongodb/bson.js';
import { type MatchField, matchOf } from '../../src/sources/mongodb/match.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import { runs } from '../support/runs.js';

const { BSONSymbol, Decimal128, Double, Int32, Long, ObjectId, Timestamp, UUID } = BSON;
const ZONE = 'America/Sao_Paulo';

let server: MongoServer;
let client: MongoClient;

before(async () => {
  server = await startMongoServer();
  client = await new MongoClient(server.url('vendas')).connect();
});
after(async () => {
  await client?.close();
  await server?.close();
});

interface More {
  readonly stored?: 'text';
  readonly path?: string;
  readonly timezone?: string;
}

function fieldOf(dimension: Dimension, values: readonly string[], more: More = {}): MatchField {
  const { stored, path = 'v', timezone = ZONE } = more;
  return { filter: parseFilter(dimension, values, { timezone, today: '2026-03-10' }), path, stored };
}

/** As relaxed Extended JSON. */
function shown(dimension: Dimension, values: readonly string[], more?: More): unknown {
  return JSON.parse(BSON.EJSON.stringify(matchOf([fieldOf(dimension, values, more)], BSON)));
}

/** Which of the values, each in a document of its own, the server finds; checked against the predicate. */
async function selected(
  dimension: Dimension,
  values: readonly string[],
  stored: readonly unknown[],
  more: More = {},
): Promise<unknown[]> {
  const field = fieldOf(dimension, values, more);
  const documents = stored.map((v, index) => ({ _id: index, ...(v === undefined ? {} : { v }) }));
  server.reset();
  server.insert('vendas', 'c', documents);
  const found = await client
    .db()
    .collection<Document>('c')
    .find(matchOf([field], BSON), { sort: { _id: 1 }, projection: { _id: 1 } })
    .toArray();
  const indexes = found.map(({ _id }) => _id as unknown as number);
  const passes = matcher(field.filter.test, {
    kind: 'timestamp',
    timezone: more.timezone ?? ZONE,
    isoText: more.stored === 'text',
  });
  const expected = stored.flatMap((value, index) => (passes([bsonValue(value)]) ? [index] : []));
  assert.deepEqual(indexes, expected, BSON.EJSON.stringify(matchOf([field], BSON)));
  return indexes.map((index) => stored[index]);
}

const read = valueReader(ZONE);

function bsonValue(value: unknown): Value {
  const bytes = Buffer.from(BSON.serialize({ v: value }));
  // After the length, the type and the key.
  return bytes.length === 5 ? { type: 'null' } : read(bytes, bytes[4] ?? 0, 7, bytes.length - 1);
}

const decimal = (text: string) => Decimal128.fromString(text);

describe('numbers', () => {
  test('one condition where all types hold the same number, so that an index serves it', () => {
    assert.deepEqual(shown('quantity', ['10..100']), { v: { $gte: 10, $lte: 100 } });
    assert.deepEqual(shown('price', ['0.5']), { v: { $eq: 0.5 } });
    assert.deepEqual(shown('price', ['-2.25..']), { v: { $gte: -2.25 } });
    assert.deepEqual(shown('quantity', ['9007199254740992..']), { v: { $gte: 9007199254740992 } });
    // The least of all numbers, but for NaN.
    assert.deepEqual(shown('quantity', ['..7']), { v: { $gte: { $numberDouble: '-Infinity' }, $lte: 7 } });
    assert.deepEqual(shown('quantity', ['1', '5..6']), {
      $or: [{ v: { $eq: 1 } }, { v: { $gte: 5, $lte: 6 } }],
    });
  });

  test('two where a double cannot hold the decimal', () => {
    assert.deepEqual(shown('price', ['9.8..10']), {
      $or: [
        { v: { $type: 'double', $gte: 9.8, $lte: 10 } },
        {
          v: {
            $type: ['int', 'long', 'decimal'],
            $gte: { $numberDecimal: '9.8' },
            $lte: { $numberDecimal: '10' },
          },
        },
      ].map((one) => JSON.parse(JSON.stringify(one))),
    });
  });

  test('every numeric type is found', async () => {
    const tens = [new Int32(10), Long.fromNumber(10), new Double(10), decimal('10.00')];
    const others = [
      new Int32(11),
      Long.fromNumber(9),
      new Double(10.5),
      decimal('10.01'),
      '10',
      null,
      undefined,
      true,
    ];
    assert.deepEqual(await selected('quantity', ['10'], [...tens, ...others]), tens);
  });

  test('a double is what its owner meant by it', async () => {
    const inside = [new Double(9.99), decimal('9.99'), new Int32(9)];
    const outside = [decimal('9.9900000000000001'), new Double(9.990000000000002)];
    assert.deepEqual(await selected('price', ['..9.99'], [...inside, ...outside]), inside);
    assert.deepEqual(await selected('price', ['9.8'], [new Double(9.8), decimal('9.80'), decimal('9.81')]), [
      new Double(9.8),
      decimal('9.80'),
    ]);
    assert.deepEqual(await selected('price', ['0.1..'], [new Double(0.1), decimal('0.0999')]), [
      new Double(0.1),
    ]);
  });

  test('not a number is in no range, infinity in the open ones', async () => {
    const odd = [
      new Double(Number.NaN),
      decimal('NaN'),
      new Double(Number.POSITIVE_INFINITY),
      decimal('Infinity'),
      new Double(Number.NEGATIVE_INFINITY),
      decimal('-Infinity'),
    ];
    for (const end of ['5', '9.8']) {
      assert.deepEqual(await selected('price', [`..${end}`], odd), odd.slice(4));
      assert.deepEqual(await selected('price', [`${end}..`], odd), odd.slice(2, 4));
      assert.deepEqual(await selected('price', [`-${end}..${end}`], odd), []);
    }
  });

  test('int64 beyond 2^53 is compared exactly', async () => {
    const near = ['9007199254740992', '9007199254740993', '9007199254740994'].map((text) =>
      Long.fromString(text),
    );
    assert.deepEqual(await selected('quantity', ['9007199254740993'], near), [near[1]]);
    assert.deepEqual(await selected('quantity', ['..9007199254740993'], near), near.slice(0, 2));
    assert.deepEqual(await selected('quantity', ['9223372036854775807..'], [Long.MAX_VALUE, near[0]]), [
      Long.MAX_VALUE,
    ]);
  });

  test('more digits than a Decimal128 has move the end to the next one inside', async () => {
    const third = `0.${'3'.repeat(34)}`;
    const next = `0.${'3'.repeat(33)}4`;
    const stored = [decimal(third), decimal(next)];
    assert.deepEqual(await selected('price', [`${third}1..`], stored), [decimal(next)]);
    assert.deepEqual(await selected('price', [`..${third}9`], stored), [decimal(third)]);
    assert.deepEqual(await selected('price', [`..-${third}1`], [decimal(`-${third}`), decimal(`-${next}`)]), [
      decimal(`-${next}`),
    ]);
    const nines = decimal(`1${'0'.repeat(33)}E1`);
    assert.deepEqual(await selected('price', [`${'9'.repeat(34)}.5..`], [decimal('9'.repeat(34)), nines]), [
      nines,
    ]);
  });

  test('numbers beyond all doubles', async () => {
    const huge = `1${'0'.repeat(400)}`;
    const stored = [
      new Double(Number.MAX_VALUE),
      new Double(Number.POSITIVE_INFINITY),
      decimal('1E+400'),
      new Int32(1),
    ];
    assert.deepEqual(await selected('price', [`${huge}..`], stored), [stored[1], stored[2]]);
    assert.deepEqual(await selected('price', [`..${huge}`], stored), [stored[0], stored[2], stored[3]]);
    assert.deepEqual(await selected('price', [`-${huge}..`], stored), stored);
  });

  test('as the predicate of documents has it, for any value and range', async () => {
    const digits = fc.tuple(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: 0, max: 4 }));
    const texts = digits.map(([units, scale]) => (units / 10 ** scale).toFixed(scale));
    const stored = fc.oneof(
      texts.map((text) => new Double(Number(text))),
      texts.map(decimal),
      texts.map((text) => new Int32(Math.trunc(Number(text)))),
      texts.map((text) => Long.fromNumber(Math.trunc(Number(text)))),
      texts,
      fc.constantFrom(null, undefined, new Double(Number.NaN), new Double(-0), new Date(5)),
    );
    const ends = fc.tuple(texts, texts).map((pair) => pair.toSorted((a, b) => Number(a) - Number(b)));
    const ranges = fc.tuple(ends, fc.constantFrom('..', 'from', 'to', 'one')).map(([[low, high], form]) => {
      return { '..': `${low}..${high}`, from: `${low}..`, to: `..${high}`, one: `${low}` }[form] ?? '';
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(stored, { maxLength: 20 }),
        fc.array(ranges, { minLength: 1, maxLength: 2 }),
        async (values, asked) => void (await selected('price', asked, values)),
      ),
      { numRuns: runs(150) },
    );
  });
});

describe('texts', () => {
  test('exactly as typed', async () => {
    assert.deepEqual(shown('organization', ['ACME Ltda']), { v: { $eq: 'ACME Ltda' } });
    assert.deepEqual(shown('organization', ['ACME', 'Café']), { v: { $in: ['ACME', 'Café'] } });
    const stored = [
      'Café',
      'Cafe\u0301',
      'café',
      'Café ',
      '',
      null,
      undefined,
      ['x'],
      new BSONSymbol('Café'),
    ];
    assert.deepEqual(await selected('product', ['Café'], stored), ['Café', new BSONSymbol('Café')]);
    assert.deepEqual(await selected('product', [''], stored), ['']);
    // What looks like an operator is a text.
    assert.deepEqual(await selected('product', ['$gt', '/x/'], ['$gt', '/x/', 'x']), ['$gt', '/x/']);
  });

  test('a part is found without case and accents, and ! selects the other values, but not null', async () => {
    const id = new ObjectId('66f0000000000000000000ab');
    const stored = [
      'São João',
      'SA\u0303O JOA\u0303O',
      'sao.joao',
      'x',
      '',
      id,
      new Int32(42),
      true,
      null,
      undefined,
    ];
    const saints = stored.slice(0, 2);
    assert.deepEqual(await selected('product', ['~sao joao'], stored), saints);
    assert.deepEqual(await selected('product', ['~Ão J'], stored), saints);
    assert.deepEqual(await selected('product', ['~.'], stored), ['sao.joao']);
    assert.deepEqual(await selected('product', ['!~sao'], stored), stored.slice(3, -2));
    assert.deepEqual(await selected('product', ['!x', '!42'], stored), [...stored.slice(0, 3), '', id, true]);
    assert.deepEqual(await selected('product', [`!${id.toHexString()}`, '~s', '!sao.joao'], stored), saints);
    assert.deepEqual(await selected('product', ['x', '~JOAO'], stored), stored.slice(0, 4));
    assert.deepEqual(await selected('product', ['~łø'], ['ŁØ', 'lo', 'Lö', '李łø']), [
      'ŁØ',
      'lo',
      'Lö',
      '李łø',
    ]);
    assert.deepEqual(await selected('product', ['~😀.'], ['a😀.b', '😀b', '李']), ['a😀.b']);
    assert.deepEqual(shown('product', ['~e*']), {
      v: {
        $regex:
          '[EeÈÉÊËèéêë\\x{112}\\x{113}\\x{114}\\x{115}\\x{116}\\x{117}\\x{118}\\x{119}\\x{11a}\\x{11b}][\\x{300}-\\x{36f}]*\\*',
      },
    });
  });

  test('what they spell is found in its own type', async () => {
    const id = new ObjectId('66f0000000000000000000ab');
    const uuid = new UUID('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
    const stored = [
      '66f0000000000000000000ab',
      id,
      uuid,
      new ObjectId(),
      new Int32(42),
      new Double(42),
      decimal('42.0'),
    ];
    assert.deepEqual(
      await selected('organization', ['66f0000000000000000000ab'], stored),
      stored.slice(0, 2),
    );
    assert.deepEqual(await selected('organization', ['66F0000000000000000000AB'], stored), [id]);
    assert.deepEqual(await selected('organization', ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'], stored), [
      uuid,
    ]);
    assert.deepEqual(await selected('organization', ['42'], [...stored, '42', '42.0']), [
      ...stored.slice(4),
      '42',
    ]);
    assert.deepEqual(await selected('organization', ['+042'], [...stored, '042']), stored.slice(4));
    assert.deepEqual(await selected('organization', ['9.8'], [new Double(9.8), new Double(9.81)]), [
      new Double(9.8),
    ]);
    assert.deepEqual(await selected('organization', ['NaN'], [new Double(Number.NaN), 'NaN']), ['NaN']);
  });
});

describe('dates', () => {
  const at = (text: string) => new Date(text);

  test('are Dates, a day being the local one', async () => {
    assert.deepEqual(shown('date', ['2026-01']), {
      v: { $gte: { $date: '2026-01-01T03:00:00Z' }, $lt: { $date: '2026-02-01T03:00:00Z' } },
    });
    const inside = [at('2026-01-31T03:00:00Z'), at('2026-02-01T02:59:59.999Z')];
    const outside = [at('2026-01-31T02:59:59.999Z'), at('2026-02-01T03:00:00Z')];
    const odd = ['2026-01-31', null, undefined, new Timestamp({ t: 1769860800, i: 1 }), 1769860800000];
    assert.deepEqual(await selected('date', ['2026-01-31'], [...inside, ...outside, ...odd]), inside);
  });

  test('open ends, several spans, and days of 23 hours', async () => {
    const all = [
      at('1800-01-01T00:00:00Z'),
      at('2018-11-04T02:59:59Z'),
      at('2018-11-04T03:00:00Z'),
      at('2030-01-01T12:00:00Z'),
    ];
    assert.deepEqual(await selected('date', ['..2018-11-03'], [...all, null]), all.slice(0, 2));
    assert.deepEqual(await selected('date', ['2018-11-04..'], [...all, 'x']), all.slice(2));
    assert.deepEqual(await selected('date', ['2018-11-03', '2030'], all), [all[1], all[3]]);
  });

  test('years that JavaScript would read as others, and offsets with seconds', () => {
    const local = shown('date', ['0099-01-01'], { timezone: ZONE }) as { v: { $gte: { $date: object } } };
    assert.deepEqual(local.v.$gte.$date, { $numberLong: String(Date.parse('0099-01-01T03:06:28Z')) });
  });

  test('any moment, any day', async () => {
    const moments = fc.date({
      min: at('1970-01-01T00:00:00Z'),
      max: at('2040-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    const days = moments.map((moment) => moment.toISOString().slice(0, 10));
    await fc.assert(
      fc.asyncProperty(fc.array(moments), days, days, async (stored, one, other) => {
        const [from, to] = [one, other].toSorted();
        const edges = [`${from}T03:00:00Z`, `${from}T02:00:00Z`, `${to}T02:59:59Z`].map(at);
        await selected('date', [`${from}..${to}`], [...stored, ...edges]);
      }),
      { numRuns: runs(60) },
    );
  });

  test('stored as text: local, and in UTC', async () => {
    const inside = [
      '2026-01-31',
      '2026-01-31T00:00:00',
      '2026-01-31 23:59:59.999999',
      '2026-01-31T23:59:59-03:00',
      '2026-01-31T03:00:00Z',
      '2026-01-31T03:00Z',
      '2026-02-01T02:59:59.999Z',
      '2026-02-01 02:59:59+00:00',
      at('2026-02-01T02:00:00Z'),
    ];
    const outside = [
      '2026-02-01',
      '2026-01-30T23:59:59',
      '2026-01-31T02:59:59Z',
      '2026-02-01T03:00:00Z',
      '2026-02-01 03:00Z',
      '2026-01-31 (prevista)',
      '31/01/2026',
      '',
      'n/a',
      null,
      20260131,
      at('2026-02-01T03:00:00Z'),
    ];
    const more = { stored: 'text' } as const;
    assert.deepEqual(await selected('date', ['2026-01-31'], [...inside, ...outside], more), inside);
    assert.deepEqual(
      await selected('date', ['2026-01-31..'], ['2026-01-30', '2026-01-31', 'x', null], more),
      ['2026-01-31'],
    );
    assert.deepEqual(await selected('date', ['..2026-01-31'], ['2026-01-31', '2026-02-01', '', '1'], more), [
      '2026-01-31',
    ]);
  });
});

test('several filters must all hold, each at its path; none is no condition', () => {
  const fields = [
    fieldOf('organization', ['ACME'], { path: 'loja.nome' }),
    fieldOf('quantity', ['1..'], { path: 'itens.0.qtd' }),
  ];
  assert.deepEqual(matchOf(fields, BSON), {
    $and: [{ 'loja.nome': { $eq: 'ACME' } }, { 'itens.0.qtd': { $gte: 1 } }],
  });
  assert.deepEqual(matchOf([], BSON), {});
});
