// The test on names and codes: equal to one of the values, exactly as typed.

import { ReportError } from '../core/errors.js';
import type { Dimension, Filter, SqlOperand } from '../core/filter.js';

/** How a type takes part: the cast of the literal, and what a value must look like for the cast to succeed. */
interface LiteralType {
  readonly cast: string;
  readonly accepts?: (value: string) => boolean;
  readonly example?: string;
}

const TEXT: LiteralType = { cast: '::text' };

/**
 * The types whose literal is cast, so that an index on the column serves; every other type (an enum, a boolean) is
 * compared by its own text, and so is `name`, which would cut a literal of its type at 63 bytes and find another row.
 */
const LITERAL_TYPES: Readonly<Record<string, LiteralType>> = {
  text: TEXT,
  varchar: TEXT,
  // Blanks at the end of char(n) are padding and not compared, as everywhere in PostgreSQL.
  bpchar: { cast: '::bpchar' },
  // Uncast, the literal takes the column's type wherever the extension is installed.
  citext: { cast: '' },
  uuid: {
    cast: '::uuid',
    accepts: (value) => /^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i.test(value),
    example: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  },
  int2: integer('int2', 15n),
  int4: integer('int4', 31n),
  int8: integer('int8', 63n),
  numeric: {
    cast: '::numeric',
    accepts: (value) => /^[+-]?\d{1,500}(?:\.\d{1,500})?$/.test(value),
    example: '42',
  },
};

function integer(type: string, bits: bigint): LiteralType {
  const limit = 1n << bits;
  return {
    cast: `::${type}`,
    accepts: (value) =>
      /^[+-]?\d{1,500}$/.test(value) && within(BigInt(value.replace('+', '')), -limit, limit - 1n),
    example: '42',
  };
}

function within(value: bigint, least: bigint, greatest: bigint): boolean {
  return least <= value && value <= greatest;
}

/** @throws ReportError `usage` when a value holds what no PostgreSQL text can: NUL or half a character */
export function parseTextFilter(dimension: Dimension, values: readonly string[]): Filter {
  for (const value of values) {
    if (!/[\0\p{Surrogate}]/u.test(value)) continue;
    throw new ReportError(
      'usage',
      `cannot filter by ${dimension} ${JSON.stringify(value)}: it is not a text that a database can hold`,
      {
        hint: 'remove the NUL or the broken character; the value is compared exactly as typed',
      },
    );
  }
  return {
    dimension,
    values,
    test: { of: 'texts', anyOf: values },
    toSql(operand) {
      const literalType = Object.hasOwn(LITERAL_TYPES, operand.type)
        ? LITERAL_TYPES[operand.type]
        : undefined;
      const { cast, accepts = () => true, example } = literalType ?? TEXT;
      const refused = values.find((value) => !accepts(value));
      if (refused !== undefined) throw notOfType(dimension, refused, operand, example);
      const literals = values.map((value) => operand.quote(value) + cast);
      return `${operand.expression}${literalType ? '' : '::text'} IN (${literals.join(', ')})`;
    },
  };
}

function notOfType(
  dimension: Dimension,
  value: string,
  { expression, type }: SqlOperand,
  example: string | undefined,
): ReportError {
  return new ReportError(
    'usage',
    `cannot filter by ${dimension} ${JSON.stringify(value)}: ${expression} is of type ${type}`,
    {
      hint: `give a value of that type, for example ${example}`,
    },
  );
}
