// Builds the two statements of a request: one to learn types from, and the one that is read.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { SqlRequest } from '../../core/source.js';
import type { Kind } from '../../core/table.js';
import type { Types } from './contract.js';
import { dimensionsOf, hasMarker } from './query.js';
import { tokens, withoutEnd } from './sql-text.js';

/** The driver's own quoting. */
export interface Quoting {
  escapeLiteral(text: string): string;
  escapeIdentifier(text: string): string;
}

/** The parameters' literals: a text stays untyped, as psql's `:'name'` is, so that it fits enums and dates too. */
const CASTS: Readonly<Record<Kind, string>> = {
  text: '',
  integer: '::bigint',
  decimal: '::numeric',
  boolean: '::boolean',
  date: '::date',
  timestamp: '::timestamptz',
  json: '::jsonb',
};

/**
 * The query with `expression = $n` for every mapped dimension in place of the marker: the types that the server infers
 * for $1, $2, … are those of the expressions. Without a marker it is the query itself.
 */
export function typeProbe(request: SqlRequest, quoting: Quoting): string {
  let number = 0;
  return body(request, quoting, () =>
    dimensionsOf(request).map(([, expression]) => `(${expression}) = $${++number}`),
  );
}

/** The statement that is read: the exported columns, in order, filtered and ordered. */
export function readStatement(request: SqlRequest, types: Types, quoting: Quoting): string {
  const column = (name: string) => reportColumn(name, quoting);
  const selected = request.columns.map(({ name }) =>
    // COPY spells a boolean t or f; its text is true or false.
    types.columns[name] === 'bool' ? `${column(name)}::text` : column(name),
  );
  const outer = outerConditions(request, types, quoting);
  return [
    `SELECT ${selected.join(', ')}`,
    `FROM (\n${innerQuery(request, types, quoting)}\n) AS report`,
    ...(outer.length > 0 ? [`WHERE ${outer.join('\n  AND ')}`] : []),
    ...orderTerms(request, quoting),
    ...(request.limit === undefined ? [] : [`LIMIT ${request.limit}`]),
  ].join('\n');
}

/** A question, with its params, as a statement that never returns more than the two rows which show that it is none. */
export function questionStatement(request: SqlRequest, quoting: Quoting): string {
  return `SELECT * FROM (\n${body(request, quoting, () => [])}\n) AS question LIMIT 2`;
}

/** None or one: `ORDER BY …`. */
export function orderTerms({ orderBy }: SqlRequest, quoting: Quoting): string[] {
  const terms = orderBy.map((name) =>
    name.startsWith('-') ? `${reportColumn(name.slice(1), quoting)} DESC` : reportColumn(name, quoting),
  );
  return terms.length > 0 ? [`ORDER BY ${terms.join(', ')}`] : [];
}

/** A column of the report's own query, which stands as `report` in the FROM. */
export function reportColumn(name: string, quoting: Quoting): string {
  return `report.${quoting.escapeIdentifier(name)}`;
}

/** The report's own query, with the conditions where it says that they go inside. */
export function innerQuery(request: SqlRequest, types: Types, quoting: Quoting): string {
  let marker = 0;
  return body(request, quoting, () =>
    conditions(request, types, quoting, (expression) => expression, marker++),
  );
}

/** The conditions on the columns of `report`, one for each filter; none where they go inside. */
export function outerConditions(request: SqlRequest, types: Types, quoting: Quoting): string[] {
  if (hasMarker(request.query)) return [];
  return conditions(request, types, quoting, (name) => reportColumn(name, quoting), 0);
}

function conditions(
  request: SqlRequest,
  types: Types,
  quoting: Quoting,
  expression: (column: string) => string,
  marker: number,
): string[] {
  return request.filters.map(({ filter, column }) => {
    const type = types.dimensions[filter.dimension]?.[marker];
    if (type === undefined) throw new Error(`the type of ${filter.dimension} was not described`);
    return filter.toSql({
      expression: expression(column),
      type,
      quote: (text) => quoting.escapeLiteral(text),
    });
  });
}

/** The report's text with parameters and markers replaced. */
function body(request: SqlRequest, quoting: Quoting, inside: () => string[]): string {
  return withoutEnd(tokens(request.query))
    .map((token) => {
      if (token.kind === 'marker')
        return inside()
          .map((text) => ` AND ${text}`)
          .join('');
      if (token.kind !== 'parameter' || token.name === undefined) return token.text;
      return parameter(request, token.name, token.text, quoting);
    })
    .join('');
}

function parameter(request: SqlRequest, name: string, text: string, quoting: Quoting): string {
  const found = request.params[name];
  if (found !== undefined) {
    const literal = quoting.escapeLiteral(found.value);
    return CASTS[found.kind] === '' ? literal : `(${literal}${CASTS[found.kind]})`;
  }
  if (!text.startsWith(":'")) return text;
  throw new ReportError(
    'definition',
    `the query of "${request.report}" uses :'${name}', which is no declared param`,
    {
      hint: `${didYouMean(name, Object.keys(request.params))}.`,
    },
  );
}
