// Estimates how long a read takes from the report's last published run.
import { withDestination } from '../../destinations/for-session.js';
import { bookkeepingFolder } from '../../publish/bookkeeping.js';
import { startedPeriods } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import { readRecord } from '../../verify/verify.js';
import type { CommandSession } from '../shared/context.js';
import { formatRows } from '../shared/print.js';

/** A published run. */
export interface PastRun {
  /** `YYYY-MM-DD`, the last day of its period. */
  readonly lastDay: string;
  readonly rows: number;
  /** From its start to its run record. */
  readonly seconds: number;
}

/** Short, because only the estimate of the time depends on the destination. */
const DESTINATION_TIMEOUT_MS = 3_000;

/** The run of the last published period; undefined when there is none or the destination does not answer. @throws the session's abort reason */
export async function lastRun(report: Report, session: CommandSession): Promise<PastRun | undefined> {
  const { signal } = session;
  const lookupSignal = AbortSignal.any([signal, AbortSignal.timeout(DESTINATION_TIMEOUT_MS)]);
  try {
    return await withDestination(
      session,
      async (destination) => {
        const started = [...(await startedPeriods(report, destination))];
        const published = started.filter(([, { isPublished }]) => isPublished).map(([date]) => date);
        const newest = published.sort().at(-1);
        if (newest === undefined) return undefined;
        const record = await readRecord(destination, `${bookkeepingFolder(report.name)}${newest}.json`);
        if (record === undefined || typeof record === 'string') return undefined;
        const seconds = (Date.parse(record.finished) - Date.parse(record.started)) / 1000;
        return { lastDay: record.period.lastDay, rows: record.rows, seconds };
      },
      { signal: lookupSignal },
    );
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** With fewer rows, connecting and publishing take most of the time, so the run says nothing about rows a second. */
const MIN_ROWS_FOR_RATE = 10_000;

export interface TimeEstimate {
  /** Undefined when no published run allows an estimate. */
  readonly seconds: number | undefined;
  /** The run that the estimate is based on, or why there is no estimate. */
  readonly basis: string;
}

/** @param rows that the read is expected to return */
export function estimateTime(rows: number, run: PastRun | undefined): TimeEstimate {
  if (run === undefined) return { seconds: undefined, basis: 'no published run to estimate from' };
  const { seconds, lastDay } = run;
  const past = `the run of ${lastDay} (${formatRows(run.rows)} in ${seconds.toFixed(1)} s)`;
  if (run.rows >= MIN_ROWS_FOR_RATE && seconds > 0)
    return { seconds: (seconds * rows) / run.rows, basis: `as fast as ${past}` };
  if (rows <= run.rows) return { seconds, basis: `no longer than ${past}` };
  return { seconds: undefined, basis: `${past} was too small to estimate from` };
}
