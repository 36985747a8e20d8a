// Documents to COPY text: what is written byte by byte is what reading each value by itself says, for every type and kind.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BSON } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import { type Cell, type Column, KINDS } from '../../src/core/table.js';
import { cellEnds } from '../../src/rows/encoded-rows.js';
import { toCell } from '../../src/sources/documents/value.js';
import { valueReader } from '../../src/sources/mongodb/bson.js';
import { TYPE } from '../../src/sources/mongodb/layout.js';
import { RowReader } from '../../src/sources/mongodb/rows.js';
import { copyTextBatch } from '../support/copy-text.js';
import { runs } from '../support/runs.js';

/** Whole and half hours, an offset with seconds (before 1972), changes at midnight and at other hours. */
const ZONES = [
  'UTC',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Africa/Monrovia',
  'Europe/London',
  'Australia/Lord_Howe',
];

interface Raw {
  readonly type: number;
  readonly bytes: Buffer;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes;
}
const int32 = (value: number) => int64(BigInt(value)).subarray(0, 4);
function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
const string = (text: string | Buffer) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([int32(bytes.length + 1), bytes, Buffer.of(0)]);
};
/** By its parts, whatever the coefficient; see bson's Decimal128. */
const decimal128 = (negative: boolean, coefficient: bigint, exponent: number) =>
  Buffer.concat([
    int64(coefficient),
    int64((negative ? 1n << 63n : 0n) | (BigInt(exponent + 6176) << 49n) | (coefficient >> 64n)),
  ]);

/** The value of a key as the driver serializes it. */
function serialized(value: unknown): Raw {
  const bytes = Buffer.from(BSON.serialize({ v: value }, { ignoreUndefined: false }));
  return { type: bytes[4] ?? 0, bytes: bytes.subarray(7, -1) };
}

function documentOf(elements: readonly { readonly key: string; readonly raw: Raw }[]): Buffer {
  const body = elements.map(({ key, raw }) =>
    Buffer.concat([Buffer.of(raw.type), Buffer.from(`${key}\0`), raw.bytes]),
  );
  const length = body.reduce((sum, { length }) => sum + length, 5);
  return Buffer.concat([int32(length), ...body, Buffer.of(0)]);
}

const around = (centers: readonly bigint[]) =>
  fc
    .tuple(fc.constantFrom(...centers), fc.bigInt({ min: -3n, max: 3n }), fc.boolean())
    .map(([center, by, negative]) => (negative ? -center + by : center + by));
const wholes = fc.oneof(
  around([0n, 10n, 100n, 9_999n, 10n ** 9n, 10n ** 10n, 10n ** 15n, 2n ** 31n, 2n ** 53n, 2n ** 63n]),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -999_999n, max: 999_999n }),
);
const doubles = fc.oneof(
  fc.double(),
  wholes.map(Number),
  // Prices and measures.
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 8 })).map(([units, scale]) => units / 10 ** scale),
  fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 16 })).map(([units, scale]) => units / 10 ** scale),
  fc.constantFrom(-0, 1e15, 999_999_999_999_999, 1e-4, 0.0000999, 0.1 + 0.2, 1e21, 5e-324, Number.MAX_VALUE),
);
const decimals = fc.oneof(
  fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 2n ** 54n }), fc.integer({ min: -18, max: 2 })),
  fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 999_999n }), fc.integer({ min: -4, max: 0 })),
  // Each of the four words of a coefficient by itself.
  fc
    .tuple(fc.boolean(), fc.bigInt({ min: 1n, max: 0xffffn }), fc.constantFrom(32n, 64n, 96n))
    .map(([negative, digits, shift]): [boolean, bigint, number] => [negative, (digits << shift) + 5n, -2]),
  fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 2n ** 113n - 1n }), fc.integer({ min: -6176, max: 6111 })),
);
const moments = fc.oneof(
  // Around the changes of the zones above, and within one day.
  fc
    .tuple(
      fc.constantFrom('2018-11-04T03:00', '2019-02-17T02:00', '2024-10-27T01:00', '2024-10-05T15:00'),
      fc.integer({ min: -90_000_000, max: 90_000_000 }),
    )
    .map(([text, by]) => BigInt(Date.parse(`${text}Z`) + by)),
  fc.constantFrom(0n, 500n, -1n, 60_000n).map((by) => BigInt(Date.UTC(1960, 5, 5)) + by),
  fc.bigInt({ min: BigInt(Date.UTC(1900, 0)), max: BigInt(Date.UTC(2100, 0)) }),
  around([
    8_640_000_000_000_000n,
    8_639_999_913_600_000n,
    62_135_596_800_000n,
    62_167_219_200_000n,
    2n ** 53n,
  ]),
  wholes,
);
const texts = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\\', '\t', '\n', '\r', '\b', '\f', '\v', '\0', '\u001f', 'N', 'a', 'ç', '☕', '𝄞'),
  }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\\N',
    '\\',
    '2024-10-05',
    '2024-10-05T16:45:10Z',
    'x'.repeat(70_000),
    '\\'.repeat(50_000),
  ),
);

/** Of every type of BSON. */
const raws: fc.Arbitrary<Raw> = fc.oneof(
  texts.map((text) => ({ type: TYPE.string, bytes: string(text) })),
  fc.integer().map((value) => ({ type: TYPE.int32, bytes: int32(value) })),
  wholes.map((value) => ({ type: TYPE.int64, bytes: int64(value) })),
  doubles.map((value) => ({ type: TYPE.double, bytes: double(value) })),
  decimals.map((parts) => ({ type: TYPE.decimal128, bytes: decimal128(...parts) })),
  fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => ({ type: TYPE.decimal128, bytes: Buffer.from(bytes) })),
  moments.map((value) => ({ type: TYPE.date, bytes: int64(value) })),
  fc
    .uint8Array({ minLength: 12, maxLength: 12 })
    .map((bytes) => ({ type: TYPE.objectId, bytes: Buffer.from(bytes) })),
  fc.constantFrom(
    serialized(null),
    serialized(undefined),
    serialized(true),
    serialized(false),
    serialized({}),
    serialized({ a: [1, { b: 'x\ty' }] }),
    serialized([]),
    serialized(['\\', null]),
    serialized(new BSON.UUID()),
    serialized(new BSON.Binary(Buffer.from('abc'), 0)),
    serialized(new BSON.Binary(Buffer.from('abc'), 2)),
    serialized(/^a\tb/i),
    serialized(new BSON.Code('a\nb')),
    serialized(new BSON.Code('a\nb', { c: 1 })),
    serialized(new BSON.BSONSymbol('a\\b')),
    serialized(new BSON.Timestamp({ t: 5, i: 6 })),
    serialized(new BSON.MinKey()),
    serialized(new BSON.MaxKey()),
    { type: TYPE.dbPointer, bytes: Buffer.concat([string('a\tb'), Buffer.alloc(12, 7)]) },
  ),
);

const PATHS = ['a', 'b', 'organização', '_id'];
/** Every kind at every path, and the kinds of dates where ISO text counts. */
const COLUMNS: readonly Column[] = PATHS.flatMap((path) =>
  KINDS.map((kind) => ({ name: `${path} as ${kind}`, kind, path })),
);
const ISO_TEXT_AT = new Set(['b']);
const documents = fc
  .shuffledSubarray([...PATHS, 'enfeite', 'o', ''])
  .chain((keys) => fc.tuple(...keys.map((key) => raws.map((raw) => ({ key, raw })))))
  .map(documentOf);

const CONVERSIONS = Object.fromEntries(
  ZONES.map((timezone) => {
    const conversions = COLUMNS.map(({ kind, path = '' }) =>
      toCell(kind, { timezone, isoText: ISO_TEXT_AT.has(path) }),
    );
    return [timezone, { conversions, read: valueReader(timezone) }];
  }),
);

/** Value by value, with the driver's own walk over a document. */
function cellByCell(bytes: Buffer, timezone: string): { readonly cells: Cell[]; readonly misfits: number } {
  const { conversions = [], read } = CONVERSIONS[timezone] ?? {};
  const elements = new Map(
    [...BSON.onDemand.parseToElements(bytes)].map((element) => {
      const [, nameOffset, nameLength] = element;
      return [bytes.toString('utf8', nameOffset, nameOffset + nameLength), element];
    }),
  );
  let misfits = 0;
  const cells = COLUMNS.map(({ path = '' }, column) => {
    const element = elements.get(path);
    if (element === undefined) return null;
    const [type, , , at, length] = element;
    const value = read?.(bytes, type, at, at + length) ?? { type: 'null' };
    const cell = conversions[column]?.(value);
    if (cell === undefined) misfits += 1;
    return cell ?? null;
  });
  return { cells, misfits };
}

const reader = (timezone: string, columns = COLUMNS) =>
  new RowReader(columns, { doing: 'reading', timezone, onMismatch: 'null', isoTextAt: ISO_TEXT_AT });

function batchOf(rows: RowReader, all: readonly Buffer[]) {
  let length = 0;
  const starts = all.map((bytes) => {
    length += bytes.length;
    return length - bytes.length;
  });
  return rows.batch({ bytes: Buffer.concat(all), starts }, 0, all.length);
}

/** The values that became null, from lines such as `column "x": 2 values became null, …`. */
const counted = (notes: readonly string[]) =>
  notes.reduce((sum, note) => sum + Number(/: (\d+) values? became null/.exec(note)?.[1]), 0);

describe('what is written is what each value by itself says', () => {
  test('for documents of every type, in columns of every kind', () => {
    fc.assert(
      fc.property(
        fc.array(documents, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...ZONES),
        (all, timezone) => {
          const rows = reader(timezone);
          const { rowCount, encoded } = batchOf(rows, all);
          const expected = all.map((bytes) => cellByCell(bytes, timezone));
          assert.equal(rowCount, all.length);
          const { encoded: canonical } = copyTextBatch(expected.map(({ cells }) => cells));
          assert.equal(encoded?.bytes.toString(), canonical?.bytes.toString());
          assert.deepEqual(encoded?.ends, cellEnds(encoded?.bytes ?? Buffer.alloc(0)));
          const misfits = expected.reduce((sum, row) => sum + row.misfits, 0);
          assert.equal(counted(rows.notes()), misfits);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  for (const [what, values] of Object.entries({
    doubles: doubles.map((value) => ({ type: TYPE.double, bytes: double(value) })),
    decimals: decimals.map((parts) => ({ type: TYPE.decimal128, bytes: decimal128(...parts) })),
    'whole numbers': wholes.map((value) => ({ type: TYPE.int64, bytes: int64(value) })),
    dates: moments.map((value) => ({ type: TYPE.date, bytes: int64(value) })),
  })) {
    test(`for many ${what}`, () => {
      for (const timezone of what === 'dates' ? ZONES : ['UTC']) {
        const rows = reader(timezone);
        fc.assert(
          fc.property(values, (raw) => {
            const bytes = documentOf([{ key: 'a', raw }]);
            assert.deepEqual(batchOf(rows, [bytes]).rows()[0], cellByCell(bytes, timezone).cells);
          }),
          { numRuns: runs(1000) },
        );
      }
    });
  }

  test('for more hours than are remembered', () => {
    const rows = reader('America/Sao_Paulo', [{ name: 'a', kind: 'timestamp' }]);
    const [toTimestamp] = KINDS.flatMap((kind, index) =>
      kind === 'timestamp' ? [CONVERSIONS['America/Sao_Paulo']?.conversions[index]] : [],
    );
    const all = Array.from({ length: 22_000 }, (_, index) => (index % 11_000) * 3_600_001);
    const encoded = all.map((moment) =>
      documentOf([{ key: 'a', raw: { type: TYPE.date, bytes: int64(BigInt(moment)) } }]),
    );
    const expected = all.map((milliseconds) => [
      toTimestamp?.({ type: 'instant', instant: { milliseconds, microseconds: 0 } }),
    ]);
    const batch = batchOf(rows, encoded);
    assert.equal(batch.rowCount, all.length);
    assert.deepEqual(batch.rows(), expected);
  });
});

describe('keys', () => {
  const value = (index: number) => serialized(index);

  test('that come, go and change places are told apart, beyond any number that is remembered', () => {
    const columns: Column[] = ['a', 'ab', 'abc', 'abcd', 'abcde', 'k'.repeat(300), 'o.a', 'o.ab'].map(
      (path) => ({
        name: path,
        path,
        kind: 'integer',
      }),
    );
    const rows = reader('UTC', columns);
    const keys = [
      ...columns.map(({ name }) => name).filter((name) => !name.includes('.')),
      'abcdef',
      'x',
      '',
    ];
    const chosen = fc
      .shuffledSubarray(keys)
      .chain((some) =>
        fc.tuple(fc.constant(some), fc.shuffledSubarray(['a', 'ab', 'abc']), fc.option(fc.nat(9_999))),
      );
    fc.assert(
      fc.property(fc.array(chosen, { minLength: 1, maxLength: 10 }), (all) => {
        const made = all.map(([some, inside, odd], number) => {
          const elements = some.map((key, index) => ({ key, raw: value(number * 100 + index) }));
          const o = {
            type: TYPE.object,
            bytes: documentOf(inside.map((key, index) => ({ key, raw: value(index) }))),
          };
          const data = odd === null ? [] : [{ key: `some key ${odd} that is data`, raw: value(0) }];
          return documentOf([...elements.slice(0, 2), ...data, { key: 'o', raw: o }, ...elements.slice(2)]);
        });
        const expected = all.map(([some, inside], number) =>
          columns.map(({ name }) => {
            const index = name.startsWith('o.') ? inside.indexOf(name.slice(2)) : some.indexOf(name);
            return index === -1 ? null : String(name.startsWith('o.') ? index : number * 100 + index);
          }),
        );
        assert.deepEqual(batchOf(rows, made).rows(), expected);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('bytes that are not UTF-8', () => {
  const bad = { type: TYPE.string, bytes: string(Buffer.from('Café da manhã', 'latin1')) };
  const good = { type: TYPE.string, bytes: string('Café') };
  const numbered = (number: number, raw: Raw) =>
    documentOf([
      { key: '_id', raw: serialized(number) },
      { key: 'nome', raw },
      { key: 'ativo', raw: serialized(number === 4 ? 'sim' : true) },
    ]);
  const columns: Column[] = [
    { name: 'nome', kind: 'text' },
    { name: 'ativo', kind: 'boolean' },
  ];
  const strict = () =>
    new RowReader(columns, { doing: 'reading', timezone: 'UTC', onMismatch: 'fail', isoTextAt: new Set() });
  const refused = (work: () => unknown, message: string) =>
    assert.throws(work, (error) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.message, message);
      return true;
    });

  test('are found in the document that has them, in whichever batch', () => {
    const rows = strict();
    batchOf(rows, [numbered(1, good), numbered(2, good)]);
    const message = 'it holds bytes that are not UTF-8, near "Caf\ufffd da manh\ufffd"';
    refused(
      () => batchOf(rows, [numbered(1, good), numbered(2, good), numbered(3, bad), numbered(5, bad)]),
      `reading: document with _id 3: ${message}`,
    );
    const withoutId = documentOf([{ key: 'nome', raw: bad }]);
    const others = strict();
    batchOf(others, [numbered(1, good)]);
    refused(
      () => batchOf(others, [numbered(1, good), withoutId, numbered(2, good)]),
      `reading: document number 3: ${message}`,
    );
  });

  test('come before what is wrong with a later document, and not before an earlier one', () => {
    refused(
      () => batchOf(strict(), [numbered(3, bad), numbered(4, good)]),
      'reading: document with _id 3: it holds bytes that are not UTF-8, near "Caf\ufffd da manh\ufffd"',
    );
    refused(
      () => batchOf(strict(), [numbered(4, good), numbered(5, bad)]),
      'reading: column "ativo": the string sim is no boolean (document with _id 4)',
    );
  });
});
