// What people type after a filter's flag: what is read, and what is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lastClosedPeriod } from '../../src/core/calendar.js';
import { DIMENSIONS, type Dimension, type TextMatch } from '../../src/core/filter.js';
import { describeFilter, parseFilter, periodFilter } from '../../src/filters/index.js';
import { literalText } from '../../src/filters/text-values.js';
import { refusal } from '../support/refusal.js';

const CONTEXT = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };

const testOf = (dimension: Dimension, ...values: string[]) => parseFilter(dimension, values, CONTEXT).test;

describe('the registry', () => {
  test('every dimension parses its own example and keeps what was typed', () => {
    for (const dimension of DIMENSIONS) {
      const { metavariable, summary } = describeFilter(dimension);
      assert.match(metavariable, /^<[a-z]+>$/);
      const examples = (/e\.g\. (.*)$/.exec(summary)?.[1] ?? '').split(', ');
      const filter = parseFilter(dimension, examples, CONTEXT);
      assert.equal(filter.dimension, dimension);
      assert.deepEqual(filter.values, examples);
    }
  });

  test('no value is refused, not read as everything or nothing', () => {
    assert.equal(refusal(() => parseFilter('product', [], CONTEXT)).code, 'usage');
  });
});

describe('dates', () => {
  test('are spans of days with the instants at which these begin in the zone', () => {
    assert.deepEqual(testOf('date', '2018-11-04', '..2025'), {
      of: 'dates',
      anyOf: [
        {
          from: { date: '2018-11-04', instant: '2018-11-04 01:00:00-02:00' },
          to: { date: '2018-11-05', instant: '2018-11-05 00:00:00-02:00' },
        },
        { from: undefined, to: { date: '2026-01-01', instant: '2026-01-01 00:00:00-03:00' } },
      ],
    });
  });

  test('a period becomes a filter whose value reads like a typed one', () => {
    const filter = periodFilter(lastClosedPeriod('fortnight', '2026-03-10'), CONTEXT.timezone);
    assert.equal(filter.dimension, 'date');
    assert.deepEqual(filter.values, ['2026-02-16..2026-02-28']);
    assert.deepEqual(parseFilter('date', filter.values, CONTEXT), filter);
    assert.deepEqual(periodFilter({ from: undefined, to: undefined }, CONTEXT.timezone).test, {
      of: 'dates',
      anyOf: [{ from: undefined, to: undefined }],
    });
  });
});

describe('texts', () => {
  test('stay as they are typed', () => {
    assert.deepEqual(testOf('product', ' Café', ''), { of: 'texts', anyOf: [' Café', ''] });
  });

  test('~ looks into the text, without case and accents, ! is the opposite, a backslash takes either meaning away', () => {
    const cases: readonly (readonly [
      value: string,
      anyOf: readonly TextMatch[],
      noneOf?: readonly TextMatch[],
    ])[] = [
      ['~Açaí', [{ containing: 'acai' }]],
      ['~S\u0303A\u0303O', [{ containing: 'sao' }]],
      ['~ß Łódź ıİ Æ', [{ containing: 'ß lodz ii æ' }]],
      ['~~x', [{ containing: '~x' }]],
      ['~!x', [{ containing: '!x' }]],
      ['!x', [], ['x']],
      ['!', [], ['']],
      ['!!x', [], ['!x']],
      ['!~É', [], [{ containing: 'e' }]],
      ['!\\~x', [], ['~x']],
      ['\\~x', ['~x']],
      ['\\!x', ['!x']],
      ['\\\\~x', ['\\~x']],
      ['\\\\server', ['\\\\server']],
      ['a~!', ['a~!']],
    ];
    for (const [value, anyOf, noneOf] of cases)
      assert.deepEqual(
        testOf('product', value),
        { of: 'texts', anyOf, ...(noneOf && { noneOf }) },
        JSON.stringify(value),
      );
    assert.deepEqual(testOf('product', 'a', '!b', '~c'), {
      of: 'texts',
      anyOf: ['a', { containing: 'c' }],
      noneOf: ['b'],
    });
  });

  test('every text can be asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('~', '!', '\\', 'a', 'é') }), (text) => {
        assert.deepEqual(testOf('product', literalText(text)), { of: 'texts', anyOf: [text] });
      }),
    );
  });

  test('nothing, only marks and a very long part cannot be looked for', () => {
    for (const value of ['~', '!~', '~\u0301', `~${'a'.repeat(201)}`])
      assert.equal(refusal(() => parseFilter('product', [value], CONTEXT)).code, 'usage');
    assert.doesNotThrow(() => parseFilter('product', [`~${'😀'.repeat(200)}`], CONTEXT));
  });

  test('NUL and half characters are refused when they are typed', () => {
    for (const value of ['a\0b', '\ud83d', 'x\udc00y']) {
      const error = refusal(() => parseFilter('organization', ['fine', value], CONTEXT));
      assert.equal(error.code, 'usage');
      assert.ok(error.message.includes(JSON.stringify(value)));
    }
    assert.doesNotThrow(() => parseFilter('organization', ['', '😀', '\n'], CONTEXT));
  });
});

describe('numbers', () => {
  test('are decimal texts without a plus sign; a single number is both ends', () => {
    assert.deepEqual(testOf('price', '+10', '..-9.990', '007..'), {
      of: 'numbers',
      anyOf: [
        { from: '10', to: '10' },
        { from: undefined, to: '-9.990' },
        { from: '007', to: undefined },
      ],
    });
  });

  const refused: Record<string, RegExp> = {
    '': /for example/,
    '..': /for example/,
    '1...2': /for example/,
    '1..2..3': /for example/,
    '1e3': /for example/,
    NaN: /for example/,
    Infinity: /for example/,
    '1 ': /for example/,
    '.5': /for example/,
    '0x10': /for example/,
    '٣': /for example/,
    '9,99': /thousands separator: 9\.99$/,
    '1.234.567,89': /: 1234567\.89$/,
    '1,5..2,5': /: 1\.5\.\.2\.5$/,
    '100..10': /smaller end first: 10\.\.100$/,
    '-1..-5': /: -5\.\.-1$/,
    '0.30000000000000000001..0.3': /0\.3\.\.0\.30000000000000000001$/,
    '9007199254740993..9007199254740992': /smaller end first/,
    [`1${'0'.repeat(1000)}`]: /for example/,
  };
  for (const [value, hint] of Object.entries(refused)) {
    test(`refuses ${JSON.stringify(value.slice(0, 40))}`, () => {
      const error = refusal(() => parseFilter('quantity', ['1', value], CONTEXT));
      assert.equal(error.code, 'usage');
      assert.ok(error.message.includes(`quantity ${JSON.stringify(value)}`), error.message);
      assert.match(error.hint ?? '', hint);
    });
  }
});
