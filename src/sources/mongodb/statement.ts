// Builds the command of a request: a find, or an aggregation when the report has a pipeline.
import type { BSON, Document } from 'mongodb';
import { ReportError } from '../../core/errors.js';
import type { DocumentQuery, Request, RequestFilter } from '../../core/source.js';
import type { BsonTypes } from './condition.js';
import { type MatchField, matchOf } from './match.js';
import { assertPath, pathOf, projectionOf } from './paths.js';
import { hasMarker, stagesOf } from './pipeline.js';

type Sort = Map<string, 1 | -1>;

export type Statement = { readonly collection: string } & (
  | {
      readonly via: 'find';
      readonly filter: Document;
      readonly projection: Document;
      readonly sort: Sort | undefined;
      readonly limit: number | undefined;
    }
  | { readonly via: 'aggregate'; readonly pipeline: Document[] }
);

/** @throws ReportError `definition` when the report's query is SQL */
export function documentQuery(request: Request, label: string): DocumentQuery {
  const { query } = request;
  if (typeof query === 'string') {
    throw new ReportError(
      'definition',
      `report "${request.report}": its query is SQL, but ${label} holds documents`,
      { hint: 'Write it as a .yaml report with a collection, or name a source of another kind.' },
    );
  }
  const { collection } = query;
  if (collection === '' || /[$\0]/.test(collection)) {
    throw new ReportError(
      'definition',
      `report "${request.report}": ${JSON.stringify(collection)} cannot be the name of a collection`,
    );
  }
  return query;
}

/**
 * Sorts as MongoDB does: null and missing values come first, and last when descending; PostgreSQL does the opposite, but changing
 * that would keep indexes from being used. `_id` is the last sort key, so that the order is total; rows that a pipeline made
 * of one document need an order of their own.
 * @throws ReportError `definition` for a path or a pipeline that MongoDB cannot follow or that writes
 */
export function statementOf(
  request: Request,
  query: DocumentQuery,
  bson: BsonTypes & typeof BSON,
): Statement {
  const whose = (what: string) => `report "${request.report}", ${what}`;
  for (const column of request.columns)
    assertPath(pathOf(column), whose(`column "${column.name}"`), 'document');
  for (const [dimension, path] of Object.entries(request.mapped))
    assertPath(path, whose(`filter ${dimension}`));
  for (const { filter, column } of request.filters) assertPath(column, whose(`filter ${filter.dimension}`));
  const sort = sortOf(query, whose);
  const projection = projectionOf(request.columns.map(pathOf));
  const { collection } = query;
  if (query.pipeline.length === 0) {
    const filter = matchOf(fieldsOf(request, query, request.filters), bson);
    return { collection, via: 'find', filter, projection: projection ?? {}, sort, limit: request.limit };
  }
  return {
    collection,
    via: 'aggregate',
    pipeline: [
      ...stagesWith(request, query, request.filters, bson),
      ...(sort === undefined ? [] : [{ $sort: sort }]),
      ...(request.limit === undefined ? [] : [{ $limit: request.limit }]),
      ...(projection === undefined ? [] : [{ $project: projection }]),
    ],
  };
}

/** The stages of the report with these filters: in their place in the pipeline, and after it those on its result. */
export function stagesWith(
  request: Request,
  query: DocumentQuery,
  filters: Request['filters'],
  bson: BsonTypes & typeof BSON,
): Document[] {
  const matching = (chosen: Request['filters']) => matchOf(fieldsOf(request, query, chosen), bson);
  const isAfter = ({ onResult }: RequestFilter) => onResult !== undefined && hasMarker(query);
  const after = filters.filter(isAfter);
  const inside = matching(filters.filter((each) => !isAfter(each)));
  const stages = stagesOf(query, inside, request.report, bson);
  return after.length === 0 ? stages : [...stages, { $match: matching(after) }];
}

/** What the filters match, for matchOf(). */
export function fieldsOf(request: Request, query: DocumentQuery, filters: Request['filters']): MatchField[] {
  const isoText = isoTextAt(request, query);
  return filters.map(({ filter, column, onResult }) => {
    const ofResult = isoText.has(column) ? ('text' as const) : undefined;
    const stored = onResult === undefined ? query.fields[filter.dimension]?.stored : ofResult;
    return { filter, path: column, stored };
  });
}

/** The paths of filters with `stored: text`: columns of these paths read ISO 8601 text as dates too. */
export function isoTextAt({ mapped }: Request, { fields }: DocumentQuery): ReadonlySet<string> {
  return new Set(
    Object.entries(mapped)
      .filter(([word]) => fields[word]?.stored === 'text')
      .map(([, path]) => path),
  );
}

/** A Map: an object would move keys such as `2024` to the front. */
function sortOf({ orderBy }: DocumentQuery, whose: (what: string) => string): Sort | undefined {
  if (orderBy.length === 0) return undefined;
  const sort = new Map<string, 1 | -1>();
  for (const { column, descending } of orderBy) {
    const path = pathOf(column);
    assertPath(path, whose(`order-by "${column.name}"`));
    if (!sort.has(path)) sort.set(path, descending ? -1 : 1);
  }
  if (!sort.has('_id')) sort.set('_id', 1);
  return sort;
}

/** The command as relaxed Extended JSON, for people. */
export function statementText(statement: Statement, { EJSON }: Pick<typeof BSON, 'EJSON'>): string {
  const command =
    statement.via === 'aggregate'
      ? { aggregate: statement.collection, pipeline: statement.pipeline }
      : {
          find: statement.collection,
          filter: statement.filter,
          projection: statement.projection,
          ...(statement.sort === undefined ? {} : { sort: statement.sort }),
          ...(statement.limit === undefined ? {} : { limit: statement.limit }),
        };
  return EJSON.stringify(command, undefined, 2, { relaxed: true });
}
