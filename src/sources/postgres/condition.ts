// A filter as a PostgreSQL condition: literals are cast to the type of the column, so that an index on it serves.
import { ReportError } from '../../core/errors.js';
import {
  type DayRange,
  type Filter,
  type FilterTest,
  type NumberRange,
  type StartOfDay,
  textsOf,
} from '../../core/filter.js';
import { foldedPattern } from '../../core/folded-text.js';
import { anyOf, type IntegerLimits, integerCondition, within } from '../sql/conditions.js';
import type { Operand } from '../sql/dialect.js';

/** `type` is the internal name: int2 int4 int8 numeric float4 float8 money text varchar bpchar uuid date timestamp timestamptz … */
interface QuotableOperand extends Operand {
  /** Quotes a text as a string literal, without a cast. */
  readonly quote: (text: string) => string;
}

/** @throws ReportError `contract` when the operand's type cannot hold the dimension, `usage` when it cannot hold a value */
export function condition({ dimension, test }: Filter, operand: QuotableOperand): string {
  switch (test.of) {
    case 'texts':
      return textCondition(dimension, test, operand);
    case 'numbers':
      return numbersCondition(dimension, test, operand);
    case 'dates':
      return anyOf(test.anyOf.map((range) => dateCondition(dimension, range, operand)));
    case 'booleans':
      return booleanCondition(dimension, test.anyOf, operand);
  }
}

function booleanCondition(
  dimension: string,
  values: readonly string[],
  { expression, type }: QuotableOperand,
): string {
  if (type === 'bool') return `${expression} IN (${values.join(', ')})`;
  throw new ReportError(
    'contract',
    `cannot filter by ${dimension}: ${expression} is of type ${type}, not a boolean`,
    {
      hint: `map ${dimension} to a boolean column, or cast it in the query`,
    },
  );
}

/** How the beginning of a day is written as a literal of each type that can hold a date. */
const DAY_LITERALS: ReadonlyMap<string, (start: StartOfDay) => string> = new Map([
  ['date', ({ date }: StartOfDay) => date],
  // Without a zone the value is what a clock on the wall showed in the report's zone.
  ['timestamp', ({ date }: StartOfDay) => `${date} 00:00:00`],
  ['timestamptz', ({ instant }: StartOfDay) => instant],
]);

function dateCondition(
  dimension: string,
  { from, to }: DayRange,
  { expression, type, quote }: QuotableOperand,
): string {
  const spell = DAY_LITERALS.get(type);
  if (spell === undefined) {
    throw new ReportError(
      'contract',
      `cannot filter by ${dimension}: ${expression} is of type ${type}, not a date`,
      {
        hint: `map ${dimension} to a column of type date, timestamp or timestamptz, or cast it in the query`,
      },
    );
  }
  const literal = (start: StartOfDay | undefined) => start && `${quote(spell(start))}::${type}`;
  return within(expression, { atLeast: literal(from), below: literal(to) });
}

const INTEGERS: ReadonlyMap<string, IntegerLimits> = new Map([
  ['int2', signed(16n)],
  ['int4', signed(32n)],
  ['int8', signed(64n)],
]);

function signed(bits: bigint): IntegerLimits {
  const limit = 1n << (bits - 1n);
  return { least: -limit, greatest: limit - 1n };
}

function numbersCondition(
  dimension: string,
  { anyOf: ranges, noneOf = [] }: Extract<FilterTest, { of: 'numbers' }>,
  operand: QuotableOperand,
): string {
  const within = (all: readonly NumberRange[]) =>
    anyOf(all.map((range) => numberCondition(dimension, range, operand)));
  return noneOf.length === 0 ? within(ranges) : `(${within(ranges)} AND NOT ${within(noneOf)})`;
}

function numberCondition(dimension: string, range: NumberRange, operand: QuotableOperand): string {
  const { expression, type, quote } = operand;
  const literal = (text: string) => `${quote(text)}::${type}`;
  const limits = INTEGERS.get(type);
  if (limits) {
    return integerCondition(range, limits, { expression, literal: (value) => literal(String(value)) });
  }
  switch (type) {
    case 'float4':
    case 'float8':
      for (const end of [range.from, range.to]) if (end !== undefined) assertFloat(dimension, end, operand);
      return rangeCondition(range, expression, literal);
    case 'numeric':
      return rangeCondition(range, expression, literal);
    case 'money':
      return rangeCondition(range, `${expression}::numeric`, (text) => `${quote(text)}::numeric`);
    default:
      throw new ReportError(
        'contract',
        `cannot filter by ${dimension}: ${expression} is of type ${type}, not a number`,
        {
          hint: `map ${dimension} to a column of a numeric type, or cast it in the query`,
        },
      );
  }
}

function rangeCondition(
  { from, to }: NumberRange,
  expression: string,
  literal: (text: string) => string,
): string {
  if (from !== undefined && from === to) return `${expression} = ${literal(from)}`;
  const atLeast = from === undefined ? undefined : literal(from);
  // PostgreSQL sorts NaN above every number, infinity included.
  return within(
    expression,
    to === undefined ? { atLeast, below: literal('NaN') } : { atLeast, atMost: literal(to) },
  );
}

/** PostgreSQL refuses a literal that a float rounds to infinity or to zero. A JavaScript number only decides that here. */
function assertFloat(dimension: string, text: string, { expression, type }: Operand): void {
  const rounded = type === 'float4' ? Math.fround(Number(text)) : Number(text);
  const isZero = !/[1-9]/.test(text);
  if (Number.isFinite(rounded) && (rounded !== 0 || isZero)) return;
  throw new ReportError(
    'usage',
    `cannot filter by ${dimension} ${text}: ${expression} is of type ${type}, which cannot hold it`,
    {
      hint: 'give a number within the range of the type, or leave that end open: 10.. or ..10',
    },
  );
}

/** The cast of a literal, and which values the cast accepts. */
interface LiteralType {
  readonly cast: string;
  readonly accepts?: (value: string) => boolean;
  readonly example?: string;
}

const TEXT: LiteralType = { cast: '::text' };

/**
 * The types whose literal is cast. Every other type (an enum, a boolean) is compared by its own text, and so is `name`:
 * its cast would cut a literal at 63 bytes and find another row.
 */
const LITERAL_TYPES: ReadonlyMap<string, LiteralType> = new Map<string, LiteralType>([
  ['text', TEXT],
  ['varchar', TEXT],
  // Blanks at the end of char(n) are padding and not compared, as everywhere in PostgreSQL.
  ['bpchar', { cast: '::bpchar' }],
  // Uncast, the literal takes the column's type in whichever schema the extension is installed.
  ['citext', { cast: '' }],
  [
    'uuid',
    {
      cast: '::uuid',
      accepts: (value) => /^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i.test(value),
      example: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    },
  ],
  ...[...INTEGERS].map(([type, limits]): [string, LiteralType] => [type, integerLiteral(type, limits)]),
  [
    'numeric',
    {
      cast: '::numeric',
      accepts: (value) => /^[+-]?\d{1,500}(?:\.\d{1,500})?$/.test(value),
      example: '42',
    },
  ],
]);

function integerLiteral(type: string, { least, greatest }: IntegerLimits): LiteralType {
  return {
    cast: `::${type}`,
    accepts: (value) => {
      if (!/^[+-]?\d{1,500}$/.test(value)) return false;
      const number = BigInt(value.replace('+', ''));
      return least <= number && number <= greatest;
    },
    example: '42',
  };
}

type TextTest = Extract<FilterTest, { of: 'texts' }>;

/** Where an operator is used twice, every part of the condition is null for null, and so not true. */
function textCondition(dimension: string, test: TextTest, operand: QuotableOperand): string {
  const wanted = textConditions(dimension, textsOf(test.anyOf), operand, { in: 'IN', matches: '~' });
  const unwanted = textConditions(dimension, textsOf(test.noneOf), operand, { in: 'NOT IN', matches: '!~' });
  const all = [...(wanted.length > 1 ? [anyOf(wanted)] : wanted), ...unwanted];
  return all.length === 1 ? `${all[0]}` : `(${all.join(' AND ')})`;
}

function textConditions(
  dimension: string,
  { exact, containing }: ReturnType<typeof textsOf>,
  operand: QuotableOperand,
  operators: { readonly in: string; readonly matches: string },
): string[] {
  const { expression, type, quote } = operand;
  const literalType = LITERAL_TYPES.get(type);
  const { cast, accepts = () => true, example } = literalType ?? TEXT;
  const refuse = (value: string, hint: string) =>
    new ReportError(
      'usage',
      `cannot filter by ${dimension} ${JSON.stringify(value)}: ${expression} is of type ${type}`,
      { hint },
    );
  const refused = exact.find((value) => !accepts(value));
  if (refused !== undefined) throw refuse(refused, `give a value of that type, for example ${example}`);
  if (containing[0] !== undefined && literalType?.accepts !== undefined)
    throw refuse(`~${containing[0]}`, 'only texts are looked into: give the whole value, without ~');
  const literals = exact.map((value) => quote(value) + cast);
  return [
    ...(literals.length === 0
      ? []
      : [`${expression}${literalType ? '' : '::text'} ${operators.in} (${literals.join(', ')})`]),
    ...containing.map((folded) => `${expression}::text ${operators.matches} ${quote(pattern(folded))}`),
  ];
}

/** PostgreSQL manual, 9.7.3.3 "Regular Expression Escapes". In a database without these characters such escapes match nothing. */
function pattern(folded: string): string {
  return foldedPattern(folded, (codePoint) => {
    const digits = codePoint.toString(16);
    return codePoint > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
  });
}
