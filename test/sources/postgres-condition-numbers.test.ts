// Which numbers a range selects in a real PostgreSQL, compared with a model in exact arithmetic.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import { type FilterBench, startFilterBench } from '../support/filter-bench.js';
import { runs } from '../support/runs.js';

let bench: FilterBench;

before(async () => {
  bench = await startFilterBench();
  for (const [type, values] of Object.entries(STORED)) {
    await bench.client.query(`CREATE TABLE ${relation(type)} (v ${type})`);
    await bench.client.query(
      `INSERT INTO ${relation(type)} SELECT t::text::${type} FROM unnest($1::text[]) t`,
      [[...values, null]],
    );
  }
});

after(() => bench?.stop());

/** PostgreSQL's internal name of a type that SQL writes like this. */
function internal(type: string): string {
  return type.replace(/\(.*/, '').replace(/^char$/, 'bpchar');
}

const WHOLE = ['-32768', '-5', '-1', '0', '1', '2', '9', '10', '32767'];
const FLOATS = [...WHOLE, '9.8', '9.85', '0.1', '0.3', '1e-40', '3.4e38', 'NaN', 'Infinity', '-Infinity'];
const STORED: Record<string, readonly string[]> = {
  int2: WHOLE,
  int4: [...WHOLE, '-2147483648', '2147483647'],
  int8: [...WHOLE, '9007199254740992', '9007199254740993', '9223372036854775807', '-9223372036854775808'],
  'numeric(10,2)': [...WHOLE, '9.98', '9.99', '10.00', '0.30', 'NaN'],
  numeric: [
    ...WHOLE,
    '9.990',
    '9.995',
    '12345678901234567890123456789012345678',
    '12345678901234567890123456789012345677.9999999999',
    '0.1000000000000000055511151231257827',
    ...['NaN', 'Infinity', '-Infinity'],
  ],
  float4: FLOATS,
  float8: [...FLOATS, '9007199254740993', '1.7e308', '5e-324'],
  money: [...WHOLE, '9.98', '9.99', '92233720368547758.07'],
};
const relation = (type: string) => `numbers_${type.replace(/\W/g, '_')}`;

/** The number times 10^60: exact for every literal of this file except the floats. */
const exact = (text: string): bigint => {
  const [whole = '', fraction = ''] = text.replace(/[$,]/g, '').split('.');
  return BigInt(whole + fraction.padEnd(60, '0'));
};
/** The text's value as the type holds it; undefined for NaN, which is in no range. */
const seenBy = (type: string, text: string): bigint | number | undefined => {
  if (text === 'NaN') return undefined;
  if (text.endsWith('Infinity')) return text.startsWith('-') ? -Infinity : Infinity;
  if (type === 'float4') return Math.fround(Number(text));
  return type === 'float8' ? Number(text) : exact(text);
};

const anyEnd = fc.oneof(
  fc.constantFrom(
    ...Object.values(STORED)
      .flat()
      .filter((text) => /^[-\d.]+$/.test(text) && text.length < 38),
  ),
  fc.constantFrom('1.5', '-1.5', '9.995', '2147483648', '9223372036854775808', '-0', '0.000', '+10', '007'),
  fc
    .tuple(fc.bigInt({ min: -40_000n, max: 40_000n }), fc.nat(999))
    .map(([whole, part]) => `${whole}.${part}`),
  fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map(String),
);

for (const type of Object.keys(STORED)) {
  test(`a range of ${type} selects exactly what lies in it`, async () => {
    const all = await bench.select(relation(type), 'v IS NOT NULL');
    const shape = fc.constantFrom('one', 'from', 'to', 'both');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyEnd, anyEnd, shape), { minLength: 1, maxLength: 3 }),
        async (ranges) => {
          const spelled = ranges.map(([a, b, wanted]) => {
            const [from, to] = exact(a) <= exact(b) ? [a, b] : [b, a];
            return { one: a, from: `${a}..`, to: `..${a}`, both: `${from}..${to}` }[wanted];
          });
          const expected = all.filter((text) =>
            spelled.some((value) => {
              const [first = '', last = first] = value.split('..');
              const seen = seenBy(type, text);
              const from = first === '' ? -Infinity : seenBy(type, first);
              const to = last === '' ? Infinity : seenBy(type, last);
              if (seen === undefined || from === undefined || to === undefined) return false;
              return from <= seen && seen <= to;
            }),
          );
          assert.deepEqual(
            await bench.select(relation(type), bench.condition('price', spelled, internal(type))),
            expected,
          );
        },
      ),
      { numRuns: runs(200) },
    );
  });
}

const cases: readonly (readonly [type: string, value: string, found: readonly string[]])[] = [
  ['float4', '9.8', ['9.8']],
  ['float4', '9.8..9.85', ['9.8', '9.85']],
  ['float4', '3000000000..', ['3.4e+38', 'Infinity']],
  ['int4', '1.5', []],
  ['int4', '1.5..9.5', ['2', '9']],
  ['int4', '2147483647.5..', []],
  ['int8', '9007199254740993', ['9007199254740993']],
  ['int8', '9007199254740993..9223372036854775807', ['9007199254740993', '9223372036854775807']],
  ['int8', '..-9223372036854775808', ['-9223372036854775808']],
  ['numeric(10,2)', '9.981..9.99', ['9.99']],
  ['numeric(10,2)', '9.985..9.995', ['9.99']],
  ['numeric', '12345678901234567890123456789012345678', ['12345678901234567890123456789012345678']],
  ['numeric', '9.99', ['9.990']],
  ['numeric', '99999999999999999999999999999999999999..', ['Infinity']],
  ['money', '9.985..9.99', ['$9.99']],
  ['money', '92233720368547758.07..', ['$92,233,720,368,547,758.07']],
];
for (const [type, value, found] of cases) {
  test(`${value} of ${type}`, async () => {
    assert.deepEqual(
      await bench.select(relation(type), bench.condition('quantity', [value], internal(type))),
      found,
    );
  });
}

test('a float bound is refused exactly when PostgreSQL would refuse the literal', async () => {
  const digits = fc.bigInt({ min: 1n, max: 99_999_999n });
  const shift = fc.oneof(fc.integer({ min: 28, max: 42 }), fc.integer({ min: 298, max: 312 }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('float4', 'float8'),
      digits,
      shift,
      fc.boolean(),
      async (type, n, by, tiny) => {
        const bound = tiny ? `0.${'0'.repeat(by + 8)}${n}` : `${n}${'0'.repeat(by)}`;
        const accepted = await bench.client.query(`SELECT '${bound}'::${type}`).then(
          () => true,
          () => false,
        );
        let read = true;
        try {
          bench.condition('price', [`-${bound}..`], type);
        } catch (error) {
          assert.ok(error instanceof ReportError && error.code === 'usage');
          read = false;
        }
        assert.equal(read, accepted, bound);
      },
    ),
    { numRuns: runs(300) },
  );
});

test('an index on the column serves every type whose literal is cast', async () => {
  for (const type of ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'])
    assert.match(await bench.plan('price', ['1.5..9'], type), /Index Cond/, type);
});
