// Conditions and orders by columns of a report: what is read, and what is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseReport } from '../../src/reports/load-report.js';
import { orderTermsOf, parseCondition } from '../../src/reports/where.js';
import { refusal } from '../support/refusal.js';

const REPORT = parseReport(
  'queries/vendas.sql',
  `/*---
source: vendas
timezone: America/Sao_Paulo
columns:
  id: integer
  valor: decimal
  valor total: decimal
  nome: text
  dia: date
  em: timestamp
  paga: boolean
  dados: json
order-by: [-dia, id]
---*/
SELECT 1`,
);
const testOf = (text: string) => parseCondition(REPORT, text, '2024-10-06').filter.test;
const days = (text: string) => {
  const { of, anyOf } = testOf(text);
  assert.equal(of, 'dates');
  return anyOf
    .map((span) => (typeof span === 'object' && 'from' in span ? [span.from, span.to] : []))
    .map((ends) => ends.map((end) => (typeof end === 'object' ? end.date : end)));
};

describe('--where', () => {
  test('takes a column between quotes, as SQL has it', () => {
    for (const text of ['"valor total" >= 1.5', '"valor total">=1.5'])
      assert.equal(parseCondition(REPORT, text, '2024-10-06').column, 'valor total');
    assert.deepEqual(testOf('"nome" = "a"'), testOf('nome = a'));
  });

  test('names the column that it tests, with what was typed', () => {
    const { filter, column, onResult } = parseCondition(REPORT, ' valor total>=1.5 ', '2024-10-06');
    assert.deepEqual(
      [filter.dimension, filter.values, column],
      ['where', [' valor total>=1.5 '], 'valor total'],
    );
    assert.deepEqual(onResult, { name: 'valor total', kind: 'decimal' });
  });

  test('numbers are equal, unequal, or on one side', () => {
    const ten = { from: '10', to: '10' };
    const [from, to] = [
      { from: '10', to: undefined },
      { from: undefined, to: '10' },
    ];
    const numbers = (range: unknown, isWithout = false) => {
      return { of: 'numbers', anyOf: [range], ...(isWithout && { noneOf: [ten] }) };
    };
    assert.deepEqual(testOf('valor = 10'), numbers(ten));
    assert.deepEqual(testOf('valor!=10'), numbers({ from: undefined, to: undefined }, true));
    assert.deepEqual(testOf('valor <> 10'), testOf('valor != 10'));
    assert.deepEqual(testOf('valor >= 10'), numbers(from));
    assert.deepEqual(testOf('valor > +10'), numbers(from, true));
    assert.deepEqual(testOf('id <= 10'), numbers(to));
    assert.deepEqual(testOf("id < '10'"), numbers(to, true));
  });

  test('texts are as typed, between quotes or not, and never operators of a filter', () => {
    assert.deepEqual(testOf('nome = ACME Ltda'), { of: 'texts', anyOf: ['ACME Ltda'] });
    assert.deepEqual(testOf(`nome = "d'Ávila"`), { of: 'texts', anyOf: ["d'Ávila"] });
    assert.deepEqual(testOf("nome = 'd''Ávila'"), { of: 'texts', anyOf: ["d'Ávila"] });
    assert.deepEqual(testOf("nome = '~x'"), { of: 'texts', anyOf: ['~x'] });
    assert.deepEqual(testOf('nome =!x'), { of: 'texts', anyOf: ['!x'] });
    assert.deepEqual(testOf('nome ='), { of: 'texts', anyOf: [''] });
    assert.deepEqual(testOf('nome != ~x'), { of: 'texts', anyOf: [], noneOf: ['~x'] });
    assert.deepEqual(testOf('nome ~ ~É'), { of: 'texts', anyOf: [{ containing: '~e' }] });
    assert.deepEqual(testOf('nome !~ caf'), { of: 'texts', anyOf: [], noneOf: [{ containing: 'caf' }] });
    assert.deepEqual(testOf("nome = x'; DROP TABLE y; --"), { of: 'texts', anyOf: ["x'; DROP TABLE y; --"] });
  });

  test('days are compared whole, in the zone of the report', () => {
    assert.deepEqual(days('dia = 2024-10-05'), [['2024-10-05', '2024-10-06']]);
    assert.deepEqual(days('em > 2024-01'), [['2024-02-01', undefined]]);
    assert.deepEqual(days('em >= 2024-01'), [['2024-01-01', undefined]]);
    assert.deepEqual(days('em < yesterday'), [[undefined, '2024-10-05']]);
    assert.deepEqual(days('em <= yesterday'), [[undefined, '2024-10-06']]);
    assert.deepEqual(days('dia != 2024'), [
      [undefined, '2024-01-01'],
      ['2025-01-01', undefined],
    ]);
  });

  test('booleans are equal or unequal', () => {
    assert.deepEqual(testOf('paga = true'), { of: 'booleans', anyOf: ['true'] });
    assert.deepEqual(testOf('paga != true'), { of: 'booleans', anyOf: ['false'] });
    assert.deepEqual(testOf('paga != false'), { of: 'booleans', anyOf: ['true'] });
  });

  const refused: Readonly<Record<string, RegExp>> = {
    'vallor > 1': /has no column "vallor"/,
    '1 = 1': /has no column "1"/,
    '': /has no column ""/,
    '> 1': /has no column ""/,
    valor: /no operator follows the column/,
    'valor - id > 1': /no operator follows the column/,
    'valor IS NULL': /no operator follows the column/,
    'valor = id': /^cannot filter by column valor "id": allowed are a number/,
    'valor = ': /allowed are a number/,
    '"valor total > 1': /has no column/,
    'valor ~ 1': /"valor" is decimal, which ~ does not compare/,
    'valor > 1..2': /a range is no number/,
    'nome > a': /"nome" is text, which > does not compare/,
    'nome ~': /nothing to look for/,
    'nome = \0': /not a text that a database can hold/,
    'dia = amanhã': /cannot read the date/,
    'dia = ..2024': /a range without an end/,
    'dia ~ 2024': /"dia" is date, which ~ does not compare/,
    'paga = sim': /true or false/,
    'paga < true': /"paga" is boolean, which < does not compare/,
    'dados = {}': /"dados" is json/,
  };
  for (const [text, said] of Object.entries(refused))
    test(`refuses ${JSON.stringify(text)}`, () => {
      const error = refusal(() => testOf(text));
      assert.equal(error.code, 'usage');
      assert.match(error.message, said);
    });
});

describe('--order-by', () => {
  test('comes before the order of the report, which stays for rows that are alike', () => {
    assert.deepEqual(orderTermsOf(REPORT, ['valor:desc', 'nome:asc']), ['-valor', 'nome', '-dia', 'id']);
    assert.deepEqual(orderTermsOf(REPORT, ['dia']), ['dia', 'id']);
  });

  test('takes columns of the report only, each once', () => {
    for (const [terms, said] of [
      [['valr'], /no column "valr" to sort by/],
      [['valor:down'], /no column "valor:down"/],
      [['-valor'], /no column "-valor"/],
      [['id', 'id:desc'], /"id" was given twice/],
    ] as const)
      assert.match(refusal(() => orderTermsOf(REPORT, terms)).message, said);
  });
});
