// Which options of PDF are refused before anything is read, and what is said then.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Column } from '../../src/core/table.js';
import { checkPdf } from '../../src/writers/pdf/check.js';
import { describePdf } from '../../src/writers/pdf/describe.js';
import type { PdfOptions } from '../../src/writers/pdf/options.js';

const COLUMNS: readonly Column[] = [
  { name: 'dia', kind: 'date' },
  { name: 'organizacao', kind: 'text' },
  { name: 'tipo', kind: 'text' },
  { name: 'pago', kind: 'boolean' },
  { name: 'cpf', kind: 'text', mask: 'partial' },
  { name: 'email', kind: 'text', mask: 'null' },
  { name: 'nome', kind: 'text', mask: 'hash' },
  { name: 'valor', kind: 'decimal' },
  { name: 'dados', kind: 'json' },
];

function refusal(options: PdfOptions, orderBy: readonly string[] = []): string {
  try {
    checkPdf(options, COLUMNS, orderBy);
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    assert.equal(code, 'usage');
    return `${message}. ${hint}`;
  }
  return 'taken';
}

describe('group-by', () => {
  for (const [groups, orderBy] of [
    [['organizacao'], ['organizacao']],
    [['organizacao'], ['-organizacao', 'dia']],
    [
      ['organizacao', 'tipo', 'dia'],
      ['organizacao', 'tipo', '-dia', 'valor'],
    ],
    [['nome'], ['nome']],
    [['pago'], ['pago']],
  ] as const) {
    test(`${groups} in the order ${orderBy} is taken`, () =>
      assert.equal(refusal({ 'group-by': groups }, orderBy), 'taken'));
  }

  test('an order that does not begin with its columns is named, and so is one that does', () => {
    assert.equal(
      refusal({ 'group-by': ['organizacao', 'tipo'] }, ['dia', '-tipo', 'valor']),
      'group-by "organizacao", "tipo" needs rows in that order, and order-by begins with "dia", "-tipo". ' +
        'Write order-by: [organizacao, -tipo, dia, valor] in the report, or --order-by organizacao,tipo:desc.',
    );
    assert.match(refusal({ 'group-by': ['tipo', 'organizacao'] }, ['organizacao', 'tipo']), /needs rows/);
    assert.match(
      refusal({ 'group-by': ['dia', 'tipo'] }, ['dia']),
      /begins with "dia"\. Write order-by: \[dia, tipo\]/,
    );
    assert.match(
      refusal({ 'group-by': ['dia'] }),
      /there is no order-by.*order-by: \[dia\].*--order-by dia\.$/,
    );
  });

  for (const [groups, said] of [
    [['dia', 'organizacao', 'tipo', 'pago'], /has 4 columns; 3 are the most.*dia, organizacao, tipo\.$/],
    [['dia', 'dia'], /has "dia" twice/],
    [['produto'], /"produto", which is not among the exported columns.*--columns/],
    [['valor'], /"valor", which is decimal.*text, integer, boolean, date, timestamp/],
    [['dados'], /"dados", which is json/],
    [['cpf'], /"cpf", which is masked by partial/],
    [['email'], /"email", which is masked by null/],
  ] as const) {
    test(`${groups} is refused`, () => assert.match(refusal({ 'group-by': groups }, groups), said));
  }

  test('a column is left for the table', () => {
    const only = COLUMNS.slice(0, 2);
    const options = { 'group-by': ['dia', 'organizacao'] };
    const order = options['group-by'];
    assert.throws(() => checkPdf(options, only, order), { code: 'usage', message: /leaves no column/ });
    checkPdf(options, COLUMNS.slice(0, 3), order);
  });
});

test('margins leave room on the page', () => {
  assert.equal(refusal({ page: { margins: 65 } }), 'taken');
  assert.match(refusal({ page: { margins: 65.5 } }), /margins of 65\.5 mm.*A4\. Give at most 65\.$/);
  assert.equal(refusal({ page: { size: 'A3', margins: 100 } }), 'taken');
});

test('what is attached is named once', () => {
  assert.equal(refusal({ attach: ['csv', 'manifest'] }), 'taken');
  assert.match(refusal({ attach: ['csv', 'csv'] }), /attach has "csv" twice/);
});

test('booleans are two words', () => assert.match(refusal({ booleans: 'Sim' }), /Sim\/Não/));

test('a Table Schema says how its cells are spelled', () => {
  const types = (options: Readonly<Record<string, unknown>>) => {
    const { fieldType } = describePdf(options);
    return (['integer', 'decimal', 'boolean', 'date'] as const).map((kind) => fieldType({ kind }, 'UTC'));
  };
  assert.deepEqual(types({}), [
    { type: 'integer', groupChar: ',' },
    { type: 'number', decimalChar: '.', groupChar: ',' },
    { type: 'boolean', trueValues: ['true'], falseValues: ['false'] },
    { type: 'date', format: 'default' },
  ]);
  assert.deepEqual(types({ locale: 'pt-BR' }), [
    { type: 'integer', groupChar: '.' },
    { type: 'number', decimalChar: ',', groupChar: '.' },
    { type: 'boolean', trueValues: ['Sim'], falseValues: ['Não'] },
    { type: 'date', format: '%d/%m/%Y' },
  ]);
  assert.throws(() => describePdf({ booleans: 'x' }), { code: 'usage' });
});
