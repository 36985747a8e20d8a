// Sends webhook messages about periods that are late, missing, unfinished or damaged, at most one a day for each, and about recoveries.

import pLimit from 'p-limit';
import type { Period } from '../../core/calendar.js';
import type { Destination } from '../../core/destination.js';
import { messageOf } from '../../core/errors.js';
import { periodKeys } from '../../publish/bookkeeping.js';
import {
  alarmKeys,
  type NotedAlarm,
  readAlarm,
  removeAlarm,
  withNoteDestination,
  writeAlarm,
} from './alarm.js';
import { lateNotice, recoveryNotice, subjectOf } from './notice.js';
import { sendNotice, type WebhookOptions } from './webhook.js';

/** The status of one period. */
export interface PeriodFinding {
  readonly report: string;
  readonly title: string | undefined;
  readonly period: Period;
  readonly status: string;
  readonly detail: string;
  /** The period needs action. */
  readonly isFault: boolean;
  /** From the run record, where there is one. */
  readonly rows?: number;
  /** ISO 8601, UTC. */
  readonly finished?: string;
}

interface FaultOptions extends WebhookOptions {
  readonly signal: AbortSignal;
}

/** After this time a message about the same problem is sent again. */
const REPEAT_AFTER_MS = 24 * 3_600_000;
/** One call sends no more; the next call sends the others. */
const MAX_MESSAGES = 20;
const MAX_PARALLEL_READS = 8;

/**
 * Sends the messages that are due, in the order of the lines, and keeps the alarm notes. The first message or note that fails
 * ends the sending with a warning.
 * @throws the signal's reason
 */
export async function sendFaults(lines: readonly PeriodFinding[], options: FaultOptions): Promise<void> {
  const { openDestination, warn, signal } = options;
  let subject = 'any period';
  try {
    const alarms = await withNoteDestination(
      openDestination,
      (destination) => readAlarms(destination, lines),
      signal,
    );
    const now = options.sender().now;
    const due = lines.flatMap((line, index) => dueMessage(line, alarms[index], now) ?? []);
    for (const { line, alarm, isRecovery } of due.slice(0, MAX_MESSAGES)) {
      subject = subjectOf(line);
      await (isRecovery ? sendRecovery(line, alarm, options) : sendFault(line, alarm, options));
    }
    const left = due.length - MAX_MESSAGES;
    if (left > 0) warn(`${MAX_MESSAGES} messages were sent; the next "status --notify" sends ${left} more`);
  } catch (error) {
    signal.throwIfAborted();
    warn(`the webhook message about ${subject} failed: ${messageOf(error)}`);
  }
}

/** The alarm note of each line's period, in the order of the lines. */
async function readAlarms(
  destination: Destination,
  lines: readonly PeriodFinding[],
): Promise<(NotedAlarm | undefined)[]> {
  const limit = pLimit(MAX_PARALLEL_READS);
  const reports = [...new Set(lines.map(({ report }) => report))];
  const keys = await limit.map(reports, (report) => alarmKeys(destination, report));
  const known = new Set(keys.flatMap((each) => [...each]));
  return limit.map(lines, async ({ report, period }) =>
    known.has(periodKeys(report, period).alarm) ? readAlarm(destination, report, period) : undefined,
  );
}

type DueMessage =
  | { readonly line: PeriodFinding; readonly alarm: NotedAlarm | undefined; readonly isRecovery: false }
  | { readonly line: PeriodFinding; readonly alarm: NotedAlarm; readonly isRecovery: true };

/** The message to send about a period; undefined when there is none. */
function dueMessage(line: PeriodFinding, alarm: NotedAlarm | undefined, now: number): DueMessage | undefined {
  if (line.isFault) {
    const wasSent = alarm !== undefined && now - Date.parse(alarm.told) < REPEAT_AFTER_MS;
    return wasSent ? undefined : { line, alarm, isRecovery: false };
  }
  // Without a run record the period is not published yet.
  if (alarm === undefined || line.finished === undefined || line.status === 'running') return undefined;
  // The alarm of a failed restatement is younger than the record of the published period, which therefore does not end it.
  const isRecovery = alarm.event === 'late' || line.finished >= alarm.since;
  return isRecovery ? { line, alarm, isRecovery } : undefined;
}

async function sendFault(
  line: PeriodFinding,
  alarm: NotedAlarm | undefined,
  options: FaultOptions,
): Promise<void> {
  const { webhook, signal, openDestination, sender } = options;
  const notice = lateNotice(line, line, alarm?.since, sender());
  await sendNotice(webhook, notice, signal);
  await withNoteDestination(
    openDestination,
    (destination) => writeAlarm(destination, notice, line.period, alarm),
    signal,
  );
}

async function sendRecovery(line: PeriodFinding, alarm: NotedAlarm, options: FaultOptions): Promise<void> {
  const { webhook, signal, openDestination, sender } = options;
  const record = line.rows === undefined ? undefined : { rows: line.rows, outputs: [] };
  await sendNotice(webhook, recoveryNotice(line, record, alarm, sender()), signal);
  await withNoteDestination(
    openDestination,
    (destination) => removeAlarm(destination, alarm, line.period),
    signal,
  );
}
