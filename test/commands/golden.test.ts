// How two goldens differ, as people read it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countsText, differences } from '../../src/commands/test/golden.js';

const text = (...lines: readonly string[]) => `${lines.join('\n')}\n`;

describe('differences', () => {
  it('is nothing for the same text', () => {
    assert.deepEqual(differences(text('id', '1'), text('id', '1')), []);
  });

  it('shows what a row was and is, under the header', () => {
    assert.deepEqual(differences(text('id,v', '1,a', '2,b'), text('id,v', '1,a', '2,c')), [
      '  1: id,v',
      '- 3: 2,b',
      '+ 3: 2,c',
    ]);
  });

  it('an added row moves no other', () => {
    assert.deepEqual(differences(text('id', '1', '2', '3'), text('id', '0', '1', '2', '3')), [
      '  1: id',
      '+ 2: 0',
    ]);
  });

  it('counts a line that stands more often', () => {
    assert.deepEqual(differences(text('id', '1'), text('id', '1', '1')), ['  1: id', '+ 3: 1']);
  });

  it('names the first line of another order', () => {
    assert.deepEqual(differences(text('id', '1', '2'), text('id', '2', '1')), [
      'the same lines in another order, starting at',
      '- 2: 1',
      '+ 2: 2',
    ]);
  });

  it('tells the empty text of null, and a line break of another', () => {
    assert.notDeepEqual(differences(text('v', '""'), text('v', '')), []);
    assert.notDeepEqual(differences(text('v', '"a\r'), text('v', '"a')), []);
  });

  it('shows ten lines, and how many more there are', () => {
    const many = Array.from({ length: 30 }, (_, index) => String(index));
    const shown = differences(text('id'), text('id', ...many));
    assert.equal(shown.length, 12);
    assert.equal(shown.at(-1), '… 20 more');
  });
});

describe('countsText', () => {
  it('has a line for each total, gate and output', () => {
    const gates = [{ gate: 'min-rows', expected: 'at least 1', found: '0', ok: false }];
    const outputs = [{ key: 'r_20241005.csv', neutralised: 2, notes: ['one: two'] }];
    assert.equal(
      countsText({ rows: 0, totals: { valor: '1.10' }, gates, outputs }),
      [
        'rows: 0',
        'totals:',
        '  valor: "1.10"',
        'gates:',
        '  - "FAILED min-rows: expected at least 1, found 0"',
        'outputs:',
        '  - key: r_20241005.csv',
        '    neutralised: 2',
        '    notes:',
        '      - "one: two"',
        '',
      ].join('\n'),
    );
  });
});
