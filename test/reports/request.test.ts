// What a command line and a report together ask of a source, and what is refused before a source is opened.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { KINDS, type Kind } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { parseReport } from '../../src/reports/load-report.js';
import { type Choice, requestOf } from '../../src/reports/request.js';

const report = parseReport(
  'queries/x.sql',
  `/*---
source: v
filters: { date: dia, price: preco }
params: { moeda: text, ano: { kind: integer, default: 2024 } }
columns: { id: integer, dia: date, nome: text }
order-by: [-id]
---*/
SELECT 1`,
);
const context = { timezone: report.timezone, today: '2024-10-05' };

function request(choice: Partial<Choice> = {}) {
  return requestOf(report, { filters: [], params: { moeda: 'BRL' }, ...choice });
}

function refused(choice: Partial<Choice>, message: RegExp, hint?: RegExp): void {
  assert.throws(
    () => request(choice),
    (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'usage');
      assert.match(error.message, message);
      if (hint) assert.match(error.hint ?? '', hint);
      return true;
    },
  );
}

test('everything of the report unless something is chosen', () => {
  const all = request();
  assert.deepEqual(all.columns, report.columns);
  assert.deepEqual(all.mapped, { date: 'dia', price: 'preco' });
  assert.deepEqual(
    [all.orderBy, all.timezone, all.report, 'limit' in all],
    [['-id'], 'America/Sao_Paulo', 'x', false],
  );
});

test('columns in the order asked for, and a limit, also of none', () => {
  const some = request({ columns: ['nome', 'id'], limit: 0 });
  assert.deepEqual(
    some.columns.map(({ name }) => name),
    ['nome', 'id'],
  );
  assert.equal(some.limit, 0);
  refused({ columns: ['nom'] }, /no column "nom"/, /did you mean "nome"/);
  refused({ columns: ['id', 'id'] }, /"id" was given twice/);
});

test('filters with the columns that the report maps them to', () => {
  const filter = parseFilter('price', ['1..2'], context);
  assert.deepEqual(request({ filters: [filter] }).filters, [{ filter, column: 'preco' }]);
  refused(
    { filters: [parseFilter('product', ['x'], context)] },
    /--product: report "x" has no product filter/,
    /date, price/,
  );
});

describe('params', () => {
  test('as given, else the default', () => {
    assert.deepEqual(request().params, {
      moeda: { kind: 'text', value: 'BRL' },
      ano: { kind: 'integer', value: '2024' },
    });
    assert.equal(request({ params: { moeda: '', ano: '-5' } }).params.ano?.value, '-5');
    assert.equal(request({ params: { moeda: '' } }).params.moeda?.value, '');
  });

  test('one that is missing, unknown, or cannot be text in a database', () => {
    refused({ params: {} }, /needs the param "moeda" \(text\)/, /--param moeda=/);
    refused(
      { params: { moeda: 'x', meda: 'y' } },
      /--param meda: report "x" has no such param/,
      /did you mean "moeda"/,
    );
    refused({ params: { moeda: 'a\0b' } }, /--param moeda: "a\\u0000b" is no text/);
  });

  const values: Readonly<Record<Kind, { good: string[]; bad: string[] }>> = {
    text: { good: ['', "'; DROP TABLE x; --", 'ação'], bad: ['\0'] },
    integer: {
      good: ['0', '-1', '9223372036854775807', '-9223372036854775808'],
      bad: ['', '1.0', '1e3', 'x', '1 ', '0x1', '1'.repeat(20)],
    },
    decimal: {
      good: ['0', '-1.50', '.5', '5.', '1'.repeat(38)],
      bad: ['', '1,5', '1e3', 'NaN', '.', '-', '1.2.3'],
    },
    boolean: { good: ['true', 'false'], bad: ['', 't', 'yes', 'TRUE', '1'] },
    date: { good: ['2024-10-05'], bad: ['', '05/10/2024', '2024-10', 'yesterday', '2024-10-05 '] },
    timestamp: {
      good: [
        '2024-10-05',
        '2024-10-05 10:00',
        '2024-10-05T10:00:00.5-03:00',
        '2024-10-05 10:00:00Z',
        '2024-10-05 10:00+0530',
      ],
      bad: ['', 'now', '2024-10-05 10', "2024-10-05'"],
    },
    json: { good: ['{}', '[1]'], bad: ['\0'] },
  };
  for (const kind of KINDS) {
    test(`of kind ${kind}`, () => {
      const of = { ...report, params: { p: { kind, default: undefined } } };
      const { good, bad } = values[kind];
      for (const value of good)
        assert.equal(requestOf(of, { filters: [], params: { p: value } }).params.p?.value, value);
      for (const value of bad) {
        assert.throws(() => requestOf(of, { filters: [], params: { p: value } }), {
          code: 'usage',
          message: /^--param p: ".*" is no /,
        });
      }
    });
  }
});
