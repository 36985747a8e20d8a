// Which formats of numbers are right, and how long numbers become in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currencyFormat, numberFormatFault, shownLength } from '../../src/writers/words/number-format.js';

test('formats as spreadsheets have them are right, and no others', () => {
  const right = [
    '0',
    '0.0%',
    '#,##0',
    '#,##0.000',
    '.00',
    '0.00E+00',
    '"R$" #,##0.00;-"R$" #,##0.00',
    '#,##0.00;[Red]-#,##0.00;"-"',
    '#,##0.00_);(#,##0.00);"a;b"',
    '0.0 "kg"',
    '0\\h',
    '#,##0,',
    '$ 0',
    '+0;-0;0;"texto"',
    currencyFormat('JPY'),
  ];
  for (const code of right) assert.equal(numberFormatFault(code), undefined, code);
  const wrong = [
    '',
    '%',
    'abc',
    '#.##0,00',
    '0,00x',
    '0.0.0',
    'R$ 0',
    '"0',
    '0;x',
    '0;;;;0',
    'dd/mm/yyyy',
    '@',
    '0 "kg',
    '[Pink]0',
  ];
  for (const code of wrong) assert.match(numberFormatFault(code) ?? '', /give a format such as 0\.0%/, code);
  assert.match(numberFormatFault(`"${'x'.repeat(300)}"0`) ?? '', /303 characters; 255 are the most/);
  assert.match(numberFormatFault(`${'#'.repeat(200)}x`) ?? '', /give a format/);
});

test('a number in a format has as many characters as it is shown with', () => {
  const cases: readonly [code: string, whole: number, length: number][] = [
    ['0', 3, '123'.length],
    ['#,##0.00', 7, '1,234,567.00'.length],
    ['0.0%', 1, '100.0%'.length],
    ['"R$" #,##0.00', 4, 'R$ 1,234.00'.length],
    ['0.0 "kg"', 2, '12.0 kg'.length],
    ['00000', 2, '00012'.length],
    ['0;-"menos de nada"', 1, '-menos de nada'.length],
  ];
  for (const [code, whole, length] of cases) assert.equal(shownLength(code, whole), length, code);
});
