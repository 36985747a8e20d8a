// One report, one closed period and rows in memory: what runPeriod is tested with.

import { randomUUID } from 'node:crypto';
import { periodContaining } from '../../src/core/calendar.js';
import type { Destination } from '../../src/core/destination.js';
import { Effect } from '../../src/core/effect.js';
import type { Source } from '../../src/core/source.js';
import type { Batch, Cell } from '../../src/core/table.js';
import { newToken, type RunOptions, type RunOutcome, runPeriod } from '../../src/publish/run-period.js';
import { parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { requestOf } from '../../src/reports/request.js';
import { copyTextBatch } from './copy-text.js';

const PERIOD = periodContaining('day', '2024-10-05');
export const RECORD = '_reportctl/vendas/20241005.json';
export const LEASE = '_reportctl/vendas/20241005.lease';
export const PENDING = '_reportctl/vendas/20241005.pending.json';
export const HISTORY = '_reportctl/vendas/history/20241005/';

/** Of a column that differs at every read, a text, and a decimal that is summed. @param more lines of its definition */
export function reportOf(
  outputs: readonly string[] = ['{ format: csv, key: "r_{YYYYMMDD}.csv" }'],
  more = '',
): Report {
  const definition = `source: vendas
columns: { quando: timestamp, texto: text, valor: decimal }
volatile: [quando]
totals: [valor]
${more}
outputs: [${outputs.join(', ')}]`;
  return parseReport('queries/vendas.sql', `/*---\n${definition}\n---*/\nSELECT 1\n`);
}

export type Row = readonly [texto: Cell, valor: Cell];

/** Batches of the rows. @param quando the value in the volatile column; another at every call unless told */
export function batchesOf(rows: readonly Row[], quando: string = randomUUID()): Batch[] {
  if (rows.length === 0) return [];
  return [copyTextBatch(rows.map(([texto, valor]) => [quando, texto, valor]))];
}

export function sourceOf(read: () => AsyncIterable<Batch> | Iterable<Batch>): Source {
  return {
    label: 'rows in memory',
    prepare: async () => ({
      statement: '',
      pushedDown: true,
      estimate: async () => ({ rows: 0, rowBytes: 0 }),
      filterPlans: async () => [],
      funnel: async () => [],
      trace: async () => ({ found: 0, selected: 0, filters: [], rows: [] }),
      async *read() {
        yield* read();
      },
    }),
    ask: async () => ({ isReady: true, text: 'true' }),
    outline: async () => ({ query: '', columns: [], key: [], notes: [] }),
    close: async () => {},
  };
}

export type Open = (options: {
  readonly token: string;
  readonly signal: AbortSignal;
}) => Promise<Destination>;

export interface PeriodRun {
  readonly report?: Report;
  readonly rows?: readonly Row[];
  /** Instead of rows. It is closed at the end. */
  readonly source?: Source | (() => Promise<Source>);
  /** The reason. */
  readonly restate?: string;
  readonly quarantine?: boolean;
  readonly signal?: AbortSignal;
  readonly token?: string;
  readonly effect?: Effect;
  readonly warn?: RunOptions['warn'];
  /** Called when the rows are read. */
  readonly onRead?: () => void | Promise<void>;
}

/** Runs the report once at a destination that is opened for this run, as the command does. */
export async function runAt(open: Open, run: PeriodRun = {}): Promise<RunOutcome> {
  const { report = reportOf(), rows = [['um', '1.50']], token = newToken(), restate } = run;
  const { signal = new AbortController().signal } = run;
  const { source: given = sourceOf(() => batchesOf(rows)) } = run;
  const [destination, afterInterrupt] = await Promise.all([
    open({ token, signal }),
    open({ token, signal: new AbortController().signal }),
  ]);
  try {
    return await runPeriod({
      report,
      period: PERIOD,
      request: requestOf(report, { filters: [], params: {} }),
      destination,
      afterInterrupt,
      token,
      restating: restate === undefined ? undefined : { reason: restate, by: 'ana@servidor' },
      quarantine: run.quarantine,
      signal,
      effect: run.effect ?? new Effect(),
      warn: run.warn ?? (() => {}),
      withSources: async (work) => {
        const source = typeof given === 'function' ? await given() : given;
        try {
          await run.onRead?.();
          const result = await work([source]);
          await source.close();
          return result;
        } catch (error) {
          await source.close().catch(() => undefined);
          throw error;
        }
      },
    });
  } finally {
    await Promise.all([destination.close(), afterInterrupt.close()]);
  }
}
