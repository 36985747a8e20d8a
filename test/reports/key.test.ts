// Keys: what tokens become, and how any value becomes one safe segment that no other value shares.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { periodContaining } from '../../src/core/calendar.js';
import { expandKey, safeSegment, unknownTokens } from '../../src/reports/key.js';
import { anyText } from '../support/any-text.js';
import { runs } from '../support/runs.js';

describe('a value as a segment of a key', () => {
  const asItIs = [
    'ACME Ltda',
    'Café',
    'São João S.A',
    'a.b_c-d=e@f+g',
    '王小龙',
    '0012',
    '-',
    'x'.repeat(80),
  ];
  for (const value of asItIs)
    test(`${JSON.stringify(value.slice(0, 20))} stays`, () => assert.equal(safeSegment(value), value));

  const changed: readonly [string, RegExp][] = [
    ['Sá & Filhos', /^Sá _ Filhos~[0-9a-f]{8}$/],
    ['Importação/Exportação', /^Importação_Exportação~/],
    ['a\\b', /^a_b~/],
    ['S.A.', /^S\.A_~/],
    ['.', /^_~/],
    ['..', /^__~/],
    ['../../etc/passwd', /^_._..__?etc_passwd~/],
    ['.oculto', /^_oculto~/],
    [' x ', /^_x_~/],
    ['Pão ☕🎉', /^Pão __~/],
    ['', /^~[0-9a-f]{8}$/],
    ['_null', /^_null~/],
    ['a\nb', /^a_b~/],
    ['a~12345678', /^a_12345678~/],
    ['Jose\u0301', /^José~/],
    ['{report}', /^_report_~/],
    ['a"b%c?d#e:f*g<h>|', /^a_b_c_d_e_f_g_h__~/],
  ];
  for (const [value, pattern] of changed)
    test(`${JSON.stringify(value)} changes`, () => assert.match(safeSegment(value), pattern));

  test('null has a name of its own', () => {
    assert.equal(safeSegment(null), '_null');
    assert.notEqual(safeSegment('_null'), '_null');
  });

  test('300 characters are cut between characters, to 80 bytes', () => {
    for (const character of ['x', 'ç', '王', '𝒜']) {
      const segment = safeSegment(character.repeat(300));
      assert.ok(
        Buffer.byteLength(segment) <= 80 && Buffer.byteLength(segment) > 80 - Buffer.byteLength(character),
      );
      assert.match(segment, /^(.)\1*~[0-9a-f]{8}$/u);
    }
  });

  const value = fc.oneof(
    anyText({ maxLength: 100 }),
    fc.stringMatching(/^[ab./\\_~ -]{0,6}$/),
    fc.string({ unit: fc.constantFrom('á', 'a', '\u0301'), maxLength: 4 }),
    fc.string({ minLength: 78, maxLength: 90 }),
  );

  test('any value is one segment that every store and file system takes', () => {
    fc.assert(
      fc.property(value, (text) => {
        const segment = safeSegment(text);
        assert.ok(Buffer.byteLength(segment) >= 1 && Buffer.byteLength(segment) <= 80);
        assert.doesNotMatch(segment, /[/\\{}\p{C}]|^\.|\.$/u);
        assert.equal(segment, segment.normalize('NFC'));
      }),
      { numRuns: runs(200) },
    );
  });

  test('two values never share a segment', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.option(value), { minLength: 2, maxLength: 30 }), (values) => {
        // Neither among themselves, nor with what the others became.
        const all = new Set([...values, ...values.map(safeSegment)]);
        assert.equal(new Set([...all].map(safeSegment)).size, all.size);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('the tokens of a key', () => {
  const values = {
    report: 'transacoes',
    period: periodContaining('month', '2024-02-10'),
    extension: 'csv.gz',
    labels: { project: 'Vendas/Sul', área: 'x' },
  };

  test('the date is the last day of the period', () => {
    assert.equal(
      expandKey('{report}/{YYYY}/{MM}/{DD}/{YYYYMMDD}.{ext}', values),
      'transacoes/2024/02/29/20240229.csv.gz',
    );
  });

  test('labels are safe segments', () => {
    assert.match(
      expandKey('{project}/{área}/{project}.csv', values),
      /^Vendas_Sul~([0-9a-f]{8})\/x\/Vendas_Sul~\1\.csv$/,
    );
  });

  test('a key without tokens stays', () => assert.equal(expandKey('a/$1/b.csv', values), 'a/$1/b.csv'));

  test('what a label says is not read again for tokens', () => {
    const labels = { a: '{report}', b: '$&' };
    assert.doesNotMatch(expandKey('{a}{b}', { ...values, labels }), /transacoes|\{/);
  });

  test('unknown tokens, each with a suggestion', () => {
    assert.deepEqual(unknownTokens('{report}_{YYYYMMDD}.{ext}', []), []);
    assert.deepEqual(unknownTokens('{project}', ['project']), []);
    const [first, second, ...more] = unknownTokens('{yyyymmdd}/{cliente}/{}', ['client']);
    assert.match(first ?? '', /^unknown token \{yyyymmdd\}; did you mean "YYYYMMDD"/);
    assert.match(second ?? '', /^unknown token \{cliente\}; did you mean "client"/);
    assert.equal(more.length, 1);
    assert.equal(unknownTokens('{constructor}', []).length, 1);
  });
});
