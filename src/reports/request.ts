// Makes the request to a source from a report and what the command line selects.
import { didYouMean, ReportError } from '../core/errors.js';
import type { Filter } from '../core/filter.js';
import type { Request } from '../core/source.js';
import { type Column, type Kind, MASKS, type Mask } from '../core/table.js';
import { parseFilter } from '../filters/index.js';
import { literalText } from '../filters/text-values.js';
import type { Report } from './report.js';
import type { Condition } from './where.js';

/** What a command line selects. */
export interface Choice {
  readonly filters: readonly Filter[];
  /** As typed: name to value. */
  readonly params: Readonly<Record<string, string>>;
  /** Names, in the order wanted; all of the report's when undefined. */
  readonly columns?: readonly string[] | undefined;
  /** Terms as a definition's `order-by` has them; the report's own when undefined. */
  readonly orderBy?: readonly string[] | undefined;
  readonly where?: readonly Condition[] | undefined;
  /** Column to the word of a mask, as typed; a mask of the report stays. */
  readonly masks?: Readonly<Record<string, string>> | undefined;
  readonly limit?: number | undefined;
}

/**
 * The request for the chosen rows and columns.
 * @throws ReportError `usage` for a word that the report does not map, for an organization other than the schedule's, for a
 * column that the report does not export, and for a param that is undeclared, missing, or not of its kind
 */
export function requestOf(report: Report, choice: Choice): Request {
  const orderBy = choice.orderBy ?? report.orderBy;
  return {
    report: report.name,
    query: orderedQuery(report, orderBy),
    columns: maskedColumns(
      choice.columns === undefined ? report.columns : chosenColumns(report, choice.columns),
      choice.masks ?? {},
      report,
    ),
    filters: [
      ...withOrganization(report, choice.filters).map((filter) => ({
        filter,
        column: mappedColumn(report, filter),
      })),
      ...(choice.where ?? []),
    ],
    mapped: report.filters,
    params: parameters(report, choice.params),
    orderBy,
    ...(choice.limit === undefined ? {} : { limit: choice.limit }),
    timezone: report.timezone,
  };
}

/** A query over documents has the columns of its order, too. */
function orderedQuery({ query, columns }: Report, orderBy: readonly string[]): Report['query'] {
  if (typeof query === 'string') return query;
  const terms = orderBy.flatMap((term) => {
    const column = columns.find(({ name }) => name === term.replace(/^-/, ''));
    return column === undefined ? [] : [{ column, descending: term.startsWith('-') }];
  });
  return { ...query, orderBy: terms };
}

/** What a request was asked for besides the report, as typed: for manifests. */
export function askedOf({ filters }: Pick<Request, 'filters'>): {
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly where: readonly string[];
} {
  const [conditions, mapped] = [true, false].map((isOnResult) =>
    filters.filter(({ onResult }) => (onResult !== undefined) === isOnResult),
  );
  return {
    filters: Object.fromEntries((mapped ?? []).map(({ filter }) => [filter.dimension, filter.values])),
    where: (conditions ?? []).flatMap(({ filter }) => filter.values),
  };
}

/**
 * The filter that a dimension or a word of the report's own is any of the values.
 * @param today `YYYY-MM-DD` in the report's zone, for words such as `yesterday`
 * @throws ReportError `usage` for a value that the filter does not take; requestOf() refuses words that the report does not map
 */
export function filterOf(report: Report, word: string, values: readonly string[], today: string): Filter {
  const kind = Object.hasOwn(report.filterKinds, word) ? report.filterKinds[word] : undefined;
  return parseFilter(word, values, { timezone: report.timezone, today }, kind);
}

/** Name to value of the params, for the definition's hash and the manifest. */
export function paramValues({ params }: Pick<Request, 'params'>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
}

/** The filters, with one for the organization when the report is that of a schedule. */
function withOrganization(
  { name, organization, timezone }: Report,
  filters: readonly Filter[],
): readonly Filter[] {
  if (organization === undefined) return filters;
  const given = filters.find(({ dimension }) => dimension === 'organization');
  const only = literalText(organization);
  // `today` matters only for dates.
  if (given === undefined) return [...filters, parseFilter('organization', [only], { timezone, today: '' })];
  if (given.values.every((value) => value === only)) return filters;
  throw new ReportError('usage', `--organization: report "${name}" contains only one organization`, {
    hint: `Use the report "${name.replace(/@.*$/s, '')}".`,
  });
}

function mappedColumn(report: Report, { dimension }: Filter): string {
  const column = Object.hasOwn(report.filters, dimension) ? report.filters[dimension] : undefined;
  if (column !== undefined) return column;
  const mapped = Object.keys(report.filters);
  throw new ReportError('usage', `--${dimension}: report "${report.name}" has no ${dimension} filter`, {
    hint: mapped.length === 0 ? 'It has no filters.' : `It has: ${mapped.join(', ')}.`,
  });
}

function chosenColumns(report: Report, names: readonly string[]): Column[] {
  const known = report.columns.map((column) => column.name);
  return names.map((name, index) => {
    const column = report.columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new ReportError('usage', `--columns: report "${report.name}" has no column "${name}"`, {
        hint: `${didYouMean(name, known)}.`,
      });
    }
    if (names.indexOf(name) !== index) throw new ReportError('usage', `--columns: "${name}" was given twice`);
    return column;
  });
}

/** @throws ReportError `usage` for a column that is not exported or no text, a mask that does not exist or another than the report's */
function maskedColumns(
  columns: readonly Column[],
  masks: Readonly<Record<string, string>>,
  { name: report }: Report,
): readonly Column[] {
  for (const [name, word] of Object.entries(masks)) {
    const column = columns.find((candidate) => candidate.name === name);
    const asked = `--mask ${name}=${word}`;
    if (column === undefined) {
      const known = columns.map((each) => each.name);
      throw new ReportError('usage', `${asked}: "${report}" exports no column "${name}"`, {
        hint: `${didYouMean(name, known)}.`,
      });
    }
    if (!isMask(word))
      throw new ReportError('usage', `${asked}: no mask "${word}"`, { hint: `${didYouMean(word, MASKS)}.` });
    if (column.kind !== 'text')
      throw new ReportError('usage', `${asked}: the column is ${column.kind}; only a text is masked`, {
        hint: 'Leave it out with --columns.',
      });
    if (column.mask !== undefined && column.mask !== word)
      throw new ReportError('usage', `${asked}: the report masks the column by "${column.mask}"`);
  }
  return columns.map((column) => {
    const word = Object.hasOwn(masks, column.name) ? masks[column.name] : undefined;
    return isMask(word) ? { ...column, mask: word } : column;
  });
}

function isMask(word: string | undefined): word is Mask {
  return MASKS.some((mask) => mask === word);
}

/** The syntax of params by kind; the server checks their values. A text can be anything. */
const SHAPES: Readonly<Partial<Record<Kind, RegExp>>> = {
  integer: /^-?\d{1,19}$/,
  decimal: /^-?(\d+(\.\d*)?|\.\d+)$/,
  boolean: /^(true|false)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  timestamp: /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?|Z)?)?$/,
};

function parameters(report: Report, given: Readonly<Record<string, string>>): Request['params'] {
  const declared = Object.keys(report.params);
  for (const name of Object.keys(given)) {
    if (!declared.includes(name)) {
      throw new ReportError('usage', `--param ${name}: report "${report.name}" has no such param`, {
        hint: `${didYouMean(name, declared)}.`,
      });
    }
  }
  return Object.fromEntries(
    Object.entries(report.params).map(([name, { kind, default: fallback }]) => {
      const value = given[name] ?? fallback;
      if (value === undefined) {
        throw new ReportError('usage', `report "${report.name}" needs the param "${name}" (${kind})`, {
          hint: `Add --param ${name}=….`,
        });
      }
      if (SHAPES[kind]?.test(value) === false || value.includes('\0')) {
        throw new ReportError('usage', `--param ${name}: ${JSON.stringify(value)} is no ${kind}`);
      }
      return [name, { kind, value }];
    }),
  );
}
