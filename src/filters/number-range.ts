// The filter on quantities and prices: one number, or a range that includes both ends.
import { ReportError } from '../core/errors.js';
import type { FilterTest, NumberRange } from '../core/filter.js';
import { compareDecimals } from '../rows/compare-decimals.js';

const MAX_DIGITS = 1000; // A numeric column can be declared with at most so many (PostgreSQL manual, 8.1.2).

/** @throws ReportError `usage` when a value is no number or range, or a range ends before it starts */
export function parseNumberTest(values: readonly string[], dimension: string): FilterTest {
  return { of: 'numbers', anyOf: values.map((value) => parseRange(dimension, value)) };
}

function parseRange(dimension: string, value: string): NumberRange {
  const [first = '', last = first, ...more] = value.split('..');
  const from = parseDecimal(first);
  const to = parseDecimal(last);
  const isMalformed = (text: string, parsed: string | undefined) => text !== '' && parsed === undefined;
  const isEmpty = from === undefined && to === undefined;
  if (more.length > 0 || isEmpty || isMalformed(first, from) || isMalformed(last, to)) {
    throw malformed(dimension, value);
  }
  if (from !== undefined && to !== undefined && compareDecimals(from, to) > 0) {
    throw new ReportError(
      'usage',
      `cannot filter by ${dimension} ${JSON.stringify(value)}: the range ends before it starts`,
      {
        hint: `write the smaller end first: ${last}..${first}`,
      },
    );
  }
  return { from, to };
}

/** The text without a plus sign, which not every engine reads; undefined when it is no decimal number. */
function parseDecimal(text: string): string | undefined {
  if (text.length > MAX_DIGITS || !/^[+-]?\d+(?:\.\d+)?$/.test(text)) return undefined;
  return text.replace('+', '');
}

function malformed(dimension: string, value: string): ReportError {
  const plain = value.split('..').map(withPoint).join('..');
  return new ReportError(
    'usage',
    `cannot filter by ${dimension} ${JSON.stringify(value)}: allowed are a number or a range A..B, A.., ..B of numbers, at most ${MAX_DIGITS} characters each`,
    {
      hint:
        plain === value
          ? 'for example 10, 10..100, ..9.99 or -5..-1'
          : `decimals are written with a point and no thousands separator: ${plain}`,
    },
  );
}

/** `1.234,56` as `1234.56`; any other text unchanged. */
function withPoint(text: string): string {
  return /^[+-]?[\d.]+,\d+$/.test(text) ? text.replaceAll('.', '').replace(',', '.') : text;
}
