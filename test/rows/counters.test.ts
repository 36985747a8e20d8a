// Exact sums against a model in whole numbers, and what is counted while batches and bytes pass by.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Column } from '../../src/core/table.js';
import { ByteCounter, ContentHash, DecimalSum, RowCounter } from '../../src/rows/counters.js';
import { encodeRows } from '../../src/rows/encoded-rows.js';
import { BATCH_FORMS, copyTextBatch } from '../support/copy-text.js';

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

const columns: Column[] = [
  { name: 'a', kind: 'text' },
  { name: 'n', kind: 'decimal' },
  { name: 'm', kind: 'integer' },
];

describe('rows', () => {
  for (const [form, batch] of Object.entries(BATCH_FORMS)) {
    test(`are counted and summed, from ${form}`, () => {
      const counter = new RowCounter(columns, ['m', 'n']);
      counter.add(batch([['x', '1.5', null]]));
      counter.add(
        batch([
          ['y', null, '2'],
          [null, '-0.25', '3'],
        ]),
      );
      assert.equal(counter.rows, 3);
      assert.deepEqual(counter.totals(), { m: '5', n: '1.25' });
      assert.deepEqual(counter.nulls(), { a: 1, n: 1, m: 1 });
    });
  }

  test('are not decoded when they come as COPY text', () => {
    const batch = { ...copyTextBatch([['x', '2.50', '1']]), rowCount: 1, rows: () => assert.fail('decoded') };
    const counter = new RowCounter(columns, ['n']);
    const content = new ContentHash(columns, ['n']);
    counter.add(batch);
    content.add(batch);
    assert.equal(counter.rows, 1);
    assert.deepEqual(counter.totals(), { n: '2.50' });
    assert.equal(content.digest(), sha256('x\t1\n'));
  });
});

describe('the hash of the content', () => {
  const rows = [
    ['x', null, '1'],
    ['tab\there', '', '\\N'],
  ];
  const cases: readonly [volatile: string[], text: string][] = [
    [[], 'x\t\\N\t1\ntab\\there\t\t\\\\N\n'],
    [['a'], '\\N\t1\n\t\\\\N\n'],
    [['n'], 'x\t1\ntab\\there\t\\\\N\n'],
    [['m'], 'x\t\\N\ntab\\there\t\n'],
    [['m', 'a'], '\\N\n\n'],
    [['a', 'n', 'm'], '\n\n'],
  ];
  for (const [form, batch] of Object.entries(BATCH_FORMS)) {
    for (const [volatile, text] of cases) {
      test(`without ${volatile.join(', ') || 'nothing'} is that of COPY text, from ${form}`, () => {
        const content = new ContentHash(columns, volatile);
        content.add(batch(rows));
        assert.equal(content.digest(), sha256(text));
      });
    }
  }

  const cell = fc.option(fc.constantFrom('', '\\N', 'a\tb', 'ã', '🧾', 'x'.repeat(40), '1.50', '\n'));
  const property = fc.record({
    rows: fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 }),
    volatile: fc.subarray(columns.map(({ name }) => name)),
    cuts: fc.infiniteStream(fc.integer({ min: 1, max: 5 })),
    forms: fc.infiniteStream(fc.constantFrom(...Object.values(BATCH_FORMS))),
  });

  test('is the same however rows are cut into batches, and whatever forms these have', () => {
    fc.assert(
      fc.property(property, ({ rows, volatile, cuts, forms }) => {
        const content = new ContentHash(columns, volatile);
        for (let at = 0; at < rows.length; ) {
          const size = cuts.next().value;
          content.add(forms.next().value(rows.slice(at, at + size)));
          at += size;
        }
        const kept = columns.flatMap(({ name }, index) => (volatile.includes(name) ? [] : [index]));
        const model = encodeRows(rows.map((row) => kept.map((index) => row[index] ?? null)));
        assert.equal(content.digest(), sha256(model));
      }),
    );
  });
});

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

test('bytes, and the SHA-256 of all of them however they are cut', () => {
  const counter = new ByteCounter();
  for (const part of ['a', '', 'bc']) counter.add(Buffer.from(part));
  assert.equal(counter.bytes, 3);
  // FIPS 180-2, appendix B.1.
  assert.equal(counter.sha256(), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
