// The filters by dimension, and those of a report's own words by the kind of their column: a new one is one line here.

import { type DateSpan, formatDates } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import {
  type Dimension,
  type Filter,
  type FilterKind,
  type FilterTest,
  isDimension,
} from '../core/filter.js';
import { parseBooleanTest } from './boolean.js';
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

interface Parser extends FilterHelp {
  /** @param dimension for messages */
  readonly parse: (values: readonly string[], dimension: string, context: FilterContext) => FilterTest;
}

const NUMBERS: Parser = {
  parse: parseNumberTest,
  metavariable: '<range>',
  summary: 'number or range, e.g. 10, 10..100, 10..',
};

const DATES: Parser = {
  parse: (values, _, context) => parseDateTest(values, context),
  metavariable: '<when>',
  summary: 'days, e.g. 2026-01-31, 2026-01, 2026-01-H1, yesterday, 2026-01-01..2026-01-15, ..2026-01',
};

const FILTERS: Readonly<Record<Dimension, Parser>> = {
  date: DATES,
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
  quantity: NUMBERS,
  price: { ...NUMBERS, summary: 'number or range, e.g. 9.99, ..9.99, 10..' },
};

const BY_KIND: Readonly<Record<FilterKind, Parser>> = {
  text: { parse: parseTextTest, metavariable: '<text>', summary: 'exact text, ~part or !not' },
  integer: NUMBERS,
  decimal: NUMBERS,
  boolean: { parse: parseBooleanTest, metavariable: '<boolean>', summary: 'true or false' },
  date: DATES,
  timestamp: DATES,
};

/** @param kind of a word that is no dimension */
function parserOf(dimension: string, kind: FilterKind): Parser {
  return isDimension(dimension) ? FILTERS[dimension] : BY_KIND[kind];
}

/**
 * The filter that one dimension, or a word of the report's own, is any of the values.
 * @param kind the kind of the column of a word of the report's own; a dimension has its test whatever the kind
 * @throws ReportError `usage` when a value is not what the filter takes, or there is none
 */
export function parseFilter(
  dimension: string,
  values: readonly string[],
  context: FilterContext,
  kind: FilterKind = 'text',
): Filter {
  if (values.length === 0) {
    throw new ReportError('usage', `cannot filter by ${dimension}: there is no value`, {
      hint: `give one, or leave --${dimension} out to read all`,
    });
  }
  return { dimension, values, test: parserOf(dimension, kind).parse(values, dimension, context) };
}

/** The filter that selects the dates of a period or span. */
export function periodFilter(span: DateSpan, timezone: string): Filter {
  return { dimension: 'date', values: [formatDates(span)], test: dateTest([span], timezone) };
}

export function describeFilter(dimension: string, kind: FilterKind = 'text'): FilterHelp {
  const { metavariable, summary } = parserOf(dimension, kind);
  return { metavariable, summary };
}
