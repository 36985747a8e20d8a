// Exact sums against a model in whole numbers, and what is counted while batches and bytes pass by.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteCounter, DecimalSum, RowCounter } from '../src/counters.js';
import type { Batch, Column } from '../src/table.js';
import { BATCH_FORMS, cellBatch, copyTextBatch } from './support/copy-text.js';

/** The sum of texts, and of the same as cells of COPY text, which has to be the same. */
function sum(...texts: (string | null)[]): string {
  const total = new DecimalSum();
  const encoded = new DecimalSum();
  for (const text of texts) {
    total.add(text);
    const bytes = Buffer.from(` ${text ?? '\\N'} `);
    encoded.addEncoded(bytes, 1, bytes.length - 1);
  }
  assert.equal(encoded.toString(), total.toString());
  return total.toString();
}

/** `units / 10 ** scale`, spelled with all its decimals. */
function spell(units: bigint, scale: number): string {
  const digits = `${units < 0n ? -units : units}`.padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
}

describe('exact sums', () => {
  const cases: readonly [texts: (string | null)[], total: string][] = [
    [[], '0'],
    [[null, null], '0'],
    [['0.10', '0.20'], '0.30'],
    [['0.1', '0.20', null, '1'], '1.30'],
    [['-0.05'], '-0.05'],
    [['-12.50', '12.50'], '0.00'],
    [['-0.01', '0.005'], '-0.005'],
    [['-0'], '0'],
    [['9007199254740993', '1'], '9007199254740994'],
    [['9223372036854775807', '9223372036854775807'], '18446744073709551614'],
    [['99999999999999999999999999999999999999', '1'], '100000000000000000000000000000000000000'],
    [['1234567890123456789012345678.0123456789', '0.0000000001'], '1234567890123456789012345678.0123456790'],
    [['1e+20', '1'], '100000000000000000001'],
    [['1.5e+20', '-1.5E20'], '0'],
    [['1e-07', '2.5e-07'], '0.00000035'],
    [['1.23e1'], '12.3'],
    [['.5', '5.'], '5.5'],
    [['NaN', '1'], 'NaN'],
    [['1', 'NaN', '2'], 'NaN'],
    [['Infinity', '1'], 'Infinity'],
    [['-Infinity', '-1'], '-Infinity'],
    [['Infinity', '-Infinity'], 'NaN'],
  ];
  for (const [texts, total] of cases) {
    test(`${JSON.stringify(texts)} make ${total}`, () => assert.equal(sum(...texts), total));
  }

  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.nat(12));

  test('any decimals, in any order, to the last digit', () => {
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 30 }), (numbers) => {
        const most = Math.max(...numbers.map(([, scale]) => scale));
        const exact = numbers.reduce(
          (total, [units, scale]) => total + units * 10n ** BigInt(most - scale),
          0n,
        );
        const texts = numbers.map(([units, scale]) => spell(units, scale));
        assert.equal(sum(...texts), spell(exact, most));
        assert.equal(sum(...texts.toReversed()), spell(exact, most));
      }),
    );
  });

  test('an exponent is the same number written out', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.nat(8),
        fc.integer({ min: -30, max: 30 }),
        (units, scale, exponent) => {
          const written = `${spell(units, scale)}e${exponent < 0 ? '' : '+'}${exponent}`;
          const places = Math.max(0, scale - exponent);
          const exact = spell(units * 10n ** BigInt(places - scale + exponent), places);
          assert.equal(sum(written), exact);
        },
      ),
    );
  });
});

describe('rows', () => {
  const columns: Column[] = [
    { name: 'a', kind: 'text' },
    { name: 'n', kind: 'decimal' },
    { name: 'm', kind: 'integer' },
  ];
  for (const [form, batch] of Object.entries(BATCH_FORMS)) {
    test(`are counted and summed as they pass, untouched, from ${form}`, async () => {
      const counter = new RowCounter(columns, ['m', 'n']);
      const batches = [
        batch([['x', '1.5', null]]),
        batch([
          ['y', null, '2'],
          [null, '-0.25', '3'],
        ]),
      ];
      async function* source() {
        yield* batches;
      }
      const seen: Batch[] = [];
      for await (const passed of counter.count(source())) seen.push(passed);
      assert.deepEqual(seen, batches);
      assert.equal(counter.rows, 3);
      assert.deepEqual(counter.totals(), { m: '5', n: '1.25' });
      assert.deepEqual(counter.nulls(), { a: 1, n: 1, m: 1 });
    });
  }

  test('are not decoded when they come as COPY text', async () => {
    const counter = new RowCounter(columns, ['n']);
    async function* source() {
      yield { ...copyTextBatch([['x', '2.50', '1']]), rowCount: 1, rows: () => assert.fail('decoded') };
    }
    for await (const _ of counter.count(source()));
    assert.equal(counter.rows, 1);
    assert.deepEqual(counter.totals(), { n: '2.50' });
  });

  test('an error of the source passes through', async () => {
    const failure = new Error('the last row');
    async function* source() {
      yield cellBatch([['x', '1', '1']]);
      throw failure;
    }
    const counter = new RowCounter(columns, ['n']);
    await assert.rejects(async () => {
      for await (const _ of counter.count(source()));
    }, failure);
  });
});

test('bytes, and the SHA-256 of all of them however they are cut', () => {
  const counter = new ByteCounter();
  for (const part of ['a', '', 'bc']) counter.add(Buffer.from(part));
  assert.equal(counter.bytes, 3);
  // FIPS 180-2, appendix B.1.
  assert.equal(counter.sha256(), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
