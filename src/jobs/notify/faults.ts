// Tells a webhook which periods are late, missing, unfinished or damaged, and which are well again; each once a day.

import pLimit from 'p-limit';
import type { Period } from '../../core/calendar.js';
import type { Destination } from '../../core/destination.js';
import { messageOf } from '../../core/errors.js';
import { periodKeys } from '../../publish/bookkeeping.js';
import { alarmKeys, type NotedAlarm, readAlarm, removeAlarm, withDestination, writeAlarm } from './alarm.js';
import { lateNotice, recoveryNotice, subjectOf } from './notice.js';
import { sendNotice, type WebhookOptions } from './webhook.js';

/** What status says of one period. */
export interface Looked {
  readonly report: string;
  readonly title: string | undefined;
  readonly period: Period;
  readonly status: string;
  readonly detail: string;
  /** Has somebody to do something about it? */
  readonly isFault: boolean;
  /** From the run record, where there is one. */
  readonly rows?: number;
  /** ISO 8601, UTC. */
  readonly finished?: string;
}

interface FaultOptions extends Omit<WebhookOptions, 'patience'> {
  readonly signal: AbortSignal;
}

/** Milliseconds after which the same trouble is told again. */
const AGAIN_AFTER = 24 * 3_600_000;
/** Messages of one call: the next one tells the rest. */
const AT_MOST = 20;
/** How many notes are read at the same time. */
const AT_ONCE = 8;

/** Oldest first. What cannot be sent or noted ends it, with a warning. @throws the signal's reason */
export async function tellFaults(lines: readonly Looked[], options: FaultOptions): Promise<void> {
  const { openDestination, warn, signal } = options;
  let subject = 'anything';
  try {
    const alarms = await withDestination(openDestination, (destination) => readAlarms(destination, lines));
    const now = options.teller().now;
    const changes = lines.flatMap((line, index) => changeOf(line, alarms[index], now) ?? []);
    for (const { line, alarm, isOver } of changes.slice(0, AT_MOST)) {
      subject = subjectOf(line);
      await (isOver ? tellWell(line, alarm, options) : tellFault(line, alarm, options));
    }
    const left = changes.length - AT_MOST;
    if (left > 0)
      warn(`${AT_MOST} messages were sent: "status --notify" will tell ${left} more when called again`);
  } catch (error) {
    signal.throwIfAborted();
    warn(`the webhook was not told of ${subject}: ${messageOf(error)}`);
  }
}

/** In the order of the lines. */
async function readAlarms(
  destination: Destination,
  lines: readonly Looked[],
): Promise<(NotedAlarm | undefined)[]> {
  const limit = pLimit(AT_ONCE);
  const reports = [...new Set(lines.map(({ report }) => report))];
  const keys = await limit.map(reports, (report) => alarmKeys(destination, report));
  const known = new Set(keys.flatMap((each) => [...each]));
  return limit.map(lines, async ({ report, period }) =>
    known.has(periodKeys(report, period).alarm) ? readAlarm(destination, report, period) : undefined,
  );
}

type Change =
  | { readonly line: Looked; readonly alarm: NotedAlarm | undefined; readonly isOver: false }
  | { readonly line: Looked; readonly alarm: NotedAlarm; readonly isOver: true };

/** What there is to tell of a period, if anything. */
function changeOf(line: Looked, alarm: NotedAlarm | undefined, now: number): Change | undefined {
  if (line.isFault) {
    const isTold = alarm !== undefined && now - Date.parse(alarm.told) < AGAIN_AFTER;
    return isTold ? undefined : { line, alarm, isOver: false };
  }
  // Without a record it is still being worked at.
  if (alarm === undefined || line.finished === undefined || line.status === 'running') return undefined;
  // A run that failed after the period was published wanted something that has still not happened.
  const isOver = alarm.event === 'late' || line.finished >= alarm.since;
  return isOver ? { line, alarm, isOver } : undefined;
}

async function tellFault(line: Looked, alarm: NotedAlarm | undefined, options: FaultOptions): Promise<void> {
  const { webhook, signal, openDestination, teller } = options;
  const notice = lateNotice(line, line, alarm?.since, teller());
  await sendNotice(webhook, notice, signal);
  await withDestination(openDestination, (destination) =>
    writeAlarm(destination, notice, line.period, alarm),
  );
}

async function tellWell(line: Looked, alarm: NotedAlarm, options: FaultOptions): Promise<void> {
  const { webhook, signal, openDestination, teller } = options;
  const record = line.rows === undefined ? undefined : { rows: line.rows, outputs: [] };
  await sendNotice(webhook, recoveryNotice(line, record, alarm, teller()), signal);
  await withDestination(openDestination, (destination) => removeAlarm(destination, alarm, line.period));
}
