// The one sentence that joins them: sources, filters, writers, destinations.
import pLimit from 'p-limit';
import type { Prepared, Request, Source } from '../core/source.js';
import type { Batch } from '../core/table.js';
import { iterateInSpan, type Span } from '../core/trace.js';
import { shared } from '../rows/broadcast.js';
import { type Observer, observed, RowCounter } from '../rows/counters.js';
import { assertCapacity } from './capacity.js';
import { type Split, Splitting } from './split.js';
import { discardAll, type FilledTarget, fill, type Target } from './target.js';

export interface ExportPlan {
  readonly request: Request;
  /** Read in this order, one after the other, into one table. */
  readonly sources: readonly Source[];
  /** Names of integer or decimal columns to sum. */
  readonly totals: readonly string[];
  readonly observers?: readonly Observer[];
  /** All are fed from one read. */
  readonly targets: readonly Target[];
  /** … and so are the parts of these. */
  readonly splits?: readonly Split[];
  /** Called for every batch, with the bytes that were written until then. */
  readonly onProgress?: (progress: { readonly rows: number; readonly bytes: number }) => void;
  readonly span?: Span;
}

/** Every row was read and every byte is staged; nothing of it is visible. */
export interface StagedReport {
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** Column name to the number of its nulls. */
  readonly nulls: Readonly<Record<string, number>>;
  /** Those of the targets in their order, then the parts. */
  readonly files: readonly FilledTarget[];
  /** What the sources noticed of their data, one line each. */
  readonly notes: readonly string[];
}

/** How many sources are described at the same time. */
const DESCRIBING = 4;

/** Describes the request in every source. @throws ReportError `contract` or `source` */
export function prepareAll(sources: readonly Source[], request: Request): Promise<Prepared[]> {
  return pLimit(DESCRIBING).map(sources, (source) => source.prepare(request));
}

/**
 * Reads once and stages every target. Whatever goes wrong, everything staged is discarded.
 * @throws ReportError of the part that failed first
 */
export async function stageReport(plan: ExportPlan): Promise<StagedReport> {
  const { request, targets, observers = [], splits = [], span } = plan;
  const { columns } = request;
  const prepared = await prepareAll(plan.sources, request);
  await assertCapacity(prepared, targets);
  const counter = new RowCounter(columns, plan.totals);
  const staged: Pick<FilledTarget, 'staged'>[] = [];
  const onStaged = (one: FilledTarget['staged']) => void staged.push({ staged: one });
  const splittings = splits.map((split) => new Splitting(split, { columns, totals: plan.totals, onStaged }));
  let bytes = 0;
  const onBytes = (written: number) => {
    bytes = written;
  };
  const progress = { add: () => plan.onProgress?.({ rows: counter.rows, bytes }) };
  const rows = observed(readAll(prepared), [counter, ...observers, progress]);
  const read = iterateInSpan(span, 'source', rows, () => ({ rows: counter.rows }));
  const files: FilledTarget[] = [];
  try {
    await shared(read, [
      ...targets.map((target, index) => async (batches: AsyncIterable<Batch>) => {
        files[index] = await fill(target, { columns, batches }, { span, onStaged, onBytes });
      }),
      ...splittings.map((splitting) => (batches: AsyncIterable<Batch>) => splitting.take(batches)),
    ]);
    const whole = { rows: counter.rows, totals: counter.totals(), nulls: counter.nulls() };
    for (const splitting of splittings) files.push(...(await splitting.finish(whole)));
  } catch (error) {
    for (const splitting of splittings) await splitting.stop(error);
    throw await discardAll(staged, error);
  } finally {
    for (const splitting of splittings) await splitting.close();
  }
  const notes = prepared.flatMap((source) => source.notes?.() ?? []);
  return { rows: counter.rows, totals: counter.totals(), nulls: counter.nulls(), files, notes };
}

async function* readAll(prepared: readonly Prepared[]): AsyncGenerator<Batch> {
  for (const source of prepared) yield* source.read();
}
