// A filter's condition as PostgreSQL's SQL, without a server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Dimension } from '../../src/core/filter.js';
import { parseFilter, periodFilter } from '../../src/filters/index.js';
import { postgresDialect } from '../../src/sources/postgres/dialect.js';
import { fromReport } from '../../src/sources/sql/statement.js';
import { requestOf } from '../support/postgres.js';
import { refusal } from '../support/refusal.js';

const CONTEXT = { timezone: 'America/Sao_Paulo', today: '2026-03-10' };
const DIALECT = postgresDialect({
  escapeLiteral: (text) => `'${text.replaceAll("'", "''")}'`,
  escapeIdentifier: (name) => `"${name.replaceAll('"', '""')}"`,
});

function sql(dimension: Dimension, values: readonly string[], type: string): string {
  return DIALECT.condition(parseFilter(dimension, values, CONTEXT), { expression: '"c"', type });
}

/** The condition on an expression of the report, in place of the marker of its query. */
function inside(dimension: Dimension, value: string, type: string, expression: string): string {
  const filters = [{ filter: parseFilter(dimension, [value], CONTEXT), column: expression }];
  const request = requestOf('WHERE true/*{filters}*/', {}, { filters });
  const from = fromReport({
    request: { ...request, query: String(request.query) },
    types: { columns: {}, dimensions: { [dimension]: [type] } },
    dialect: DIALECT,
  });
  return /^FROM \(\nWHERE true AND (.*)\n\) AS report$/s.exec(from)?.[1] ?? from;
}

test('an expression is kept together, a name stays as it is', () => {
  assert.equal(inside('quantity', '1', 'int4', 'a + b'), "((a + b) = '1'::int4)");
  assert.equal(inside('price', '1', 'money', 'a + b'), "((a + b)::numeric = '1'::numeric)");
  assert.equal(inside('product', 'x', 'text', 'v."no""me"'), `v."no""me" IN ('x'::text)`);
  assert.equal(inside('product', 'x', 'text', '"a" || "b"'), `("a" || "b") IN ('x'::text)`);
});

test('a type that cannot hold the dimension is a broken contract; the message names dimension, column and type', () => {
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

  test('a span that is open at both ends holds for every date', () => {
    const always = periodFilter({ from: undefined, to: undefined }, CONTEXT.timezone);
    assert.equal(DIALECT.condition(always, { expression: 'd', type: 'date' }), '(d IS NOT NULL)');
  });
});

describe('texts', () => {
  test('a value that its type cannot hold is wrong usage; the message names dimension, value and type', () => {
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

  test('the column is cast only when its type is not in our table', () => {
    assert.equal(sql('product', ['a', 'b'], 'citext'), `"c" IN ('a', 'b')`);
    assert.equal(sql('product', ['a'], 'status_enum'), `"c"::text IN ('a'::text)`);
    assert.equal(sql('product', ['7'], 'int8'), `"c" IN ('7'::int8)`);
  });
});

describe('numbers', () => {
  test('integers get the bound that is a whole number inside the range', () => {
    assert.equal(sql('quantity', ['..1.5'], 'int4'), `("c" <= '1'::int4)`);
    assert.equal(sql('quantity', ['-1.5..1.5'], 'int4'), `("c" >= '-1'::int4 AND "c" <= '1'::int4)`);
    assert.equal(sql('quantity', ['1.5'], 'int4'), '(FALSE)');
    assert.equal(sql('quantity', ['1.2..1.8'], 'int4'), '(FALSE)');
    assert.equal(sql('quantity', ['1.0'], 'int2'), `("c" = '1'::int2)`);
    assert.equal(sql('quantity', ['-0.5..0'], 'int2'), `("c" = '0'::int2)`);
    assert.equal(sql('quantity', ['32768..'], 'int2'), '(FALSE)');
    assert.equal(sql('quantity', ['32767..'], 'int2'), `("c" = '32767'::int2)`);
    assert.equal(sql('quantity', ['-32768..99999'], 'int2'), '("c" IS NOT NULL)');
    assert.equal(
      sql('quantity', ['..9223372036854775806.9'], 'int8'),
      `("c" <= '9223372036854775806'::int8)`,
    );
  });

  test('a bound that a float rounds to infinity or to zero is wrong usage', () => {
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
