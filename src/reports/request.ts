// What a command line and a report together ask of a source.
import { didYouMean, ReportError } from '../core/errors.js';
import type { Filter } from '../core/filter.js';
import type { Request } from '../core/source.js';
import type { Column, Kind } from '../core/table.js';
import { parseFilter } from '../filters/index.js';
import type { Report } from './report.js';

export interface Choice {
  readonly filters: readonly Filter[];
  /** As typed: name to value. */
  readonly params: Readonly<Record<string, string>>;
  /** Names, in the order wanted; all of the report's when undefined. */
  readonly columns?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}

/**
 * @throws ReportError `usage` for a dimension that the report does not map, another organization than it is of, a column that it does not export, a param
 * that it does not declare, lacks, or whose value is not of its kind
 */
export function requestOf(report: Report, choice: Choice): Request {
  return {
    report: report.name,
    query: report.query,
    columns: choice.columns === undefined ? report.columns : chosenColumns(report, choice.columns),
    filters: withOrganization(report, choice.filters).map((filter) => ({
      filter,
      column: mappedColumn(report, filter),
    })),
    mapped: report.filters,
    params: parameters(report, choice.params),
    orderBy: report.orderBy,
    ...(choice.limit === undefined ? {} : { limit: choice.limit }),
    timezone: report.timezone,
  };
}

/** Param to its value, as the definition's hash and the manifest have them. */
export function paramValues({ params }: Pick<Request, 'params'>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, { value }]) => [name, value]));
}

/** With the condition that makes it the report of one organization, where it is. */
function withOrganization(
  { name, organization, timezone }: Report,
  filters: readonly Filter[],
): readonly Filter[] {
  if (organization === undefined) return filters;
  const given = filters.find(({ dimension }) => dimension === 'organization');
  // Text values depend on no date.
  if (given === undefined)
    return [...filters, parseFilter('organization', [organization], { timezone, today: '' })];
  if (given.values.every((value) => value === organization)) return filters;
  throw new ReportError('usage', `--organization: report "${name}" is of one organization already`, {
    hint: `Use the report "${name.replace(/@.*$/s, '')}".`,
  });
}

function mappedColumn(report: Report, { dimension }: Filter): string {
  const column = report.filters[dimension];
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
    if (names.indexOf(name) !== index) throw new ReportError('usage', `--columns: "${name}" stands twice`);
    return column;
  });
}

/** What a param of each kind looks like; the server reads the rest (a text is anything). */
const SHAPES: Readonly<Partial<Record<Kind, RegExp>>> = {
  integer: /^-?\d{1,19}$/,
  decimal: /^-?(\d+\.?\d*|\.\d+)$/,
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
