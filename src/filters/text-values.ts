// The filter on names and codes: equal to one of the values, exactly as typed.
import { ReportError } from '../core/errors.js';
import type { Dimension, FilterTest } from '../core/filter.js';

/** @throws ReportError `usage` when a value holds a NUL or half of a surrogate pair, which no database text can hold */
export function parseTextTest(values: readonly string[], dimension: Dimension): FilterTest {
  const refused = values.find((value) => /[\0\p{Surrogate}]/u.test(value));
  if (refused !== undefined) {
    throw new ReportError(
      'usage',
      `cannot filter by ${dimension} ${JSON.stringify(refused)}: it is not a text that a database can hold`,
      {
        hint: 'remove the NUL or the broken character; the value is compared exactly as typed',
      },
    );
  }
  return { of: 'texts', anyOf: values };
}
