// The identity of a definition: two definitions with the same hash publish the same files from the same data.
import { createHash } from 'node:crypto';
import { DIMENSIONS } from '../core/filter.js';
import type { DocumentQuery } from '../core/source.js';
import type { Column } from '../core/table.js';
import type { WriterOptions } from '../writers/index.js';
import type { Output, Report } from './report.js';

type Params = Readonly<Record<string, string>>;

/**
 * The lower-case hex SHA-256 of everything in a definition that decides the content of published files. Gates, `wait-for`,
 * `expect-by`, `on-empty` and `tests` are left out: they decide whether and when a period is published, so changing one does
 * not make every published period a different one. The order of keys in the report file does not matter, except within
 * the stages of a pipeline, where MongoDB gives it a meaning.
 * @param params name to value, as the request has them
 */
export function definitionHash(report: Report, params: Params): string {
  const { query } = report;
  const ordered = typeof query === 'string' ? query : { ...query, pipeline: JSON.stringify(query.pipeline) };
  return sha256(canonicalJson(identity(report, params, ordered)));
}

/** Whether a hash from a run record or a manifest is that of this definition, in the present or the former form. */
export function isDefinition(recorded: string, report: Report, params: Params): boolean {
  return recorded === definitionHash(report, params) || recorded === formerDefinitionHash(report, params);
}

function identity(report: Report, params: Params, query: unknown) {
  const { columns, filters, timezone, outputs, labels, orderBy, period, sources, volatile } = report;
  // JSON leaves out undefined values: only the report of a schedule has an organization.
  const { organization, filterKinds } = report;
  return {
    query,
    columns,
    filters,
    params,
    timezone,
    outputs,
    labels,
    orderBy,
    period,
    sources,
    volatile,
    organization,
    // A report without words of its own has the hash that it had before there were any.
    ...(Object.keys(filterKinds).length > 0 && { filterKinds }),
  };
}

/** JSON with the keys of every object sorted by their UTF-16 code units, as RFC 8785 (JSON Canonicalization Scheme) sorts them. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The hash that versions before 0.2 wrote into run records: of JSON with keys in one fixed order, except labels and params, which
 * keep the order of the report file. Run records with this hash still match their definition.
 */
export function formerDefinitionHash(report: Report, params: Params): string {
  const { query, columns, filters, outputs } = report;
  const content = {
    ...identity(report, params, typeof query === 'string' ? query : formerQuery(query)),
    columns: columns.map(formerColumn),
    filters: inOrder(filters, DIMENSIONS),
    outputs: outputs.map(formerOutput),
  };
  return sha256(JSON.stringify(content));
}

function formerQuery({ fields, orderBy, ...query }: DocumentQuery) {
  const { collection, pipeline, onMismatch, ...later } = query;
  const fieldsInOrder = Object.entries(inOrder(fields, DIMENSIONS)).map(([dimension, field]) => {
    return [dimension, inOrder(field, ['kind', 'stored'])] as const;
  });
  return {
    collection,
    pipeline,
    fields: Object.fromEntries(fieldsInOrder),
    orderBy: orderBy.map(({ column, descending }) => ({ column: formerColumn(column), descending })),
    onMismatch,
    ...later,
  };
}

function formerColumn(column: Column) {
  return inOrder(column, ['name', 'kind', 'title', 'currency', 'path']);
}

const FORMER_OPTIONS = [
  'delimiter',
  'decimal',
  'bom',
  'eol',
  'null',
  'quote',
  'locale',
  'booleans',
  'formulas',
  'strict',
  'sheet',
  'template',
] as const satisfies readonly (keyof WriterOptions)[];

function formerOutput(output: Output) {
  const { dialect, splitBy } = output;
  const ordered = {
    ...output,
    dialect: inOrder(dialect, FORMER_OPTIONS),
    ...(splitBy && { splitBy: splitBy.map((term) => inOrder(term, ['word', 'column'])) }),
  };
  return inOrder(ordered, ['format', 'key', 'compress', 'dialect', 'splitBy']);
}

/** The object with these keys first, in this order. Keys that came later, with features that the former hash never met, follow. */
function inOrder<T extends object>(object: T, keys: readonly (keyof T & string)[]): T {
  const present = keys.filter((key) => Object.hasOwn(object, key));
  const ordered = [...new Set<string>([...present, ...Object.keys(object)])];
  return Object.fromEntries(ordered.map((key) => [key, object[key as keyof T]])) as T;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
