// The filters by dimension: a new one is one line here.

import { type DateSpan, formatDates } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import type { Dimension, Filter, FilterTest } from '../core/filter.js';
import { dateTest, parseDateTest } from './date.js';
import { parseNumberTest } from './number-range.js';
import { parseTextTest } from './text-values.js';

/** What the meaning of a value depends on besides its own text. */
export interface FilterContext {
  /** IANA name of the report's zone, already checked. */
  readonly timezone: string;
  /** The date in that zone, `YYYY-MM-DD`, fixed once at the start of the process. */
  readonly today: string;
}

/** One line of `--help`: `--date <when>  summary`. */
export interface FilterHelp {
  readonly metavariable: string;
  readonly summary: string;
}

interface FilterKind extends FilterHelp {
  /** @param dimension for messages */
  readonly parse: (values: readonly string[], dimension: Dimension, context: FilterContext) => FilterTest;
}

const FILTERS: Readonly<Record<Dimension, FilterKind>> = {
  date: {
    parse: (values, _, context) => parseDateTest(values, context),
    metavariable: '<when>',
    summary: 'days, e.g. 2026-01-31, 2026-01, 2026-01-H1, yesterday, 2026-01-01..2026-01-15, ..2026-01',
  },
  organization: {
    parse: parseTextTest,
    metavariable: '<name>',
    summary: 'exact name, ~part or !not, e.g. "ACME Ltda"',
  },
  product: {
    parse: parseTextTest,
    metavariable: '<name>',
    summary: 'exact name, ~part or !not, e.g. "Café"',
  },
  'product-type': {
    parse: parseTextTest,
    metavariable: '<name>',
    summary: 'exact name, ~part or !not, e.g. Bebidas',
  },
  quantity: {
    parse: parseNumberTest,
    metavariable: '<range>',
    summary: 'number or range, e.g. 10, 10..100, 10..',
  },
  price: {
    parse: parseNumberTest,
    metavariable: '<range>',
    summary: 'number or range, e.g. 9.99, ..9.99, 10..',
  },
};

/**
 * The filter that one dimension is any of the values.
 * @throws ReportError `usage` when a value is not what the dimension takes, or there is none
 */
export function parseFilter(dimension: Dimension, values: readonly string[], context: FilterContext): Filter {
  if (values.length === 0) {
    throw new ReportError('usage', `cannot filter by ${dimension}: there is no value`, {
      hint: `give one, or leave --${dimension} out to read all`,
    });
  }
  return { dimension, values, test: FILTERS[dimension].parse(values, dimension, context) };
}

/** The filter that selects the dates of a period or span. */
export function periodFilter(span: DateSpan, timezone: string): Filter {
  return { dimension: 'date', values: [formatDates(span)], test: dateTest([span], timezone) };
}

export function describeFilter(dimension: Dimension): FilterHelp {
  const { metavariable, summary } = FILTERS[dimension];
  return { metavariable, summary };
}
