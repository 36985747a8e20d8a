// The one sentence that joins them: sources, filters, writers, destinations.
import pLimit from 'p-limit';
import { broadcast } from './broadcast.js';
import { RowCounter } from './counters.js';
import type { Batch, Prepared, Request, Source } from './table.js';
import { discardAll, type FilledTarget, fill, type Output, publishAll, type Target } from './target.js';

export interface ExportPlan {
  readonly request: Request;
  /** Read in this order, one after the other, into one table. */
  readonly sources: readonly Source[];
  readonly totals: readonly string[];
  /** All are fed from one read. */
  readonly targets: readonly Target[];
  /** Called with the finished count before anything becomes visible; throws to refuse. */
  readonly gate: (rows: number) => void;
  readonly onProgress?: (progress: { readonly rows: number; readonly bytes: number }) => void;
}

export interface ExportResult {
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  readonly outputs: readonly Output[];
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
 * Reads once, writes every target, and publishes them together after the gate has passed.
 * Whatever goes wrong before that, nothing is visible anywhere and everything staged is discarded.
 * @throws ReportError of the part that failed first
 */
export async function exportReport(plan: ExportPlan): Promise<ExportResult> {
  const prepared = await prepareAll(plan.sources, plan.request);
  const counter = new RowCounter(plan.request.columns, plan.totals);
  const { readers, fail } = broadcast(counter.count(inTurn(prepared)), plan.targets.length);
  const failures: unknown[] = [];
  const filled: FilledTarget[] = [];
  await Promise.all(
    plan.targets.map(async (target, index) => {
      const table = { columns: plan.request.columns, batches: readers[index] ?? inTurn([]) };
      try {
        filled[index] = await fill(target, table, (bytes) =>
          plan.onProgress?.({ rows: counter.rows, bytes }),
        );
      } catch (error) {
        failures.push(error);
        await fail(error);
      }
    }),
  );
  try {
    if (failures.length > 0) throw failures[0];
    plan.gate(counter.rows);
  } catch (error) {
    const staged = Object.values(filled).map((target) => target.staged);
    throw await discardAll(staged, error);
  }
  const notes = prepared.flatMap((source) => source.notes?.() ?? []);
  return { rows: counter.rows, totals: counter.totals(), outputs: await publishAll(filled), notes };
}

async function* inTurn(prepared: readonly Prepared[]): AsyncGenerator<Batch> {
  for (const source of prepared) yield* source.read();
}
