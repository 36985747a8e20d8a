// Questions about a request besides its rows: how its filters are met, what they leave, what becomes of one key.
import type { Client } from 'pg';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import type { Dimension } from '../../core/filter.js';
import type { FilterPlan, KeyPart, SqlRequest, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import type { Types } from './contract.js';
import { filterPlan, type PlanNode } from './plan.js';
import { hasMarker } from './query.js';
import { innerQuery, orderTerms, outerConditions, readStatement, reportColumn } from './statement.js';

/** A request that was described; all questions are asked within one read-only transaction. */
export interface Described {
  readonly client: Client;
  readonly request: SqlRequest;
  readonly types: Types;
  /** Every column of the query with its type. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export async function planOf(client: Client, statement: string): Promise<PlanNode> {
  const result = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON) ${statement}`,
  );
  const root = result.rows[0]?.['QUERY PLAN'][0].Plan;
  if (root === undefined) throw new ReportError('source', 'the server returned no plan');
  return root;
}

export async function filterPlans({ client, request, types }: Described): Promise<FilterPlan[]> {
  const plan = (filters: SqlRequest['filters']) =>
    planOf(client, readStatement({ ...request, filters }, types, client));
  if (request.filters.length === 0) return [];
  const withAll = await plan(request.filters);
  const plans: FilterPlan[] = [];
  for (const each of request.filters) {
    plans.push(filterPlan(withAll, await plan(request.filters.filter((other) => other !== each))));
  }
  return plans;
}

/** One scan counts for all filters; where they stand inside the query, it is run once for each. */
export async function funnel({ client, request, types }: Described): Promise<number[]> {
  const { filters } = request;
  if (hasMarker(request.query)) {
    return counts(
      client,
      [...filters.keys(), filters.length].map((count) =>
        countStatement({ ...request, filters: filters.slice(0, count) }, types, client),
      ),
    );
  }
  const conditions = outerConditions(request, types, client);
  const columns = conditions.map(
    (_, index) => `count(*) FILTER (WHERE ${conditions.slice(0, index + 1).join(' AND ')})`,
  );
  const inner = innerQuery(request, types, client);
  const { rows } = await client.query<string[]>({
    text: `SELECT ${['count(*)', ...columns].join(', ')}\nFROM (\n${inner}\n) AS report`,
    rowMode: 'array',
  });
  return (rows[0] ?? []).map(Number);
}

function countStatement(request: SqlRequest, types: Types, client: Client, where?: string): string {
  const inner = innerQuery(request, types, client);
  return `SELECT count(*) FROM (\n${inner}\n) AS report${where === undefined ? '' : `\nWHERE ${where}`}`;
}

/** Several counts by one query, so that they are of one moment. */
async function counts(client: Client, statements: readonly string[]): Promise<number[]> {
  const text = statements.map((statement) => `(${statement})`).join(',\n');
  const { rows } = await client.query<string[]>({ text: `SELECT ${text}`, rowMode: 'array' });
  return (rows[0] ?? []).map(Number);
}

export async function trace(described: Described, key: readonly KeyPart[], most: number): Promise<Trace> {
  const where = key.map((part) => keyCondition(described, part)).join(' AND ');
  try {
    return hasMarker(described.request.query)
      ? await traceInside(described, where, most)
      : await traceOutside(described, where, most);
  } catch (error) {
    throw refusedValue(error, described, key) ?? error;
  }
}

/** Every condition is a column beside the row. */
async function traceOutside(
  { client, request, types }: Described,
  where: string,
  most: number,
): Promise<Trace> {
  const conditions = outerConditions(request, types, client);
  const all = conditions.length === 0 ? 'true' : conditions.join(' AND ');
  const text = (name: string) => `${reportColumn(name, client)}::text`;
  const { rows } = await client.query<(string | boolean | null)[]>({
    text: [
      `SELECT ${[
        'count(*) OVER ()',
        ...[all, ...conditions].map((condition) => `count(*) FILTER (WHERE ${condition}) OVER ()`),
        ...conditions.map((condition) => `coalesce(${condition}, false)`),
        ...request.filters.map(({ column }) => text(column)),
        ...request.columns.map(({ name }) => text(name)),
      ].join(', ')}`,
      `FROM (\n${innerQuery(request, types, client)}\n) AS report`,
      `WHERE ${where}`,
      ...orderTerms(request, client),
      `LIMIT ${most}`,
    ].join('\n'),
    rowMode: 'array',
  });
  const count = conditions.length;
  return {
    found: Number(rows[0]?.[0] ?? 0),
    selected: Number(rows[0]?.[1] ?? 0),
    filters: conditions.map((_, index) => ({
      passing: Number(rows[0]?.[2 + index] ?? 0),
      without: undefined,
    })),
    rows: rows.map((row) => ({
      cells: row.slice(2 + count * 3) as Cell[],
      filters: conditions.map((_, index) => ({
        value: row[2 + count * 2 + index] as Cell,
        passes: row[2 + count + index] === true,
      })),
    })),
  };
}

/** The conditions are on other rows than those of the result: all that can be said is what is there with and without each. */
async function traceInside(
  { client, request, types }: Described,
  where: string,
  most: number,
): Promise<Trace> {
  const { filters } = request;
  const withFilters = (chosen: SqlRequest['filters']) => ({ ...request, filters: chosen });
  const [found = 0, selected = 0, ...without] = await counts(
    client,
    [[], filters, ...filters.map((each) => filters.filter((other) => other !== each))].map((chosen) =>
      countStatement(withFilters(chosen), types, client, where),
    ),
  );
  const inner = innerQuery(withFilters(selected > 0 ? filters : []), types, client);
  const { rows } = await client.query<Cell[]>({
    text: [
      `SELECT ${request.columns.map(({ name }) => `${reportColumn(name, client)}::text`).join(', ')}`,
      `FROM (\n${inner}\n) AS report`,
      `WHERE ${where}`,
      ...orderTerms(request, client),
      `LIMIT ${most}`,
    ].join('\n'),
    rowMode: 'array',
  });
  return {
    found,
    selected,
    filters: filters.map((_, index) => ({ passing: undefined, without: without[index] ?? 0 })),
    rows: rows.map((cells) => ({
      cells,
      filters: filters.map(() => ({ value: undefined, passes: undefined })),
    })),
  };
}

/** Types without an `=` of their own. */
const COMPARED_AS_TEXT = ['json', 'xml', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'];

function keyCondition({ client, request, columns }: Described, { column, value }: KeyPart): string {
  const found = columns.find(({ name }) => name === column.name);
  if (found === undefined) {
    const names = columns.map(({ name }) => name);
    throw new ReportError('usage', `--key: the query of "${request.report}" has no column "${column.name}"`, {
      hint: `${didYouMean(column.name, names)}.`,
    });
  }
  const operand = reportColumn(column.name, client);
  if (value === null) return `${operand} IS NULL`;
  const asText = COMPARED_AS_TEXT.includes(found.type) ? '::text' : '';
  // Uncast, the literal takes the column's own type, and an index on it serves.
  return `${operand}${asText} = ${client.escapeLiteral(value)}`;
}

/** SQLSTATE class 22, "data exception", about a value of the key and not about the data. */
function refusedValue(
  error: unknown,
  { columns }: Described,
  key: readonly KeyPart[],
): ReportError | undefined {
  const { code = '' } = (error ?? {}) as { code?: string };
  const message = messageOf(error);
  const part = key.find(({ value }) => value !== null && message.includes(`"${value}"`));
  if (part === undefined || !code.startsWith('22')) return undefined;
  const type = columns.find(({ name }) => name === part.column.name)?.type;
  return new ReportError('usage', `--key ${part.column.name}=${part.value}: ${message}`, {
    hint: `The column is of type ${type}.`,
    cause: error,
  });
}

/** None where the report maps the dimension to an expression inside its query, which selects no such column. */
export async function values(
  client: Client,
  request: SqlRequest,
  dimension: Dimension,
  { prefix, limit }: { readonly prefix: string; readonly limit: number },
): Promise<string[]> {
  const name = request.mapped[dimension];
  if (name === undefined || hasMarker(request.query)) return [];
  const inner = innerQuery({ ...request, filters: [] }, { columns: {}, dimensions: {} }, client);
  const text = `${reportColumn(name, client)}::text`;
  const pattern = `${prefix.replace(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await client.query<[string]>({
    text: `SELECT DISTINCT ${text} FROM (\n${inner}\n) AS report
WHERE ${text} LIKE ${client.escapeLiteral(pattern)} LIMIT ${limit}`,
    rowMode: 'array',
  });
  return rows.map(([value]) => value);
}
