// The filter on what is true or false.
import { didYouMean, ReportError } from '../core/errors.js';
import type { FilterTest } from '../core/filter.js';

/** @throws ReportError `usage` for any other word than `true` and `false` */
export function parseBooleanTest(values: readonly string[], dimension: string): FilterTest {
  return { of: 'booleans', anyOf: values.map((value) => parseBoolean(value, dimension)) };
}

function parseBoolean(value: string, dimension: string): 'true' | 'false' {
  if (value === 'true' || value === 'false') return value;
  throw new ReportError(
    'usage',
    `cannot filter by ${dimension} ${JSON.stringify(value)}: it is true or false`,
    {
      hint: `${didYouMean(value, ['true', 'false'])}.`,
    },
  );
}
