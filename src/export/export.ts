// An export in one sentence: sources, through filters, into writers, to destinations.
import pLimit from 'p-limit';
import type { Prepared, Request, Source } from '../core/source.js';
import type { Batch, Column, Offset } from '../core/table.js';
import { iterateInSpan, type Span } from '../core/trace.js';
import { readByAll } from '../rows/broadcast.js';
import { type Observer, observed, RowCounter } from '../rows/counters.js';
import { OffsetCounter } from '../rows/offset-counter.js';
import { assertCapacity } from './capacity.js';
import { type Split, SplitStage } from './split.js';
import { discardAll, type FilledTarget, fill, type Target } from './target.js';

export interface ExportPlan {
  readonly request: Request;
  /** Read in this order, one after the other, into one table. */
  readonly sources: readonly Source[];
  /** Names of integer or decimal columns to sum. */
  readonly totals: readonly string[];
  readonly observers?: readonly Observer[];
  /** The files of all rows; every file is written from the one read. */
  readonly targets: readonly Target[];
  /** The files of each part, from the same read. */
  readonly splits?: readonly Split[];
  /** Called for every batch, with the bytes written so far. */
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
  /** Timestamp column to whether its values have an offset; absent where that is not known. */
  readonly offsets: Readonly<Record<string, Offset>>;
  /** Those of the request, with what the sources say of them. */
  readonly columns: readonly Column[];
  /** The files of the targets in their order, then those of the parts. */
  readonly files: readonly FilledTarget[];
  /** What the sources noticed about their data, one line each. */
  readonly notes: readonly string[];
}

/** How many sources are described at the same time. */
const MAX_PARALLEL_DESCRIBES = 4;

/** Describes the request in every source. @throws ReportError `contract` or `source` */
export function prepareAll(sources: readonly Source[], request: Request): Promise<Prepared[]> {
  return pLimit(MAX_PARALLEL_DESCRIBES).map(sources, (source) => source.prepare(request));
}

/**
 * Reads once and stages every target. Whatever goes wrong, everything staged is discarded.
 * @throws ReportError of the part that failed first
 */
export async function stageReport(plan: ExportPlan): Promise<StagedReport> {
  const { request, targets, observers = [], splits = [], span } = plan;
  const prepared = await prepareAll(plan.sources, request);
  const columns = describedColumns(request.columns, prepared);
  await assertCapacity(prepared, targets);
  const counter = new RowCounter(columns, plan.totals);
  const offsetCounter = new OffsetCounter(
    columns,
    prepared.map(({ offsets }) => offsets),
  );
  const staged: Pick<FilledTarget, 'staged'>[] = [];
  const onStaged = (one: FilledTarget['staged']) => void staged.push({ staged: one });
  const splitStages = splits.map(
    (split) => new SplitStage(split, { columns, totals: plan.totals, onStaged }),
  );
  let bytes = 0;
  const onBytes = (written: number) => {
    bytes = written;
  };
  const progress = { add: () => plan.onProgress?.({ rows: counter.rows, bytes }) };
  const rows = observed(readAll(prepared), [counter, offsetCounter, ...observers, progress]);
  const read = iterateInSpan(span, 'source', rows, () => ({ rows: counter.rows }));
  const files: FilledTarget[] = [];
  try {
    await readByAll(read, [
      ...targets.map((target, index) => async (batches: AsyncIterable<Batch>) => {
        files[index] = await fill(target, { columns, batches }, { span, onStaged, onBytes });
      }),
      ...splitStages.map((splitStage) => (batches: AsyncIterable<Batch>) => splitStage.take(batches)),
    ]);
    const whole = { rows: counter.rows, totals: counter.totals(), nulls: counter.nulls() };
    for (const splitStage of splitStages) files.push(...(await splitStage.finish(whole)));
  } catch (error) {
    for (const splitStage of splitStages) await splitStage.stop(error);
    throw await discardAll(staged, error);
  } finally {
    for (const splitStage of splitStages) await splitStage.close();
  }
  const notes = prepared.flatMap((source) => source.notes?.() ?? []);
  return {
    rows: counter.rows,
    totals: counter.totals(),
    nulls: counter.nulls(),
    offsets: offsetCounter.offsets(),
    columns,
    files,
    notes,
  };
}

/** A column is floating point when it is so in any of the sources. */
function describedColumns(columns: readonly Column[], prepared: readonly Prepared[]): readonly Column[] {
  const floats = new Set(prepared.flatMap((each) => (each.floats ?? []).map(({ name }) => name)));
  return columns.map((column) => (floats.has(column.name) ? { ...column, float: true } : column));
}

async function* readAll(prepared: readonly Prepared[]): AsyncGenerator<Batch> {
  for (const source of prepared) yield* source.read();
}
