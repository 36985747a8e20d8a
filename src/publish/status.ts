// Which closed periods of a report are published, and what is wrong with the others: from what the destination holds alone.
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
import type { RunRecord } from './documents.js';
import { LEASE_LIFE } from './lease.js';
import { bookFolder, isUnfinished, type PeriodState, periodKeys, readState } from './period-state.js';

/**
 * `published`, `restated` (once more), `empty` (published without a file, because there were no rows), `running` (its lease
 * is alive), `missing`, `unfinished` (begun, and nothing is at work on it), `damaged` (a file of the record is gone or
 * another). With `expect-by` a missing period is `due` up to that instant and `late` after it, and so is one that is still
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

/** What somebody has to do something about. */
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
  /** A day of the first period to tell of; by default one of the last seven periods, as far as any was begun. */
  readonly since: string | undefined;
}

/** How many periods are told of by default. */
const USUAL = 7;
/** How many periods are looked at, and files asked for, at the same time. */
const AT_ONCE = 8;

/** In order, up to the last closed period. @throws ReportError `destination` */
export async function statusOf(report: Report, options: StatusOptions): Promise<PeriodLine[]> {
  const { destination, now } = options;
  const begun = await begunPeriods(report, destination);
  const limit = pLimit(AT_ONCE);
  return limit.map(periodsOf(report, begun, options), async (period): Promise<PeriodLine> => {
    const found = begun.get(compactDate(period.lastDay));
    const judgement: Judgement =
      found === undefined
        ? { status: 'missing', detail: '' }
        : await judged(report, period, found, destination);
    return { report: report.name, period, ...timed(judgement, expectedBy(report, period), now) };
  });
}

/** By when a period is to be published, in epoch milliseconds; undefined where the report does not say. */
function expectedBy({ expectBy, timezone }: Report, { lastDay }: Period): number | undefined {
  return expectBy && instantAt(addDays(lastDay, expectBy.days), expectBy.time, timezone);
}

/** What it means at this time: a period without a run record is a fault from the instant on by which it was expected. */
function timed(judgement: Judgement, expected: number | undefined, now: number): Timed {
  if (expected === undefined) return judgement;
  const line = { ...judgement, expectedBy: new Date(expected).toISOString() };
  const isLate = now >= expected;
  if (judgement.status === 'missing') return { ...line, status: isLate ? 'late' : 'due' };
  if (judgement.status !== 'running' || judgement.revision !== undefined || !isLate) return line;
  return { ...line, status: 'late', detail: 'still running' };
}

export interface Begun {
  /** Has it a run record, and no note of a run that did not come to its end? */
  readonly isPublished: boolean;
  /** Milliseconds since the lease was taken or renewed, where there is one. */
  readonly leaseAge: number | undefined;
}

/**
 * By their last day as YYYYMMDD, every period that has a record, a note or a lease: from one listing.
 * @throws ReportError `destination`
 */
export async function begunPeriods(report: Report, destination: Destination): Promise<Map<string, Begun>> {
  const folder = bookFolder(report.name);
  const begun = new Map<string, Begun>();
  for await (const { key, age } of destination.list(folder)) {
    const name = key.slice(folder.length);
    // Digits come first; the history, which may be long, after them.
    if (name > ':') break;
    const [, date, ending] = /^(\d{8})\.(json|lease|pending\.json)$/.exec(name) ?? [];
    if (date === undefined) continue;
    const { isPublished = false, leaseAge } = begun.get(date) ?? {};
    // A note comes after the record of its period, since `p` comes after `j`.
    begun.set(date, {
      isPublished: ending === 'json' || (isPublished && ending !== 'pending.json'),
      leaseAge: ending === 'lease' ? age : leaseAge,
    });
  }
  return begun;
}

function periodsOf(
  report: Report,
  begun: ReadonlyMap<string, Begun>,
  { now, since }: StatusOptions,
): Period[] {
  const latest = lastClosedPeriods(report.period, todayIn(report.timezone, now), USUAL);
  const last = latest.slice(-1);
  // A snapshot has no past dates.
  if (report.filters.date === undefined) return last;
  if (since !== undefined) {
    const { from } = periodContaining(report.period, since);
    return last.flatMap(({ from: end, lastDay }) =>
      from > end ? [] : periodsBetween(report.period, from, lastDay),
    );
  }
  const [earliest] = [...begun.keys()].sort();
  const known = latest.filter(({ lastDay }) => earliest !== undefined && compactDate(lastDay) >= earliest);
  return known.length === 0 ? last : known;
}

type Timed = Omit<PeriodLine, 'report' | 'period'>;
type Judgement = Omit<Timed, 'expectedBy'>;

async function judged(
  report: Report,
  period: Period,
  { leaseAge }: Begun,
  destination: Destination,
): Promise<Judgement> {
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
  const isAlive = leaseAge !== undefined && leaseAge <= LEASE_LIFE;
  if (record === undefined || isUnfinished(state)) {
    const toRevision =
      pending !== undefined && record !== undefined ? ` to revision ${pending.revision}` : '';
    if (isAlive)
      return { status: 'running', ...of(record), detail: toRevision === '' ? '' : `restating${toRevision}` };
    const left = pending === undefined ? keys.lease : keys.pending;
    const what = toRevision === '' ? 'a run' : `a restatement${toRevision}`;
    return {
      status: 'unfinished',
      ...of(record),
      detail: `${what} stopped before its run record, leaving ${left}`,
    };
  }
  if (record.period.from !== period.from || record.period.to !== period.to) {
    const { kind, from } = record.period;
    return { status: 'missing', detail: `${keys.record} is of the ${kind} from ${from}` };
  }
  const wrong = await damage(record, destination);
  if (wrong !== undefined) return { status: 'damaged', ...of(record), detail: wrong };
  if (record.restated !== undefined) {
    const { reason, by, rows } = record.restated;
    return {
      status: 'restated',
      ...of(record),
      detail: `${reason} (${by}; rows ${rows.before} to ${rows.after})`,
    };
  }
  return { status: record.outputs.length === 0 ? 'empty' : 'published', ...of(record), detail: '' };
}

function of(record: RunRecord | undefined): Pick<PeriodLine, 'rows' | 'finished' | 'revision'> {
  if (record === undefined) return {};
  const { rows, finished, revision } = record;
  return { rows, finished, revision };
}

/** The first file that is not as the record says. */
async function damage({ outputs }: RunRecord, destination: Destination): Promise<string | undefined> {
  const complaints = await pLimit(AT_ONCE).map(outputs, async ({ key, bytes }) => {
    const stored = await destination.stat(key);
    if (stored === undefined) return `${key} is gone`;
    return stored.bytes === bytes ? undefined : `${key} has ${stored.bytes} bytes instead of ${bytes}`;
  });
  return complaints.find((complaint) => complaint !== undefined);
}
