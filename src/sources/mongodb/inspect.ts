// Answers questions about a request other than its rows: which indexes serve its filters, what each filter leaves, what happens to one key.
import type { BSON, Db, Document } from 'mongodb';
import { addDays, startOfDay } from '../../core/calendar.js';
import { ReportError } from '../../core/errors.js';
import type { FilterTest } from '../../core/filter.js';
import type { DocumentQuery, FilterPlan, KeyPart, Request, Trace } from '../../core/source.js';
import type { Column } from '../../core/table.js';
import { assertKey } from '../documents/key.js';
import type { BsonTypes } from './condition.js';
import { cannotTell } from './errors.js';
import { type Match, matchOf } from './match.js';
import { assertPath, pathOf } from './paths.js';
import { hasMarker } from './pipeline.js';
import { RowReader } from './rows.js';
import { fieldsOf, type Statement, stagesWith } from './statement.js';

export interface Described {
  readonly database: Db;
  readonly request: Request;
  readonly query: DocumentQuery;
  readonly statement: Statement;
  /** The paths at which ISO 8601 text counts as a date. */
  readonly isoTextAt: ReadonlySet<string>;
  readonly bson: BsonTypes & typeof BSON;
}

type Filters = Request['filters'];

/** How the server runs each filter; unknown when the server cannot explain. */
export async function filterPlans({ database, request, statement }: Described): Promise<FilterPlan[]> {
  const { collection, ...rest } = statement;
  const command =
    rest.via === 'aggregate'
      ? { aggregate: collection, pipeline: rest.pipeline, cursor: {} }
      : { find: collection, filter: rest.filter, ...(rest.sort === undefined ? {} : { sort: rest.sort }) };
  const paths = request.filters.map(({ column }) => column);
  try {
    const explained = await database.command({ explain: command, verbosity: 'queryPlanner' });
    return paths.map((path) => filterPlan(explained, path, collection));
  } catch (error) {
    if (!cannotTell(error)) throw error;
    return paths.map(() => ({ how: 'unknown' }));
  }
}

/** How a server's answer to `explain` runs the filter at a path (MongoDB manual, "Explain Results"). */
export function filterPlan(explained: unknown, path: string, collection: string): FilterPlan {
  const stages = winningStages(explained);
  const indexes = stages.flatMap(({ indexName, indexBounds = {} }) =>
    indexName === undefined
      ? []
      : [{ indexName, bounded: Object.keys(indexBounds).filter(isBounded(indexBounds)) }],
  );
  const named = (found: typeof indexes) => [...new Set(found.map(({ indexName }) => indexName))].join(', ');
  const own = indexes.filter(({ bounded }) => bounded.includes(path));
  if (own.length > 0) return { how: 'index', name: named(own) };
  if (stages.some(({ stage }) => stage === 'COLLSCAN')) return { how: 'scan', name: collection };
  const others = indexes.filter(({ bounded }) => bounded.length > 0);
  if (others.length > 0) return { how: 'after-index', name: named(others) };
  // An index without bounds is read whole, only for its order.
  return indexes.length > 0 ? { how: 'scan', name: collection } : { how: 'unknown' };
}

interface PlanStage {
  readonly stage?: string;
  readonly indexName?: string;
  readonly indexBounds?: Readonly<Record<string, readonly string[]>>;
}

function isBounded(bounds: NonNullable<PlanStage['indexBounds']>): (path: string) => boolean {
  return (path) => !/^\[MinKey, MaxKey\]$/.test([bounds[path]].flat().join());
}

function winningStages(value: unknown): PlanStage[] {
  if (typeof value !== 'object' || value === null) return [];
  const { stage } = value as { stage?: unknown };
  const inside = Object.entries(value).flatMap(([key, each]) =>
    key === 'rejectedPlans' || key === 'command' ? [] : winningStages(each),
  );
  return typeof stage === 'string' ? [value as PlanStage, ...inside] : inside;
}

/** How many documents are left after each filter. One aggregation: one pass, or one pass a filter when the pipeline places the filters itself. */
export function funnel(described: Described): Promise<number[]> {
  const { filters } = described.request;
  const growing = [...filters.keys(), filters.length].map((count) => filters.slice(0, count));
  return hasMarker(described.query)
    ? counts(
        described,
        growing.map((chosen) => stages(described, chosen)),
      )
    : facets(
        described,
        stages(described, []),
        growing.map((chosen) => match(described, chosen)),
      );
}

export async function trace(described: Described, key: readonly KeyPart[], most: number): Promise<Trace> {
  assertKey(key);
  const { request, query } = described;
  const { filters } = request;
  const wanted = { $match: { $and: key.map((part) => keyMatch(described, part)) } };
  if (!hasMarker(query)) {
    const [found = 0, selected = 0, ...passing] = await facets(
      described,
      [...stages(described, []), wanted],
      [[], filters, ...filters.map((each) => [each])].map((chosen) => match(described, chosen)),
    );
    const rows = await keyRows(described, [...stages(described, []), wanted], most);
    // With several rows, the counts do not say which row passes.
    const verdict = (count = 0) => (count === 0 ? false : count === found ? true : undefined);
    return {
      found,
      selected,
      filters: filters.map((_, index) => ({ passing: passing[index] ?? 0, without: undefined })),
      rows: rows.map(({ cells, values }) => ({
        cells,
        filters: filters.map((_, index) => ({ value: values[index], passes: verdict(passing[index]) })),
      })),
    };
  }
  const [found = 0, selected = 0, ...without] = await counts(
    described,
    [[], filters, ...filters.map((each) => filters.filter((other) => other !== each))].map((chosen) => [
      ...stages(described, chosen),
      wanted,
    ]),
  );
  const rows = await keyRows(described, [...stages(described, selected > 0 ? filters : []), wanted], most);
  return {
    found,
    selected,
    filters: filters.map((_, index) => ({ passing: undefined, without: without[index] ?? 0 })),
    rows: rows.map(({ cells }) => ({
      cells,
      filters: filters.map(() => ({ value: undefined, passes: undefined })),
    })),
  };
}

/** Whoever asks for values can do without them. */
const MAX_VALUES_MS = 2_000;

/** Different values at the path that start with the prefix. */
export async function values(
  database: Db,
  query: DocumentQuery,
  path: string,
  {
    prefix,
    limit,
    stages,
  }: { readonly prefix: string; readonly limit: number; readonly stages: readonly Document[] },
): Promise<string[]> {
  const pattern = `^${prefix.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}`;
  const found = await database
    .collection(query.collection)
    .aggregate<{ _id: unknown }>(
      [
        ...stages,
        { $match: { [path]: { $type: 'string', $regex: pattern } } },
        { $group: { _id: `$${path}` } },
        { $limit: limit },
      ],
      { maxTimeMS: MAX_VALUES_MS },
    )
    .toArray();
  return found.flatMap(({ _id: value }) => (typeof value === 'string' ? [value] : []));
}

function match({ request, query, bson }: Described, filters: Filters): Match {
  return matchOf(fieldsOf(request, query, filters), bson);
}

function stages({ request, query, bson }: Described, filters: Filters): Document[] {
  return stagesWith(request, query, filters, bson);
}

/** How many of the stages' documents each match leaves, in one pass. */
async function facets(
  { database, query }: Described,
  before: readonly Document[],
  matches: readonly Match[],
): Promise<number[]> {
  const facet = Object.fromEntries(
    matches.map((each, index) => [`n${index}`, [{ $match: each }, { $count: 'n' }]]),
  );
  const [counted = {}] = await database
    .collection(query.collection)
    .aggregate<Record<string, [{ n: number }?]>>([...before, { $facet: facet }], { allowDiskUse: true })
    .toArray();
  return matches.map((_, index) => counted[`n${index}`]?.[0]?.n ?? 0);
}

/** How many documents each pipeline makes, in one aggregation (MongoDB 4.4 and later know $unionWith). */
async function counts(
  { database, query }: Described,
  pipelines: readonly (readonly Document[])[],
): Promise<number[]> {
  const [first = [], ...rest] = pipelines.map((each, index) => [
    ...each,
    { $count: 'n' },
    { $addFields: { at: index } },
  ]);
  const unions = rest.map((pipeline) => ({ $unionWith: { coll: query.collection, pipeline } }));
  const counted = await database
    .collection(query.collection)
    .aggregate<{ n: number; at: number }>([...first, ...unions], { allowDiskUse: true })
    .toArray();
  return pipelines.map((_, index) => counted.find(({ at }) => at === index)?.n ?? 0);
}

/** The rows of the documents, and the values that each filter tests, as text. */
async function keyRows(
  { database, request, query, isoTextAt }: Described,
  pipeline: Document[],
  most: number,
) {
  const looked = request.filters.map(({ column }): Column => ({ name: column, kind: 'text', path: column }));
  const reader = new RowReader([...request.columns, ...looked], {
    doing: `tracing "${request.report}"`,
    timezone: request.timezone,
    onMismatch: 'null',
    isoTextAt,
  });
  const cursor = database
    .collection(query.collection)
    .aggregate([...pipeline, { $limit: most }], { raw: true, allowDiskUse: true });
  const count = request.columns.length;
  const rows = [];
  for await (const document of cursor as AsyncIterable<Document>) {
    const { buffer, byteOffset, byteLength } = document as unknown as Uint8Array;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const [row = []] = reader.batch({ bytes, starts: [0] }, 0, 1).rows();
    rows.push({ cells: row.slice(0, count), values: row.slice(count) });
  }
  return rows;
}

/** The condition for one part of the key: a number in any numeric type, a day as a range. */
function keyMatch({ request, isoTextAt, bson }: Described, { column, value }: KeyPart): Match {
  const path = pathOf(column);
  assertPath(path, `--key ${column.name}`);
  const cannot = (why: string) => new ReportError('usage', `--key ${column.name}=${value}: ${why}`);
  const matching = (test: FilterTest) =>
    matchOf([{ filter: { test }, path, stored: isoTextAt.has(path) ? 'text' : undefined }], bson);
  if (value === null) return { [path]: null };
  switch (column.kind) {
    case 'text':
      return matching({ of: 'texts', anyOf: [value] });
    case 'integer':
    case 'decimal':
      return matching({ of: 'numbers', anyOf: [{ from: value, to: value }] });
    case 'boolean':
      return { [path]: value === 'true' };
    case 'date': {
      if (!/^\d{4}-\d\d-\d\d$/.test(value)) throw cannot('the column is a date, YYYY-MM-DD');
      const day = (date: string) => ({ date, instant: startOfDay(date, request.timezone) });
      return matching({ of: 'dates', anyOf: [{ from: day(value), to: day(addDays(value, 1)) }] });
    }
    case 'timestamp': {
      const moment = new Date(value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
      if (Number.isNaN(moment.getTime()) || !/[+-]\d\d(:\d\d)?$|Z$/.test(value))
        throw cannot('the column is a timestamp, YYYY-MM-DD HH:MM:SS-03');
      return { [path]: moment };
    }
    case 'json':
      throw cannot('a column of kind json is no key');
  }
}
