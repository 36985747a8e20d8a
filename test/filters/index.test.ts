// What people type after a filter's flag: what is read, what is refused, and the SQL of it, without a server.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lastClosedPeriod } from '../../src/core/calendar.js';
import { ReportError } from '../../src/core/errors.js';
import { DIMENSIONS, type Dimension } from '../../src/core/filter.js';
import { describeFilter, parseFilter, periodFilter } from '../../src/filters/index.js';

const CONTEXT = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

function sql(dimension: Dimension, values: readonly string[], type: string, expression = '"c"'): string {
  return parseFilter(dimension, values, CONTEXT).toSql({ expression, type, quote });
}

function refusal(action: () => unknown): ReportError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ReportError, String(error));
    assert.ok(!/[\n\r]/.test(error.message) && error.hint, error.message);
    return error;
  }
  return assert.fail('nothing was refused');
}

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

  test('an expression is kept together, a name stays as it is', () => {
    assert.equal(sql('quantity', ['1'], 'int4', 'a + b'), "((a + b) = '1'::int4)");
    assert.equal(sql('price', ['1'], 'money', 'a + b'), "((a + b)::numeric = '1'::numeric)");
    assert.equal(sql('product', ['x'], 'text', 'v."no""me"'), `v."no""me" IN ('x'::text)`);
    assert.equal(sql('product', ['x'], 'text', '"a" || "b"'), `("a" || "b") IN ('x'::text)`);
  });

  test('a type that cannot hold the dimension is a broken contract, naming all three', () => {
    const cases: readonly (readonly [Dimension, string, string])[] = [
      ['date', '2026', 'text'],
      ['date', '2026', 'timetz'],
      ['quantity', '1', 'varchar'],
      ['price', '1..', 'bool'],
      ['price', '1..', 'constructor'],
      ['date', '2026', 'toString'],
    ];
    for (const [dimension, value, type] of cases) {
      const error = refusal(() => sql(dimension, [value], type));
      assert.equal(error.code, 'contract');
      assert.match(error.message, new RegExp(`by ${dimension}: "c" is of type ${type}`));
    }
  });
});

describe('dates', () => {
  test('literals have the type of the operand', () => {
    assert.equal(
      sql('date', ['2026-01'], 'date'),
      `("c" >= '2026-01-01'::date AND "c" < '2026-02-01'::date)`,
    );
    assert.equal(sql('date', ['2018-11-04..'], 'timestamp'), `("c" >= '2018-11-04 00:00:00'::timestamp)`);
    assert.equal(
      sql('date', ['2018-11-04..'], 'timestamptz'),
      `("c" >= '2018-11-04 01:00:00-02:00'::timestamptz)`,
    );
  });

  test('several values are OR', () => {
    assert.equal(
      sql('date', ['..2025', '2027..'], 'date'),
      `("c" < '2026-01-01'::date OR "c" >= '2027-01-01'::date)`,
    );
  });

  test('a period becomes a filter whose value reads like a typed one', () => {
    const filter = periodFilter(lastClosedPeriod('fortnight', '2026-03-10'), CONTEXT.timezone);
    assert.equal(filter.dimension, 'date');
    assert.deepEqual(filter.values, ['2026-02-16..2026-02-28']);
    const operand = { expression: 'd', type: 'date', quote };
    assert.equal(filter.toSql(operand), `(d >= '2026-02-16'::date AND d < '2026-03-01'::date)`);
    assert.equal(parseFilter('date', filter.values, CONTEXT).toSql(operand), filter.toSql(operand));
    const always = periodFilter({ from: undefined, to: undefined }, CONTEXT.timezone);
    assert.equal(always.toSql(operand), '(d IS NOT NULL)');
  });
});

describe('texts', () => {
  test('NUL and half characters are refused when they are typed', () => {
    for (const value of ['a\0b', '\ud83d', 'x\udc00y']) {
      const error = refusal(() => parseFilter('organization', ['fine', value], CONTEXT));
      assert.equal(error.code, 'usage');
      assert.ok(error.message.includes(JSON.stringify(value)));
    }
    assert.doesNotThrow(() => parseFilter('organization', ['', '😀', '\n'], CONTEXT));
  });

  test('a value that its type cannot hold is wrong usage, naming dimension, value and type', () => {
    const cases: Record<string, readonly string[]> = {
      uuid: ['', 'x', 'a0eebc999c0b4ef8bb6d6bb9bd380a1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 '],
      int2: ['32768', '-32769', '1.0', '', '1e3', ' 1', '0x10'],
      int4: ['2147483648', '-2147483649', '١'],
      int8: ['9223372036854775808', '-9223372036854775809', '--1'],
      numeric: ['NaN', '1,5', '', '.5'],
    };
    for (const [type, values] of Object.entries(cases)) {
      for (const value of values) {
        const error = refusal(() => sql('product-type', [value], type));
        assert.equal(error.code, 'usage');
        assert.ok(
          error.message.includes(`product-type ${JSON.stringify(value)}: "c" is of type ${type}`),
          error.message,
        );
      }
    }
  });

  test('the column is cast only where the type is none that we know', () => {
    assert.equal(sql('product', ['a', 'b'], 'citext'), `"c" IN ('a', 'b')`);
    assert.equal(sql('product', ['a'], 'status_enum'), `"c"::text IN ('a'::text)`);
    assert.equal(sql('product', ['7'], 'int8'), `"c" IN ('7'::int8)`);
  });
});

describe('numbers', () => {
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

  test('integers get the bound that is a whole number inside the range', () => {
    assert.equal(sql('quantity', ['..1.5'], 'int4'), `("c" <= '1'::int4)`);
    assert.equal(sql('quantity', ['-1.5..1.5'], 'int4'), `("c" >= '-1'::int4 AND "c" <= '1'::int4)`);
    assert.equal(sql('quantity', ['1.5'], 'int4'), '(FALSE)');
    assert.equal(sql('quantity', ['1.2..1.8'], 'int4'), '(FALSE)');
    assert.equal(sql('quantity', ['1.0'], 'int2'), `("c" = '1'::int2)`);
    assert.equal(sql('quantity', ['32768..'], 'int2'), '(FALSE)');
    assert.equal(sql('quantity', ['32767..'], 'int2'), `("c" = '32767'::int2)`);
    assert.equal(sql('quantity', ['-32768..99999'], 'int2'), '("c" IS NOT NULL)');
    assert.equal(
      sql('quantity', ['..9223372036854775806.9'], 'int8'),
      `("c" <= '9223372036854775806'::int8)`,
    );
  });

  test('a bound beyond a float is wrong usage, on either side of what it can hold', () => {
    const tiny = `0.${'0'.repeat(60)}1`;
    const huge = `1${'0'.repeat(39)}`;
    for (const value of [huge, `..${huge}`, `-${huge}..`, tiny]) {
      assert.equal(refusal(() => sql('price', [value], 'float4')).code, 'usage');
      assert.doesNotThrow(() => sql('price', [value], 'float8'));
    }
    assert.equal(refusal(() => sql('price', [`1${'0'.repeat(309)}`], 'float8')).code, 'usage');
    assert.doesNotThrow(() => sql('price', ['0.000', '-0'], 'float4'));
  });
});
