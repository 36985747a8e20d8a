// How long a read may take, by what the last published run of the report took.
import { withDestination } from '../../destinations/for-session.js';
import { bookkeepingFolder } from '../../publish/bookkeeping.js';
import { startedPeriods } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import { readRecord } from '../../verify/verify.js';
import type { CommandSession } from '../shared/context.js';
import { formatRows } from '../shared/print.js';

/** Of a run that was published, from beginning to end. */
export interface PastRun {
  /** `YYYY-MM-DD`, the last day of its period. */
  readonly lastDay: string;
  readonly rows: number;
  readonly seconds: number;
}

/** A destination that says nothing for so long (milliseconds) is not waited for: it is only about an estimate. */
const PATIENCE = 3_000;

/** The run of the last published period; undefined when there is none or the destination cannot be asked. */
export async function lastRun(report: Report, session: CommandSession): Promise<PastRun | undefined> {
  const { signal } = session;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  try {
    return await withDestination(
      session,
      async (destination) => {
        const begun = [...(await startedPeriods(report, destination))];
        const last = begun.filter(([, { isPublished }]) => isPublished).map(([date]) => date);
        const newest = last.sort().at(-1);
        if (newest === undefined) return undefined;
        const record = await readRecord(destination, `${bookkeepingFolder(report.name)}${newest}.json`);
        if (record === undefined || typeof record === 'string') return undefined;
        const seconds = (Date.parse(record.finished) - Date.parse(record.started)) / 1000;
        return { lastDay: record.period.lastDay, rows: record.rows, seconds };
      },
      { signal: limited },
    );
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Fewer rows than that take as long as connecting and publishing do, and tell nothing of how fast rows come. */
const ENOUGH_ROWS = 10_000;

export interface TimeEstimate {
  /** Undefined when there is nothing to judge it by. */
  readonly seconds: number | undefined;
  /** What it is judged by, or why it is not. */
  readonly basis: string;
}

export function estimatedTime(rows: number, run: PastRun | undefined): TimeEstimate {
  if (run === undefined) return { seconds: undefined, basis: 'no published run to judge it by' };
  const { seconds, lastDay } = run;
  const past = `the run of ${lastDay} (${formatRows(run.rows)} in ${seconds.toFixed(1)} s)`;
  if (run.rows >= ENOUGH_ROWS && seconds > 0)
    return { seconds: (seconds * rows) / run.rows, basis: `as fast as ${past}` };
  if (rows <= run.rows) return { seconds, basis: `no longer than ${past}` };
  return { seconds: undefined, basis: `${past} was too small to judge it by` };
}
