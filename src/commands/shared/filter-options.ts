// The flags that select rows and columns, the same in every command.
import { type Command, InvalidArgumentError } from 'commander';
import { todayIn } from '../../core/calendar.js';
import { DIMENSIONS, type Dimension, type Filter } from '../../core/filter.js';
import type { Request } from '../../core/source.js';
import { describeFilter, parseFilter } from '../../filters/index.js';
import type { Report } from '../../reports/report.js';
import type { Choice } from '../../reports/request.js';

export interface RowOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly columns?: readonly string[];
  readonly limit?: number;
  readonly [dimension: string]: unknown;
}

/** Adds the flags of addFilterOptions(), --columns and --limit. */
export function addRowOptions(command: Command): Command {
  return addFilterOptions(command)
    .option('--columns <names>', 'only these columns, in this order: a,b', parseNames)
    .option('--limit <rows>', 'at most this many rows', parseRowLimit);
}

/** Adds a repeatable flag for each dimension (values of one dimension are OR, dimensions are AND) and --param. */
export function addFilterOptions(command: Command): Command {
  for (const dimension of DIMENSIONS) {
    const { metavariable, summary } = describeFilter(dimension);
    command.option(`--${dimension} ${metavariable}`, summary, appendValue);
  }
  return command.option('--param <name=value>', 'a param of the report', addNameValue);
}

/** The request with its filters in the order of DIMENSIONS. */
export function withSortedFilters(request: Request): Request {
  const position = ({ filter }: Request['filters'][number]) => DIMENSIONS.indexOf(filter.dimension);
  return { ...request, filters: request.filters.toSorted((a, b) => position(a) - position(b)) };
}

/** `--organization "ACME" or "Padaria"` */
export function formatFilter({ dimension, values }: Pick<Filter, 'dimension' | 'values'>): string {
  return `--${dimension} ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
}

/**
 * What the flags select.
 * @param now epoch milliseconds, for dates such as `yesterday`
 * @throws ReportError `usage` for a malformed value
 */
export function parseChoice(options: RowOptions, report: Report, now: number): Choice {
  const context = { timezone: report.timezone, today: todayIn(report.timezone, now) };
  const filters = DIMENSIONS.flatMap((dimension) => {
    const values = options[camelCase(dimension)] as readonly string[] | undefined;
    return values === undefined ? [] : [parseFilter(dimension, values, context)];
  });
  return { filters, params: options.param ?? {}, columns: options.columns, limit: options.limit };
}

function camelCase(dimension: Dimension): string {
  return dimension.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function appendValue(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/**
 * Commander's parser of a repeatable option `name=value`.
 * @param earlier the pairs of the options before this one
 * @throws InvalidArgumentError for a value without `=` or a repeated name
 */
export function addNameValue(
  value: string,
  earlier: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give name=value.');
  const name = value.slice(0, at);
  if (Object.hasOwn(earlier, name)) throw new InvalidArgumentError(`"${name}" was already given.`);
  return { ...earlier, [name]: value.slice(at + 1) };
}

/** Commander's parser of names separated by commas. @throws InvalidArgumentError for an empty name */
export function parseNames(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Give names separated by commas.');
  return names;
}

function parseRowLimit(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('Give a whole number.');
  return Number(value);
}
