// Raw BSON to cells: every type's canonical text, held against the driver's deserializer, and bytes that are no BSON.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BSON, type Document } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { doubleText, plainDecimal } from '../../src/rows/sort/numbers.js';
import { decimal128Text } from '../../src/sources/mongodb/decimal128.js';
import { RowReader } from '../../src/sources/mongodb/rows.js';
import { runs } from '../support/runs.js';

const { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, MinKey } = BSON;
const { ObjectId, Timestamp, UUID } = BSON;

interface Options {
  readonly timezone?: string;
  readonly onMismatch?: 'fail' | 'null';
  readonly isoTextAt?: readonly string[];
}

/** @param columns path to kind */
function reader(columns: Readonly<Record<string, Kind>>, options: Options = {}): RowReader {
  const { timezone = 'America/Sao_Paulo', onMismatch = 'fail', isoTextAt = [] } = options;
  return new RowReader(
    Object.entries(columns).map(([path, kind]) => ({ name: `column ${path}`, kind, path })),
    { doing: 'reading', timezone, onMismatch, isoTextAt: new Set(isoTextAt) },
  );
}

/** The row of one document by itself. */
const readRow = (rows: RowReader, bytes: Buffer) => [
  ...(rows.batch({ bytes, starts: [0] }, 0, 1).rows()[0] ?? []),
];

const bytesOf = (document: Document) => Buffer.from(BSON.serialize(document, { ignoreUndefined: false }));

function rowOf(
  columns: Readonly<Record<string, Kind>>,
  document: Document | Buffer,
  options?: Options,
): Cell[] {
  return readRow(reader(columns, options), Buffer.isBuffer(document) ? document : bytesOf(document));
}

const cellOf = (kind: Kind, value: unknown, options?: Options) =>
  rowOf({ v: kind }, { _id: 7, v: value }, options)[0];

function refusal(work: () => unknown): ReportError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ReportError, String((error as Error).stack));
    assert.notEqual(error.retryable, true);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /[\r\n]/);
    return error;
  }
  return assert.fail('it was not refused');
}

/** A document's bytes from elements that no driver would write. */
function document(...elements: Buffer[]): Buffer {
  const body = Buffer.concat([...elements, Buffer.of(0)]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 4);
  return Buffer.concat([size, body]);
}
const element = (type: number, name: string | Buffer, value: Buffer) =>
  Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.of(0), value]);
const string = (bytes: Buffer | string) => {
  const held = Buffer.from(bytes);
  const size = Buffer.alloc(4);
  size.writeInt32LE(held.length + 1);
  return Buffer.concat([size, held, Buffer.of(0)]);
};
const int32 = (value: number) => {
  const held = Buffer.alloc(4);
  held.writeInt32LE(value);
  return held;
};

describe('the canonical text of each type', () => {
  const cases: readonly [name: string, value: unknown, text: string | null, json: string][] = [
    ['a double', new Double(9.8), '9.8', '9.8'],
    ['a whole double', new Double(5), '5', '5'],
    ['a large double', new Double(1e21), '1e+21', '1e+21'],
    ['a small double', new Double(1.5e-7), '1.5e-07', '1.5e-07'],
    ['not a number', new Double(Number.NaN), 'NaN', '"NaN"'],
    ['minus infinity', new Double(Number.NEGATIVE_INFINITY), '-Infinity', '"-Infinity"'],
    ['an int32', new Int32(-2147483648), '-2147483648', '-2147483648'],
    ['an int64', Long.MAX_VALUE, '9223372036854775807', '9223372036854775807'],
    ['the least int64', Long.MIN_VALUE, '-9223372036854775808', '-9223372036854775808'],
    ['an int64 beyond 2^53', Long.fromString('9007199254740993'), '9007199254740993', '9007199254740993'],
    ['a decimal', Decimal128.fromString('1.10'), '1.10', '1.10'],
    ['a decimal with an exponent', Decimal128.fromString('1E+3'), '1000', '1000'],
    ['a small decimal', Decimal128.fromString('1.20E-7'), '0.000000120', '0.000000120'],
    ['a decimal that is no number', Decimal128.fromString('NaN'), 'NaN', '"NaN"'],
    ['an infinite decimal', Decimal128.fromString('-Infinity'), '-Infinity', '"-Infinity"'],
    ['text', 'Café "☕" 𝄞 \u0000 \n', 'Café "☕" 𝄞 \u0000 \n', '"Café \\"☕\\" 𝄞 \\u0000 \\n"'],
    ['the empty text', '', '', '""'],
    ['a replacement character that is really there', 'a\ufffdb', 'a\ufffdb', '"a\ufffdb"'],
    ['a boolean', true, 'true', 'true'],
    ['null', null, null, 'null'],
    ['undefined', undefined, null, 'null'],
    [
      'a date',
      new Date('2024-10-05T16:45:10.500Z'),
      '2024-10-05 13:45:10.5-03',
      '"2024-10-05 13:45:10.5-03"',
    ],
    [
      'an ObjectId',
      new ObjectId('66F000000000000000000001'),
      '66f000000000000000000001',
      '"66f000000000000000000001"',
    ],
    [
      'a UUID',
      new UUID('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'),
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
    ],
    ['binary', new Binary(Buffer.from([0, 1, 255]), 0x80), '\\x0001ff', '"\\\\x0001ff"'],
    ['an old UUID', new Binary(Buffer.alloc(16, 1), 3), `\\x${'01'.repeat(16)}`, `"\\\\x${'01'.repeat(16)}"`],
    ['old binary', new Binary(Buffer.from('abc'), 2), '\\x616263', '"\\\\x616263"'],
    ['a timestamp', new Timestamp({ t: 4294967295, i: 1 }), '4294967295:1', '"4294967295:1"'],
    ['a regular expression', new BSONRegExp('^a/b', 'im'), '/^a/b/im', '"/^a/b/im"'],
    ['code', new Code('return "ç"'), 'return "ç"', '"return \\"ç\\""'],
    [
      'code with scope',
      new Code('x', { x: 1 }),
      '{"$code":"x","$scope":{"x":1}}',
      '{"$code":"x","$scope":{"x":1}}',
    ],
    ['a symbol', new BSONSymbol('s'), 's', '"s"'],
    ['MinKey', new MinKey(), 'MinKey', '"MinKey"'],
    ['MaxKey', new MaxKey(), 'MaxKey', '"MaxKey"'],
    [
      'a DBRef',
      new DBRef('lojas', new ObjectId('66f000000000000000000001')),
      '{"$ref":"lojas","$id":"66f000000000000000000001"}',
      '{"$ref":"lojas","$id":"66f000000000000000000001"}',
    ],
    ['an object', { b: 1, a: { '': [] } }, '{"b":1,"a":{"":[]}}', '{"b":1,"a":{"":[]}}'],
    [
      'an array',
      [1, [null], { 'a.b': Long.MAX_VALUE }],
      '[1,[null],{"a.b":9223372036854775807}]',
      '[1,[null],{"a.b":9223372036854775807}]',
    ],
  ];
  for (const [name, value, text, json] of cases) {
    test(name, () => {
      assert.equal(cellOf('text', value), text);
      assert.equal(cellOf('json', [value]), `[${json}]`);
    });
  }

  test('a DBPointer, which no driver writes any more', () => {
    const pointer = element(0x0c, 'v', Buffer.concat([string('lojas'), Buffer.alloc(12, 0xab)]));
    assert.deepEqual(rowOf({ v: 'text' }, document(pointer)), [
      `{"$ref":"lojas","$id":"${'ab'.repeat(12)}"}`,
    ]);
  });

  test('dates beyond JavaScript, and before Christ', () => {
    const date = (milliseconds: bigint) => {
      const value = Buffer.alloc(8);
      value.writeBigInt64LE(milliseconds);
      return rowOf({ v: 'timestamp' }, document(element(0x09, 'v', value)))[0];
    };
    assert.equal(date(2n ** 63n - 1n), '292278994-08-17 07:12:55.807+00');
    assert.equal(date(-(2n ** 63n)), '292275056-05-16 16:47:04.192+00 BC');
    assert.equal(date(8_640_000_000_000_001n), '275760-09-13 00:00:00.001+00');
    assert.equal(date(BigInt(Date.UTC(2018, 10, 4, 3))), '2018-11-04 01:00:00-02');
    assert.equal(date(-62_135_596_800_001n), '0001-12-31 20:53:31.999-03:06:28 BC');
  });
});

describe('kinds', () => {
  test('a whole number is an integer however it is stored', () => {
    for (const value of [new Int32(5), Long.fromNumber(5), new Double(5), Decimal128.fromString('5.00')])
      assert.equal(cellOf('integer', value), '5');
    assert.equal(cellOf('integer', new Double(1e21)), '1000000000000000000000');
  });

  test('missing, null and the empty text', () => {
    assert.deepEqual(rowOf({ a: 'text', b: 'text', c: 'text' }, { b: null, c: '' }), [null, null, '']);
  });

  test('a value that does not fit names the column, the value and the document', () => {
    const id = new ObjectId('66f000000000000000000001');
    const error = refusal(() => rowOf({ 'a.preco': 'decimal' }, { a: { preco: 'caro\n' }, _id: id }));
    assert.equal(
      error.message,
      'reading: column "column a.preco": the string caro\\n is no decimal (document with _id 66f000000000000000000001)',
    );
    assert.equal(error.code, 'contract');
    assert.match(error.hint ?? '', /on-mismatch: null/);
    assert.match(
      refusal(() => rowOf({ v: 'integer' }, { v: 1.5 })).message,
      /the double 1.5 .*document number 1\)/,
    );
    assert.match(refusal(() => cellOf('decimal', new Date(0))).message, /the date is no decimal/);
    assert.match(
      refusal(() => rowOf({ v: 'date' }, { _id: new Date(0), v: 1 })).message,
      /_id 1969-12-31 21:00:00-03/,
    );
    assert.ok(refusal(() => cellOf('integer', 'x'.repeat(1e6))).message.length < 200);
  });

  test('under on-mismatch: null it is counted by column, with the first', () => {
    const rows = reader({ a: 'integer', b: 'boolean' }, { onMismatch: 'null' });
    const read = [
      { _id: 1, a: 'x', b: true },
      { _id: 2, a: 'y', b: 0 },
      { _id: 3, a: 3, b: null },
    ].map((one) => readRow(rows, bytesOf(one)));
    assert.deepEqual(read, [
      [null, 'true'],
      [null, null],
      ['3', null],
    ]);
    assert.deepEqual(rows.notes(), [
      'column "column a": 2 values became null, the first: the string x is no integer (document with _id 1)',
      'column "column b": 1 value became null: the int32 0 is no boolean (document with _id 2)',
    ]);
  });

  test('ISO text is a date only where the report says that dates are stored so', () => {
    const text = '2024-10-05T16:45:10Z';
    assert.match(
      refusal(() => cellOf('timestamp', text)).message,
      /string 2024-10-05T16:45:10Z is no timestamp/,
    );
    assert.equal(cellOf('timestamp', text, { isoTextAt: ['v'] }), '2024-10-05 13:45:10-03');
    assert.equal(cellOf('date', text, { isoTextAt: ['v'] }), '2024-10-05');
  });
});

describe('paths', () => {
  const order = {
    _id: 1,
    itens: [{ preco: 1 }, { preco: 2, tags: ['a', 'b'] }],
    cliente: { 0: 'zero', nome: 'Ana' },
  };

  test('lead into objects, and by index into arrays', () => {
    const wanted: Record<string, Kind> = {
      'itens.1.preco': 'integer',
      'itens.1.tags.0': 'text',
      'itens.5.preco': 'integer',
      'itens.1': 'json',
      'cliente.nome': 'text',
      'cliente.0': 'text',
      'cliente.nome.x': 'text',
    };
    const expected = ['2', 'a', null, '{"preco":2,"tags":["a","b"]}', 'Ana', 'zero', null];
    assert.deepEqual(rowOf(wanted, order), expected);
  });

  test('through an array they do not fit, with a way out', () => {
    const error = refusal(() => rowOf({ 'itens.preco': 'integer' }, order));
    assert.match(error.message, /"itens" is an array, which the path leads through \(document with _id 1\)/);
    assert.match(error.hint ?? '', /"itens\.0".*\$unwind/);
    const rows = reader({ 'itens.preco': 'integer', 'itens.1.preco': 'integer' }, { onMismatch: 'null' });
    assert.deepEqual(readRow(rows, bytesOf(order)), [null, '2']);
    assert.equal(rows.notes().length, 1);
  });

  test('two columns may have one path, or one inside the other', () => {
    const columns = [
      { name: 'a', kind: 'text', path: 'x' },
      { name: 'b', kind: 'json', path: 'x' },
      { name: 'c', kind: 'integer', path: 'x.y' },
    ] as const;
    const rows = new RowReader(columns, {
      doing: '',
      timezone: 'UTC',
      onMismatch: 'fail',
      isoTextAt: new Set(),
    });
    assert.deepEqual(readRow(rows, bytesOf({ x: { y: 1 } })), ['{"y":1}', '{"y":1}', '1']);
    assert.deepEqual(readRow(rows, bytesOf({ x: 1 })), ['1', '1', null]);
  });

  test('keys with dots and empty keys are no paths, and stand in JSON', () => {
    const odd = { 'a.b': 1, '': 2, a: { '': 3, c: 4 } };
    assert.deepEqual(rowOf({ 'a.b': 'integer', 'a.c': 'integer', a: 'json' }, odd), [
      null,
      '4',
      '{"":3,"c":4}',
    ]);
  });
});

describe('one document after another', () => {
  test('whatever order and choice of keys they have', () => {
    const keys = fc.constantFrom('a', 'ab', 'b', '', 'ç', 'nome', '_id');
    const documents = fc.array(fc.dictionary(keys, fc.integer(), { noNullPrototype: true }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(documents, (all) => {
        const rows = reader({ a: 'integer', ab: 'integer', ç: 'integer' });
        for (const one of all) {
          const expected = ['a', 'ab', 'ç'].map((key) => (Object.hasOwn(one, key) ? String(one[key]) : null));
          assert.deepEqual(readRow(rows, bytesOf(one)), expected);
        }
      }),
    );
  });

  test('names beyond the number that is kept are told apart too', () => {
    const rows = reader({ v: 'integer' });
    for (let index = 0; index < 3000; index++)
      assert.deepEqual(readRow(rows, bytesOf({ [`k${index}`]: 0, v: index })), [String(index)]);
  });
});

describe('against the driver', () => {
  const decimals = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 34n - 1n }), fc.integer({ min: -6176, max: 6111 }))
    .map(([negative, digits, exponent]) => `${negative ? '-' : ''}${digits}E${exponent}`);
  const leaves = fc.oneof(
    fc.double().map((value) => new Double(value)),
    fc.integer().map((value) => new Int32(value)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
    decimals.map((text) => Decimal128.fromString(text)),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaves,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => !key.includes('\0')),
        tie('tree'),
        {
          maxKeys: 4,
          noNullPrototype: true,
        },
      ),
    ),
  }));

  /** What the driver made of it, spelled by its own classes. */
  function spelled(value: unknown): string {
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'string') return JSON.stringify(value);
    if (value instanceof Double) return quoted(doubleText(value.value));
    if (value instanceof Int32 || value instanceof Long) return value.toString();
    if (value instanceof Decimal128) return quoted(plainDecimal(value.toString()) ?? value.toString());
    if (value instanceof ObjectId) return JSON.stringify(value.toHexString());
    if (Array.isArray(value)) return `[${value.map(spelled).join(',')}]`;
    const entries = Object.entries(value as object).map(
      ([key, held]) => `${JSON.stringify(key)}:${spelled(held)}`,
    );
    return `{${entries.join(',')}}`;
  }
  const quoted = (number: string) => (/\d/.test(number) ? number : JSON.stringify(number));

  test('arbitrary documents', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const bytes = bytesOf({ before: 1, v: value, after: 'x' });
        const { v } = BSON.deserialize(bytes, { promoteValues: false });
        assert.equal(rowOf({ v: 'json' }, bytes)[0] ?? 'null', spelled(v));
      }),
      { numRuns: runs(500) },
    );
  });

  test('decimals of any digits and exponent', () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const held = Decimal128.fromString(text);
        assert.equal(decimal128Text(Buffer.from(held.bytes), 0), plainDecimal(held.toString()));
      }),
      { numRuns: runs(2000) },
    );
  });

  test('bytes that are broken anywhere are refused or read, but never run on', () => {
    const whole = bytesOf({
      _id: 1,
      a: 'texto',
      b: { c: [1, 2.5, new Date(0)] },
      d: new Code('x', { y: 1 }),
      v: /x/i,
    });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.option(fc.nat(whole.length)), (at, byte, cut) => {
        const broken = Buffer.from(whole.subarray(0, cut ?? whole.length));
        if (at < broken.length) broken[at] = byte;
        try {
          rowOf({ a: 'text', b: 'json', 'b.c.1': 'text', d: 'json', v: 'text' }, broken);
        } catch (error) {
          assert.ok(error instanceof ReportError, String((error as Error).stack));
        }
      }),
      { numRuns: runs(5000) },
    );
  });
});

describe('documents that cannot be read', () => {
  const id = element(0x10, '_id', int32(42));
  const refused = (what: RegExp, columns: Readonly<Record<string, Kind>>, bytes: Buffer) => {
    const error = refusal(() => rowOf(columns, bytes));
    assert.match(error.message, what);
    assert.match(error.message, /^reading: document with _id 42: /);
    assert.equal(error.code, 'source');
  };

  test('text that is not UTF-8', () => {
    const latin1 = Buffer.from('Café da manhã com pão', 'latin1');
    const bytes = document(
      id,
      element(0x02, 'v', string(latin1)),
      element(0x02, 's', string(Buffer.of(0xe9))),
    );
    refused(/not UTF-8, near "Caf\ufffd da/, { v: 'text' }, bytes);
    refused(/not UTF-8/, { s: 'text' }, bytes);
    refused(
      /not UTF-8/,
      { v: 'json' },
      document(id, element(0x03, 'v', document(element(0x0a, latin1, Buffer.of())))),
    );
    // What is not asked for is not read.
    assert.deepEqual(rowOf({ _id: 'integer' }, bytes), ['42']);
  });

  test('a key that stands twice', () => {
    const one = element(0x10, 'v', int32(1));
    refused(/the key "v" stands twice/, { v: 'integer' }, document(id, one, one));
    const nested = element(0x03, 'o', document(one, one));
    refused(/the key "o\.v" stands twice/, { 'o.v': 'integer' }, document(id, nested));
    refused(/the key "v" stands twice in one object/, { o: 'json' }, document(id, nested));
    assert.deepEqual(rowOf({ _id: 'integer' }, document(id, one, one)), ['42']);
  });

  test('nested deeper than anybody nests', () => {
    let deep = document();
    for (let depth = 0; depth < 5000; depth++) deep = document(element(0x03, 'a', deep));
    refused(/deeper than 1000 levels/, { v: 'json' }, document(id, element(0x03, 'v', deep)));
    let fine: Document = {};
    for (let depth = 0; depth < 180; depth++) fine = { a: fine };
    assert.equal(rowOf({ v: 'json' }, { v: fine })[0], `${'{"a":'.repeat(180)}{}${'}'.repeat(180)}`);
  });

  test('a type that there is not, and a boolean that is neither', () => {
    refused(/no type 0x20/, { v: 'text' }, document(id, element(0x20, 'v', int32(1))));
    refused(/boolean has the byte 2/, { v: 'boolean' }, document(id, element(0x08, 'v', Buffer.of(2))));
  });

  test('a document of 16 MB', () => {
    const text = 'ç'.repeat(8 * 1024 * 1024 - 100);
    assert.deepEqual(rowOf({ v: 'text', n: 'integer' }, { _id: 1, v: text, n: 1 }), [text, '1']);
  });
});
