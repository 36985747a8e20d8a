// Which closed periods of a report are published, and what is wrong with the others, from what the destination holds.
import pLimit from 'p-limit';
import {
  addDays,
  compactDate,
  instantAt,
  lastClosedPeriods,
  type Period,
  periodContaining,
  periodsBetween,
  todayIn,
} from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import type { Report } from '../reports/report.js';
import { bookkeepingFiles, periodKeys } from './bookkeeping.js';
import { damageOf } from './damage.js';
import type { RunRecord } from './documents.js';
import { LEASE_LIFE_MS } from './lease/files.js';
import { isUnfinished, type PeriodState, readState } from './period-state.js';
import { strayFiles } from './strays.js';

/**
 * `published`; `restated`: published again; `empty`: published without a file, because there were no rows; `running`: its
 * lease is alive; `missing`; `unfinished`: started, and no run is working on it; `damaged`: a file of the record is gone or
 * has other bytes. With `expect-by` a missing period is `due` up to that instant and `late` after it, and so is one that is still
 * `running` then.
 */
export type PeriodStatus =
  | 'published'
  | 'restated'
  | 'empty'
  | 'running'
  | 'due'
  | 'missing'
  | 'late'
  | 'unfinished'
  | 'damaged';

/** The statuses that somebody must act on. */
export const FAULTS: readonly PeriodStatus[] = ['missing', 'late', 'unfinished', 'damaged'];

export interface PeriodLine {
  readonly report: string;
  readonly period: Period;
  readonly status: PeriodStatus;
  /** By when the report expects it to be published: ISO 8601, UTC. */
  readonly expectedBy?: string;
  /** From the run record, where there is one. */
  readonly rows?: number;
  /** ISO 8601, UTC. */
  readonly finished?: string;
  readonly revision?: number;
  /** What was found, or what the restatement was for; may be empty. */
  readonly detail: string;
}

export interface StatusOptions {
  readonly destination: Destination;
  /** Epoch milliseconds. */
  readonly now: number;
  /** A day of the first period to list; by default the last seven periods, from the first one that was started. */
  readonly since: string | undefined;
}

/** How many periods are listed by default. */
const DEFAULT_PERIODS = 7;
/** How many periods, and files of a period, are looked up at the same time. */
const MAX_PARALLEL_LOOKUPS = 8;

/** The status of each period in order, up to the last closed one. @throws ReportError `destination` */
export async function statusOf(report: Report, options: StatusOptions): Promise<PeriodLine[]> {
  const { destination, now } = options;
  const started = await startedPeriods(report, destination);
  const limit = pLimit(MAX_PARALLEL_LOOKUPS);
  return limit.map(periodsOf(report, started, options), async (period): Promise<PeriodLine> => {
    const found = started.get(compactDate(period.lastDay));
    const finding: PeriodFinding =
      found === undefined
        ? { status: 'missing', detail: '' }
        : await statusFromDestination(report, period, found, destination);
    return { report: report.name, period, ...withDeadline(finding, expectedBy(report, period), now) };
  });
}

/** When a period must be published, in epoch milliseconds; undefined without `expect-by`. */
function expectedBy({ expectBy, timezone }: Report, { lastDay }: Period): number | undefined {
  return expectBy && instantAt(addDays(lastDay, expectBy.days), expectBy.time, timezone);
}

/** The status in view of the deadline: a period without a run record is late from that instant on. */
function withDeadline(finding: PeriodFinding, expected: number | undefined, now: number): FindingInTime {
  if (expected === undefined) return finding;
  const line = { ...finding, expectedBy: new Date(expected).toISOString() };
  const isLate = now >= expected;
  if (finding.status === 'missing') return { ...line, status: isLate ? 'late' : 'due' };
  if (finding.status !== 'running' || finding.revision !== undefined || !isLate) return line;
  return { ...line, status: 'late', detail: 'still running' };
}

/** A period of which the bookkeeping has a record, a note or a lease. */
export interface StartedPeriod {
  /** Whether it has a run record, and no note of an unfinished run. */
  readonly isPublished: boolean;
  /** Milliseconds since the lease was taken or renewed, where there is one. */
  readonly leaseAge: number | undefined;
}

/**
 * Every period that was started, by its last day as YYYYMMDD: from one listing.
 * @throws ReportError `destination`
 */
export async function startedPeriods(
  report: Report,
  destination: Destination,
): Promise<Map<string, StartedPeriod>> {
  const started = new Map<string, StartedPeriod>();
  for await (const { date, kind, age } of bookkeepingFiles(destination, report.name)) {
    const { isPublished = false, leaseAge } = started.get(date) ?? {};
    // The record of a date is listed before its note.
    started.set(date, {
      isPublished: kind === 'record' || (isPublished && kind !== 'pending'),
      leaseAge: kind === 'lease' ? age : leaseAge,
    });
  }
  return started;
}

function periodsOf(
  report: Report,
  started: ReadonlyMap<string, StartedPeriod>,
  { now, since }: StatusOptions,
): Period[] {
  const latest = lastClosedPeriods(report.period, todayIn(report.timezone, now), DEFAULT_PERIODS);
  const last = latest.slice(-1);
  // A snapshot has no past dates.
  if (report.filters.date === undefined) return last;
  if (since !== undefined) {
    const { from } = periodContaining(report.period, since);
    return last.flatMap(({ from: end, lastDay }) =>
      from > end ? [] : periodsBetween(report.period, from, lastDay),
    );
  }
  const [earliest] = [...started.keys()].sort();
  const known = latest.filter(({ lastDay }) => earliest !== undefined && compactDate(lastDay) >= earliest);
  return known.length === 0 ? last : known;
}

type FindingInTime = Omit<PeriodLine, 'report' | 'period'>;
type PeriodFinding = Omit<FindingInTime, 'expectedBy'>;

async function statusFromDestination(
  report: Report,
  period: Period,
  { leaseAge }: StartedPeriod,
  destination: Destination,
): Promise<PeriodFinding> {
  const keys = periodKeys(report.name, period);
  let state: PeriodState;
  try {
    state = await readState(destination, keys);
  } catch (error) {
    if (error instanceof ReportError && error.code === 'contract') {
      return { status: 'damaged', detail: error.message };
    }
    throw error;
  }
  const { record, pending } = state;
  const isAlive = leaseAge !== undefined && leaseAge <= LEASE_LIFE_MS;
  if (record === undefined || isUnfinished(state)) {
    const toRevision =
      pending !== undefined && record !== undefined ? ` to revision ${pending.revision}` : '';
    if (isAlive)
      return {
        status: 'running',
        ...recordFields(record),
        detail: toRevision === '' ? '' : `restating${toRevision}`,
      };
    const left = pending === undefined ? keys.lease : keys.pending;
    const what = toRevision === '' ? 'a run' : `a restatement${toRevision}`;
    return {
      status: 'unfinished',
      ...recordFields(record),
      detail: `${what} stopped before its run record, leaving ${left}`,
    };
  }
  if (record.period.from !== period.from || record.period.to !== period.to) {
    const { kind, from } = record.period;
    return { status: 'missing', detail: `${keys.record} is of the ${kind} from ${from}` };
  }
  const [damage] = await damageOf(record, destination);
  const wrong = damage ?? (await strayOf(state, destination));
  if (wrong !== undefined) return { status: 'damaged', ...recordFields(record), detail: wrong };
  if (record.restated !== undefined) {
    const { reason, by, rows } = record.restated;
    return {
      status: 'restated',
      ...recordFields(record),
      detail: `${reason} (${by}; rows ${rows.before} to ${rows.after})`,
    };
  }
  return { status: record.outputs.length === 0 ? 'empty' : 'published', ...recordFields(record), detail: '' };
}

function recordFields(record: RunRecord | undefined): Pick<PeriodLine, 'rows' | 'finished' | 'revision'> {
  if (record === undefined) return {};
  const { rows, finished, revision } = record;
  return { rows, finished, revision };
}

/** The first file that a run made visible after it had lost its lease; undefined when there is none. */
async function strayOf(state: PeriodState, destination: Destination): Promise<string | undefined> {
  const [stray] = await strayFiles(state, destination);
  return stray && `${stray.key} is not in the run record; the next run of the period removes it`;
}
