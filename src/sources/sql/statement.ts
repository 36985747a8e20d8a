// Builds the statements of a request around the report's own query.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { RequestFilter, SqlRequest } from '../../core/source.js';
import type { Types } from './contract.js';
import type { Dialect } from './dialect.js';
import { hasMarker } from './query.js';
import { type Token, withoutEnd } from './tokens.js';

/** A request with the types that the server says its query has. */
export interface DescribedRequest {
  readonly request: SqlRequest;
  readonly types: Types;
  readonly dialect: Dialect;
}

/** The statement that is read: the exported columns, in order, filtered and ordered. */
export function readStatement(described: DescribedRequest): string {
  const { request, types, dialect } = described;
  const selected = request.columns.map(({ name }) => {
    const column = reportColumn(name, dialect);
    const type = types.columns[name];
    return type === undefined ? column : dialect.cell(column, type);
  });
  const outer = outerConditions(described);
  return [
    `SELECT ${selected.join(', ')}`,
    fromReport(described),
    ...(outer.length > 0 ? [`WHERE ${outer.join('\n  AND ')}`] : []),
    ...orderTerms(described),
    ...(request.limit === undefined ? [] : [`LIMIT ${request.limit}`]),
  ].join('\n');
}

/** A question, with its params, as a statement that returns at most two rows: two are already one too many. */
export function questionStatement(request: SqlRequest, dialect: Dialect): string {
  return `SELECT * FROM (\n${queryText(request, dialect, () => [])}\n) AS question LIMIT 2`;
}

/** `FROM (…) AS report`: the report's own query, with the conditions that go inside it. */
export function fromReport(described: DescribedRequest): string {
  return `FROM (\n${innerQuery(described)}\n) AS report`;
}

/** None or one: `ORDER BY …`. */
export function orderTerms({ request, dialect }: DescribedRequest): string[] {
  const terms = request.orderBy.map((name) =>
    name.startsWith('-') ? `${reportColumn(name.slice(1), dialect)} DESC` : reportColumn(name, dialect),
  );
  return terms.length > 0 ? [`ORDER BY ${terms.join(', ')}`] : [];
}

/** A column of the report's own query, which fromReport() calls `report`. */
export function reportColumn(name: string, dialect: Dialect): string {
  return `report.${dialect.escapeIdentifier(name)}`;
}

/** The conditions on the columns of `report`, one for each filter; where the query has a marker, only those on its result. */
export function outerConditions(described: DescribedRequest): string[] {
  const { request, types, dialect } = described;
  const isInside = hasMarker(request, dialect);
  return request.filters.flatMap((each) => {
    const { filter, column, onResult } = each;
    if (onResult === undefined)
      return isInside ? [] : [condition(described, each, reportColumn(column, dialect), 0)];
    const type = types.columns[onResult.name];
    if (type === undefined) throw new Error(`the type of ${onResult.name} was not described`);
    return [dialect.condition(filter, { expression: reportColumn(onResult.name, dialect), type })];
  });
}

function innerQuery(described: DescribedRequest): string {
  const { request, dialect } = described;
  const inside = request.filters.filter(({ onResult }) => onResult === undefined);
  return queryText(request, dialect, (marker) =>
    inside.map((each) => condition(described, each, inParentheses(each.column), marker)),
  );
}

/** @param expression what the filter's column is in the statement */
function condition(
  { types, dialect }: DescribedRequest,
  { filter }: RequestFilter,
  expression: string,
  marker: number,
): string {
  const type = types.dimensions[filter.dimension]?.[marker];
  if (type === undefined) throw new Error(`the type of ${filter.dimension} was not described`);
  return dialect.condition(filter, { expression, type });
}

/** An expression of the report may have operators that bind less than ours; a column's name stays as it is. */
function inParentheses(expression: string): string {
  const isName = /^(?:[\w$]+|"(?:[^"]|"")+")(?:\.(?:[\w$]+|"(?:[^"]|"")+"))*$/.test(expression);
  return isName ? expression : `(${expression})`;
}

/**
 * The report's own query with its params, and conditions joined by AND in place of each marker.
 * @param conditionsAt for the number of a marker, counted from 0
 * @throws ReportError `definition` for a `:'name'` that is no declared param
 */
export function queryText(
  request: SqlRequest,
  dialect: Dialect,
  conditionsAt: (marker: number) => readonly string[],
): string {
  let markers = 0;
  return withoutEnd(dialect.tokens(request.query))
    .map((token) => {
      if (token.kind === 'parameter') return parameter(request, dialect, token);
      if (token.kind !== 'marker') return token.text;
      return conditionsAt(markers++)
        .map((condition) => ` AND ${condition}`)
        .join('');
    })
    .join('');
}

function parameter({ params, report }: SqlRequest, dialect: Dialect, { name = '', text }: Token): string {
  const found = Object.hasOwn(params, name) ? params[name] : undefined;
  if (found !== undefined) return dialect.param(found.kind, found.value);
  // Without quotes it may be anything, such as the end of a slice.
  if (!text.startsWith(":'")) return text;
  throw new ReportError(
    'definition',
    `the query of "${report}" uses :'${name}', which is no declared param`,
    {
      hint: `${didYouMean(name, Object.keys(params))}.`,
    },
  );
}
