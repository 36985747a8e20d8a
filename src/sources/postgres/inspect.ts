// Questions about a request besides its rows: how filters find rows, how many rows they leave, what becomes of one key.
import type { Client } from 'pg';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import type { FilterPlan, KeyPart, SqlRequest, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import type { DescribedColumn } from '../sql/contract.js';
import { hasMarker } from '../sql/query.js';
import {
  type DescribedRequest,
  fromReport,
  orderTerms,
  outerConditions,
  readStatement,
  reportColumn,
} from '../sql/statement.js';
import { filterPlan, type PlanNode } from './plan.js';
import type { Session } from './session.js';

/** A request that was described; each question about it is asked within one read-only transaction. */
interface Described extends DescribedRequest {
  readonly client: Client;
  /** Every column of the query, exported or not. */
  readonly columns: readonly DescribedColumn[];
}

type Filters = SqlRequest['filters'];

function withFilters(described: Described, filters: Filters): Described {
  return { ...described, request: { ...described.request, filters } };
}

/** For each filter: all the others. */
function othersOfEach(filters: Filters): Filters[] {
  return filters.map((each) => filters.filter((other) => other !== each));
}

export async function planOf(client: Client, statement: string): Promise<PlanNode> {
  const result = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON) ${statement}`,
  );
  const root = result.rows[0]?.['QUERY PLAN'][0].Plan;
  if (root === undefined) throw new ReportError('source', 'the server returned no plan');
  return root;
}

/** How each filter of the request finds its rows, in order. */
export async function filterPlans(described: Described): Promise<FilterPlan[]> {
  const { client, request } = described;
  const planWith = (filters: Filters) => planOf(client, readStatement(withFilters(described, filters)));
  if (request.filters.length === 0) return [];
  const withAll = await planWith(request.filters);
  const plans: FilterPlan[] = [];
  for (const others of othersOfEach(request.filters)) plans.push(filterPlan(withAll, await planWith(others)));
  return plans;
}

/**
 * The rows without filters, with the first one, with the first two, and so on. Conditions on columns are all counted in
 * one scan; where they stand inside the query, it runs once for each count.
 */
export async function funnel(described: Described): Promise<number[]> {
  const { client, request, dialect } = described;
  const { filters } = request;
  if (hasMarker(request, dialect)) {
    const statements = [...filters.keys(), filters.length].map((count) =>
      countStatement(withFilters(described, filters.slice(0, count))),
    );
    return counts(client, statements);
  }
  const conditions = outerConditions(described);
  const columns = conditions.map(
    (_, index) => `count(*) FILTER (WHERE ${conditions.slice(0, index + 1).join(' AND ')})`,
  );
  const { rows } = await client.query<string[]>({
    text: `SELECT ${['count(*)', ...columns].join(', ')}\n${fromReport(described)}`,
    rowMode: 'array',
  });
  return (rows[0] ?? []).map(Number);
}

function countStatement(described: Described, ...where: readonly string[]): string {
  const conditions = [...where, ...outerConditions(described)];
  return `SELECT count(*) ${fromReport(described)}${conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`}`;
}

/** Several counts by one query, so that all are of one snapshot. */
async function counts(client: Client, statements: readonly string[]): Promise<number[]> {
  const text = statements.map((statement) => `(${statement})`).join(',\n');
  const { rows } = await client.query<string[]>({ text: `SELECT ${text}`, rowMode: 'array' });
  return (rows[0] ?? []).map(Number);
}

/**
 * What becomes of the rows with that key, of which at most `most` are returned.
 * @throws what the server answers, or ReportError `usage` for a key that the query cannot have
 */
export async function trace(described: Described, key: readonly KeyPart[], most: number): Promise<Trace> {
  const where = key.map((part) => keyCondition(described, part)).join(' AND ');
  try {
    return hasMarker(described.request, described.dialect)
      ? await traceInside(described, where, most)
      : await traceOutside(described, where, most);
  } catch (error) {
    throw refusedValue(error, described, key) ?? error;
  }
}

/** The conditions are on columns of the result: one query returns each row and, beside it, which conditions it passes. */
async function traceOutside(described: Described, where: string, most: number): Promise<Trace> {
  const { client, request, dialect } = described;
  const conditions = outerConditions(described);
  const all = conditions.length === 0 ? 'true' : conditions.join(' AND ');
  const text = (name: string) => `${reportColumn(name, dialect)}::text`;
  const { rows } = await client.query<(string | boolean | null)[]>({
    text: [
      `SELECT ${[
        'count(*) OVER ()',
        ...[all, ...conditions].map((condition) => `count(*) FILTER (WHERE ${condition}) OVER ()`),
        ...conditions.map((condition) => `coalesce(${condition}, false)`),
        ...request.filters.map(({ column }) => text(column)),
        ...request.columns.map(({ name }) => text(name)),
      ].join(', ')}`,
      fromReport(described),
      `WHERE ${where}`,
      ...orderTerms(described),
      `LIMIT ${most}`,
    ].join('\n'),
    rowMode: 'array',
  });
  // The columns of each row, in the order of the SELECT.
  const count = conditions.length;
  const PASSING = 2;
  const passes = PASSING + count;
  const tested = passes + count;
  const cells = tested + count;
  return {
    found: Number(rows[0]?.[0] ?? 0),
    selected: Number(rows[0]?.[1] ?? 0),
    filters: conditions.map((_, index) => ({
      passing: Number(rows[0]?.[PASSING + index] ?? 0),
      without: undefined,
    })),
    rows: rows.map((row) => ({
      cells: row.slice(cells) as Cell[],
      filters: conditions.map((_, index) => ({
        value: row[tested + index] as Cell,
        passes: row[passes + index] === true,
      })),
    })),
  };
}

/** The conditions are on rows inside the query, not on those of the result: only counts with and without each can be told. */
async function traceInside(described: Described, where: string, most: number): Promise<Trace> {
  const { client, request, dialect } = described;
  const { filters } = request;
  const [found = 0, selected = 0, ...without] = await counts(
    client,
    [[], filters, ...othersOfEach(filters)].map((chosen) =>
      countStatement(withFilters(described, chosen), where),
    ),
  );
  const shown = withFilters(described, selected > 0 ? filters : []);
  const { rows } = await client.query<Cell[]>({
    text: [
      `SELECT ${request.columns.map(({ name }) => `${reportColumn(name, dialect)}::text`).join(', ')}`,
      fromReport(shown),
      `WHERE ${[where, ...outerConditions(shown)].join(' AND ')}`,
      ...orderTerms(described),
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

function keyCondition({ dialect, request, columns }: Described, { column, value }: KeyPart): string {
  const found = columns.find(({ name }) => name === column.name);
  if (found === undefined) {
    const names = columns.map(({ name }) => name);
    throw new ReportError('usage', `--key: the query of "${request.report}" has no column "${column.name}"`, {
      hint: `${didYouMean(column.name, names)}.`,
    });
  }
  const operand = reportColumn(column.name, dialect);
  if (value === null) return `${operand} IS NULL`;
  const asText = COMPARED_AS_TEXT.includes(found.type) ? '::text' : '';
  // Uncast, the literal takes the column's own type, and an index on it serves.
  return `${operand}${asText} = ${dialect.escapeLiteral(value)}`;
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

/** Whoever asks for values can do without them. */
const MAX_VALUES_MS = 2_000;

/**
 * At most `limit` different values of the column of a word that begin with `prefix`. None where the report maps the
 * word to an expression inside its query, which selects no such column.
 */
export async function values(
  { client, dialect }: Session,
  request: SqlRequest,
  { word, prefix, limit }: ValuesWanted,
): Promise<string[]> {
  const name = request.mapped[word];
  if (name === undefined || hasMarker(request, dialect)) return [];
  const unfiltered = {
    request: { ...request, filters: [] },
    types: { columns: {}, dimensions: {} },
    dialect,
  };
  const text = `${reportColumn(name, dialect)}::text`;
  const pattern = `${prefix.replace(/[\\%_]/g, '\\$&')}%`;
  await client.query(`SET LOCAL statement_timeout = ${MAX_VALUES_MS}`);
  const { rows } = await client.query<[string]>({
    text: `SELECT DISTINCT ${text} ${fromReport(unfiltered)}
WHERE ${text} LIKE ${dialect.escapeLiteral(pattern)} LIMIT ${limit}`,
    rowMode: 'array',
  });
  return rows.map(([value]) => value);
}

interface ValuesWanted {
  readonly word: string;
  readonly prefix: string;
  readonly limit: number;
}
