// The flags that choose rows, the same words in every command.
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

/** The filters and the params, then what else chooses of the rows. */
export function addRowOptions(command: Command): Command {
  return addFilterOptions(command)
    .option('--columns <names>', 'only these columns, in this order: a,b', listed)
    .option('--limit <rows>', 'at most so many rows', counted);
}

/** Each filter may be repeated: values of one dimension are OR, dimensions are AND. */
export function addFilterOptions(command: Command): Command {
  for (const dimension of DIMENSIONS) {
    const { metavariable, summary } = describeFilter(dimension);
    command.option(`--${dimension} ${metavariable}`, summary, appended);
  }
  return command.option('--param <name=value>', 'a param of the report', paired);
}

/** The filters in the order of DIMENSIONS, wherever they came from. */
export function inOrder(request: Request): Request {
  const place = ({ filter }: Request['filters'][number]) => DIMENSIONS.indexOf(filter.dimension);
  return { ...request, filters: request.filters.toSorted((a, b) => place(a) - place(b)) };
}

/** `--organization "ACME" or "Padaria"` */
export function spellFilter({ dimension, values }: Pick<Filter, 'dimension' | 'values'>): string {
  return `--${dimension} ${values.map((value) => JSON.stringify(value)).join(' or ')}`;
}

/** @throws ReportError `usage` for a malformed value */
export function choiceOf(options: RowOptions, report: Report, now: number): Choice {
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

function appended(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}

/** `name=value`, repeated. */
export function paired(value: string, former: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give name=value.');
  const name = value.slice(0, at);
  if (Object.hasOwn(former, name)) throw new InvalidArgumentError(`"${name}" was given before.`);
  return { ...former, [name]: value.slice(at + 1) };
}

function listed(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Give names separated by commas.');
  return names;
}

function counted(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('Give a whole number.');
  return Number(value);
}
