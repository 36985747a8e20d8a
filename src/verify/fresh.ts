// Reads the report of a published file again, and compares the fresh rows with the manifest.
import { todayIn } from '../core/calendar.js';
import { messageOf } from '../core/errors.js';
import type { Filter } from '../core/filter.js';
import type { Prepared, Request, Source } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { prepareAll } from '../export/export.js';
import { periodFilter } from '../filters/index.js';
import type { Manifest } from '../publish/documents.js';
import { definitionHash, isDefinition } from '../reports/definition-hash.js';
import { loadReport, type ReportFolder } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { filterOf, requestOf } from '../reports/request.js';
import { parseCondition } from '../reports/where.js';
import { ContentHash, RowCounter } from '../rows/counters.js';
import { Spool } from '../rows/spool.js';
import { compare, compareEach, type Difference } from './differences.js';

export interface FreshOptions {
  readonly folder: ReportFolder;
  readonly withSources: <T>(report: Report, work: (sources: readonly Source[]) => Promise<T>) => Promise<T>;
}

interface Fresh {
  readonly rows: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly content: string;
}

/** By the values of the split columns, as JSON; a report without a split has one entry, NO_VALUES. */
type Parts = ReadonlyMap<string, Fresh>;
const NO_VALUES = '{}';

/** The fields of a manifest that say what was read for its file. */
const ASKED = [
  'report',
  'columns',
  'filters',
  'where',
  'orderBy',
  'params',
  'limit',
  'period',
  'volatile',
  'definition',
] as const satisfies readonly (keyof Manifest)[];

/**
 * A function that compares a manifest with a fresh read. One read serves all files of a run that have the same columns and the
 * same split.
 * It throws ReportError `usage` when there is no such report, `definition`, `source`.
 */
export function freshComparison(options: FreshOptions): (manifest: Manifest) => Promise<Difference[]> {
  const reads = new Map<string, Promise<Parts>>();
  return async (manifest) => {
    const report = await loadReport(manifest.report, options.folder);
    const { definition: recorded, params: values } = manifest;
    const changed = isDefinition(recorded, report, values)
      ? []
      : compare('definition', recorded, definitionHash(report, values));
    let request: Request;
    try {
      request = requestFor(report, manifest);
    } catch (error) {
      if (changed.length === 0) throw error;
      return [
        ...changed,
        { what: 'source', expected: 'a report that can be read so', found: messageOf(error) },
      ];
    }
    const { split = {} } = manifest;
    const identity = JSON.stringify([...ASKED.map((field) => manifest[field]), Object.keys(split)]);
    const fresh =
      reads.get(identity) ?? options.withSources(report, (sources) => read(sources, request, manifest));
    reads.set(identity, fresh);
    const parts = await fresh;
    const found = parts.get(JSON.stringify(split));
    if (found === undefined) return [...changed, ...compare('source rows', manifest.rows, 0)];
    const { rows, totals, content } = found;
    return [
      ...changed,
      ...compare('source rows', manifest.rows, rows),
      ...compareEach(
        'source total',
        withoutVolatile(manifest.totals, manifest),
        withoutVolatile(totals, manifest),
      ),
      // An ad-hoc export has no hash of its content.
      ...compare('source content', manifest.content ?? content, content),
    ];
  };
}

/** The request that made the file. @throws ReportError `usage` when the report does not take it any more */
function requestFor(
  report: Report,
  { filters, where, orderBy, params, columns, limit, period, timezone, started }: Manifest,
): Request {
  // Words such as `yesterday` are relative to the day of the run.
  const today = todayIn(timezone, Date.parse(started));
  const rebuilt = Object.entries(filters).map(([word, values]): Filter => {
    return word === 'date' && period !== null
      ? periodFilter(period, timezone)
      : filterOf(report, word, values, today);
  });
  const declared = Object.entries(params);
  return requestOf(report, {
    filters: rebuilt,
    params: Object.fromEntries(declared),
    columns: columns.map(({ name }) => name),
    masks: Object.fromEntries(
      columns.flatMap(({ name, mask }) => (mask === undefined ? [] : [[name, mask]])),
    ),
    where: where?.map((text) => parseCondition(report, text, today)),
    orderBy,
    limit,
  });
}

async function read(sources: readonly Source[], request: Request, manifest: Manifest): Promise<Parts> {
  const prepared = await prepareAll(sources, request);
  const by = Object.keys(manifest.split ?? {});
  if (by.length === 0) return new Map([[NO_VALUES, await counted(batchesOf(prepared), request, manifest)]]);
  const spool = new Spool(request.columns, by);
  try {
    await spool.take(batchesOf(prepared));
    const parts = new Map<string, Fresh>();
    for (const [part, values] of spool.parts.entries()) {
      const split = Object.fromEntries(by.map((name, index) => [name, values[index] ?? null]));
      parts.set(JSON.stringify(split), await counted(spool.batches(part), request, manifest));
    }
    return parts;
  } finally {
    await spool.close();
  }
}

async function* batchesOf(prepared: readonly Prepared[]): AsyncGenerator<Batch> {
  for (const each of prepared) yield* each.read();
}

async function counted(
  batches: AsyncIterable<Batch>,
  { columns }: Request,
  { totals, volatile }: Manifest,
): Promise<Fresh> {
  const counter = new RowCounter(columns, Object.keys(totals));
  const content = new ContentHash(columns, volatile);
  for await (const batch of batches) {
    counter.add(batch);
    content.add(batch);
  }
  return { rows: counter.rows, totals: counter.totals(), content: content.digest() };
}

function withoutVolatile(totals: Manifest['totals'], { volatile }: Manifest): Manifest['totals'] {
  return Object.fromEntries(Object.entries(totals).filter(([name]) => !volatile.includes(name)));
}
