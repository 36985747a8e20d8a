// The one sentence that joins them: sources, filters, writers, destinations.
import pLimit from 'p-limit';
import { broadcast } from './broadcast.js';
import { assertCapacity } from './capacity.js';
import { type Observer, RowCounter } from './counters.js';
import type { Batch, Prepared, Request, Source } from './table.js';
import { discardAll, type FilledTarget, fill, type Target } from './target.js';
import { type Span, tracedFlow } from './trace.js';

export interface ExportPlan {
  readonly request: Request;
  /** Read in this order, one after the other, into one table. */
  readonly sources: readonly Source[];
  /** Names of integer or decimal columns to sum. */
  readonly totals: readonly string[];
  readonly observers?: readonly Observer[];
  /** All are fed from one read. */
  readonly targets: readonly Target[];
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
  const { request, targets, observers = [] } = plan;
  const prepared = await prepareAll(plan.sources, request);
  await assertCapacity(prepared, targets);
  const counter = new RowCounter(request.columns, plan.totals);
  let bytes = 0;
  const progress = { add: () => plan.onProgress?.({ rows: counter.rows, bytes }) };
  const rows = observed(prepared, [counter, ...observers, progress]);
  const read = tracedFlow(plan.span, 'source', rows, () => ({ rows: counter.rows }));
  const { readers, fail } = broadcast(read, targets.length);
  const staged: Pick<FilledTarget, 'staged'>[] = [];
  const failures: unknown[] = [];
  const files: FilledTarget[] = [];
  await Promise.all(
    targets.map(async (target, index) => {
      const table = { columns: request.columns, batches: readers[index] ?? observed([], []) };
      try {
        files[index] = await fill(target, table, {
          span: plan.span,
          onStaged: (one) => staged.push({ staged: one }),
          onBytes: (written) => {
            bytes = written;
          },
        });
      } catch (error) {
        failures.push(error);
        await fail(error);
      }
    }),
  );
  if (failures.length > 0) throw await discardAll(staged, failures[0]);
  const notes = prepared.flatMap((source) => source.notes?.() ?? []);
  return { rows: counter.rows, totals: counter.totals(), nulls: counter.nulls(), files, notes };
}

async function* observed(
  prepared: readonly Prepared[],
  observers: readonly Observer[],
): AsyncGenerator<Batch> {
  for (const source of prepared) {
    for await (const batch of source.read()) {
      for (const observer of observers) await observer.add(batch);
      yield batch;
    }
  }
}
