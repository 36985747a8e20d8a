// What was asked for, in the words of both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FilterTest } from '../../src/core/filter.js';
import { dateTest } from '../../src/filters/date.js';
import { daysText, filterText } from '../../src/writers/words/asked.js';

test('days and filters are words of the language', () => {
  const days = [
    [
      { from: '1998-04-01', last: '1998-04-30' },
      'de 01/04/1998 a 30/04/1998',
      'from 1998-04-01 to 1998-04-30',
    ],
    [{ from: '1998-04-01', last: '1998-04-01' }, '01/04/1998', '1998-04-01'],
    [{ from: '1998-04-01', last: undefined }, 'a partir de 01/04/1998', 'from 1998-04-01'],
    [{ from: undefined, last: '1998-04-01' }, 'até 01/04/1998', 'up to 1998-04-01'],
    [{ from: undefined, last: undefined }, '', ''],
  ] as const;
  for (const [span, portuguese, english] of days) {
    assert.deepEqual([daysText(span, 'pt-BR'), daysText(span, undefined)], [portuguese, english]);
  }
  const spans = dateTest(
    [
      { from: '1998-04-01', to: '1998-05-01' },
      { from: '1998-06-01', to: '1998-06-02' },
    ],
    'America/Sao_Paulo',
  );
  const range = { from: '-1.5', to: '10' };
  const from = { from: '1000.25', to: undefined };
  const tests: [FilterTest | 'null', string, string][] = [
    [spans, 'de 01/04/1998 a 30/04/1998 ou 01/06/1998', 'from 1998-04-01 to 1998-04-30 or 1998-06-01'],
    [
      { of: 'numbers', anyOf: [range, from] },
      'de -1,5 a 10 ou a partir de 1000,25',
      'from -1.5 to 10 or at least 1000.25',
    ],
    [{ of: 'numbers', anyOf: [{ from: '7', to: '7' }] }, '7', '7'],
    [{ of: 'texts', anyOf: ['Café', 'Chá'] }, 'Café ou Chá', 'Café or Chá'],
    ['null', '(sem valor)', '(no value)'],
    [
      { of: 'texts', anyOf: ['Chá', { containing: 'caf' }], noneOf: [{ containing: 'x' }, 'Café'] },
      'Chá ou o que contém “caf”, exceto o que contém “x” ou Café',
      'Chá or what contains “caf”, except what contains “x” or Café',
    ],
    [{ of: 'booleans', anyOf: ['true', 'false'] }, 'sim ou não', 'true or false'],
    [{ of: 'texts', anyOf: [], noneOf: ['Café'] }, 'exceto Café', 'except Café'],
  ];
  for (const [condition, portuguese, english] of tests) {
    const filter = { word: 'product-type', test: condition };
    assert.deepEqual(filterText(filter, 'pt-BR'), ['Tipo de produto', portuguese]);
    assert.deepEqual(filterText(filter, undefined), ['Product type', english]);
    assert.equal(filterText({ ...filter, title: 'Categoria' }, 'pt-BR')[0], 'Categoria');
    assert.equal(filterText({ ...filter, word: 'cor' }, 'pt-BR')[0], 'cor');
  }
});
