// The test on quantities and prices: one number or a range with both ends, compared exactly.

import { ReportError } from '../core/errors.js';
import type { Dimension, Filter, SqlOperand } from '../core/filter.js';

/** An exact number, `units / 10 ** scale`; `text` is what was typed. */
interface Decimal {
  readonly text: string;
  readonly units: bigint;
  readonly scale: number;
}

/** Both ends included; undefined leaves that end open. */
interface DecimalRange {
  readonly from: Decimal | undefined;
  readonly to: Decimal | undefined;
}

const MOST_DIGITS = 1000; // The most that a declared numeric has.

const INTEGER_BITS: Readonly<Record<string, bigint>> = { int2: 15n, int4: 31n, int8: 63n };

/** @throws ReportError `usage` when a value is no number or range, or its ends are the wrong way round */
export function parseNumberFilter(dimension: Dimension, values: readonly string[]): Filter {
  const ranges = values.map((value) => parseRange(dimension, value));
  return {
    dimension,
    values,
    test: { of: 'numbers', anyOf: ranges.map(({ from, to }) => ({ from: plain(from), to: plain(to) })) },
    toSql(operand) {
      // AND binds more than OR, so one pair of parentheses is enough.
      return `(${ranges.map((range) => condition(dimension, range, operand)).join(' OR ')})`;
    },
  };
}

/** Without the plus sign that PostgreSQL reads and others do not. */
function plain(end: Decimal | undefined): string | undefined {
  return end?.text.replace('+', '');
}

function parseRange(dimension: Dimension, value: string): DecimalRange {
  const [first = '', last, ...more] = value.split('..');
  const from = first === '' ? undefined : parseDecimal(first);
  const to = last === undefined ? from : last === '' ? undefined : parseDecimal(last);
  if (more.length > 0 || (!from && !to) || (first !== '' && !from) || (last && !to)) {
    throw malformed(dimension, value);
  }
  if (from && to && compare(from, to) > 0) {
    throw new ReportError(
      'usage',
      `cannot filter by ${dimension} ${JSON.stringify(value)}: the range ends before it starts`,
      {
        hint: `write the smaller end first: ${to.text}..${from.text}`,
      },
    );
  }
  return { from, to };
}

function parseDecimal(text: string): Decimal | undefined {
  if (text.length > MOST_DIGITS || !/^[+-]?\d+(?:\.\d+)?$/.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.replace('+', '').split('.');
  return { text, units: BigInt(whole + fraction), scale: fraction.length };
}

function compare(a: Decimal, b: Decimal): number {
  const left = a.units * 10n ** BigInt(b.scale);
  const right = b.units * 10n ** BigInt(a.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

function condition(dimension: Dimension, range: DecimalRange, operand: SqlOperand): string {
  const { expression, type, quote } = operand;
  if (Object.hasOwn(INTEGER_BITS, type)) return integerCondition(range, operand, INTEGER_BITS[type] ?? 0n);
  switch (type) {
    case 'float4':
    case 'float8':
      for (const end of [range.from, range.to]) if (end) assertFloat(dimension, end, operand);
      break;
    case 'money':
      return between(range, `${expression}::numeric`, (text) => `${quote(text)}::numeric`);
    case 'numeric':
      break;
    default:
      throw new ReportError(
        'contract',
        `cannot filter by ${dimension}: ${expression} is of type ${type}, not a number`,
        {
          hint: `map ${dimension} to a column of a numeric type, or cast it in the query`,
        },
      );
  }
  return between(range, expression, (text) => `${quote(text)}::${type}`);
}

function between({ from, to }: DecimalRange, expression: string, literal: (text: string) => string): string {
  if (from && from === to) return `${expression} = ${literal(from.text)}`;
  const ends: string[] = [];
  if (from) ends.push(`${expression} >= ${literal(from.text)}`);
  // PostgreSQL sorts NaN above every number, infinity included.
  ends.push(to ? `${expression} <= ${literal(to.text)}` : `${expression} < ${literal('NaN')}`);
  return ends.join(' AND ');
}

/** The ends move to the next whole number inside the range, so that the literals have the column's type. */
function integerCondition(
  { from, to }: DecimalRange,
  { expression, type, quote }: SqlOperand,
  bits: bigint,
): string {
  const least = -(1n << bits);
  const greatest = -least - 1n;
  const first = from ? -floor({ ...from, units: -from.units }) : least;
  const last = to ? floor(to) : greatest;
  if (first > last || first > greatest || last < least) return 'FALSE';
  if (first === last) return `${expression} = ${quote(`${first}`)}::${type}`;
  const ends: string[] = [];
  if (first > least) ends.push(`${expression} >= ${quote(`${first}`)}::${type}`);
  if (last < greatest) ends.push(`${expression} <= ${quote(`${last}`)}::${type}`);
  return ends.length > 0 ? ends.join(' AND ') : `${expression} IS NOT NULL`;
}

function floor({ units, scale }: Decimal): bigint {
  const unit = 10n ** BigInt(scale);
  const towardsZero = units / unit;
  return units < 0n && towardsZero * unit !== units ? towardsZero - 1n : towardsZero;
}

/** PostgreSQL refuses a literal that a float rounds to infinity or to zero. Numbers only decide that here. */
function assertFloat(dimension: Dimension, { text, units }: Decimal, { expression, type }: SqlOperand): void {
  const rounded = type === 'float4' ? Math.fround(Number(text)) : Number(text);
  if (Number.isFinite(rounded) && (rounded !== 0 || units === 0n)) return;
  throw new ReportError(
    'usage',
    `cannot filter by ${dimension} ${text}: ${expression} is of type ${type}, which cannot hold it`,
    {
      hint: 'give a number within the range of the type, or leave that end open: 10.. or ..10',
    },
  );
}

function malformed(dimension: Dimension, value: string): ReportError {
  const plain = value.split('..').map(withPoint).join('..');
  return new ReportError(
    'usage',
    `cannot filter by ${dimension} ${JSON.stringify(value)}: allowed are a number or a range A..B, A.., ..B of numbers, at most ${MOST_DIGITS} characters each`,
    {
      hint:
        plain === value
          ? 'for example 10, 10..100, ..9.99 or -5..-1'
          : `decimals are written with a point and no thousands separator: ${plain}`,
    },
  );
}

/** 1.234,56 as it should have been typed; any other text unchanged. */
function withPoint(text: string): string {
  return /^[+-]?[\d.]+,\d+$/.test(text) ? text.replaceAll('.', '').replace(',', '.') : text;
}
