// The flags that select rows and columns, the same in every command.
import { type Command, InvalidArgumentError } from 'commander';
import { todayIn } from '../../core/calendar.js';
import { DIMENSIONS, type Filter } from '../../core/filter.js';
import type { Request, RequestFilter } from '../../core/source.js';
import { describeFilter } from '../../filters/index.js';
import { camelCase } from '../../reports/definition/filters.js';
import type { Report } from '../../reports/report.js';
import { type Choice, filterOf } from '../../reports/request.js';
import { orderTermsOf, parseCondition } from '../../reports/where.js';

export interface RowOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly columns?: readonly string[];
  readonly orderBy?: readonly string[];
  readonly where?: readonly string[];
  readonly limit?: number;
  readonly [dimension: string]: unknown;
}

/** Adds the flags of addFilterOptions(), --columns, --order-by and --limit. */
export function addRowOptions(command: Command): Command {
  return addFilterOptions(command)
    .option('--columns <names>', 'only these columns, in this order: a,b', parseNames)
    .option('--order-by <names>', 'sort by these columns, then as the report does: a:desc,b', parseNames)
    .option('--limit <rows>', 'at most this many rows', parseRowLimit);
}

/** Adds a repeatable flag for each dimension (values of one dimension are OR, dimensions are AND) and --param. */
export function addFilterOptions(command: Command): Command {
  for (const dimension of DIMENSIONS) {
    const { metavariable, summary } = describeFilter(dimension);
    command.option(`--${dimension} ${metavariable}`, summary, appendValue);
  }
  return command
    .option(
      '--where <condition>',
      'a condition on a column of the report, e.g. "valor >= 100"; all of them hold',
      appendValue,
    )
    .option('--param <name=value>', 'a param of the report', addNameValue)
    .addHelpText('after', '\nA report can have filters of its own: its name before --help shows them.');
}

/** The request with its filters in the order of the report's words, and conditions on columns after them. */
export function withSortedFilters(request: Request): Request {
  const words = Object.keys(request.mapped);
  const position = ({ filter, onResult }: RequestFilter) =>
    onResult === undefined ? words.indexOf(filter.dimension) : words.length;
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
  const today = todayIn(report.timezone, now);
  const filters = [...DIMENSIONS, ...Object.keys(report.filterKinds)].flatMap((word) => {
    const values = options[camelCase(word)] as readonly string[] | undefined;
    return values === undefined ? [] : [filterOf(report, word, values, today)];
  });
  return {
    filters,
    params: options.param ?? {},
    columns: options.columns,
    orderBy: options.orderBy && orderTermsOf(report, options.orderBy),
    where: options.where?.map((text) => parseCondition(report, text, today)),
    limit: options.limit,
  };
}

/** Commander's parser of a repeatable option. @param earlier the values of the options before this one */
export function appendValue(value: string, earlier: readonly string[] = []): readonly string[] {
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
