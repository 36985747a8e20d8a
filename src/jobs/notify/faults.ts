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
import { groupsOf, MAX_MESSAGES } from './causes.js';
import { lateNotice, MAX_LISTED, recoveryNotice, type Sender, subjectOf, withOthers } from './notice.js';
import type { Notice } from './shapes.js';
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
const MAX_PARALLEL_NOTES = 8;

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
    const groups = groupsOf(due, causeOfDue);
    let left = due.length;
    for (const [first, ...others] of groups.slice(0, MAX_MESSAGES)) {
      subject = subjectOf(first.line);
      const told = others.slice(0, MAX_LISTED);
      await sendGroup([first, ...told], options);
      left -= 1 + told.length;
    }
    if (left > 0)
      warn(`the next "status --notify" tells of ${left} more ${left === 1 ? 'period' : 'periods'}`);
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
  const limit = pLimit(MAX_PARALLEL_NOTES);
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

/** The same status or, of recoveries, the same trouble before. */
function causeOfDue({ line, alarm, isRecovery }: DueMessage): string {
  return isRecovery ? `recovered ${alarm.message}` : `${line.status} ${line.detail}`;
}

/** Sends the message about all of the group, and keeps their notes. */
async function sendGroup(
  group: readonly [DueMessage, ...DueMessage[]],
  options: FaultOptions,
): Promise<void> {
  const { webhook, signal, openDestination, sender } = options;
  const [first, ...others] = group;
  const sent = sender();
  const notice = withOthers(
    noticeOf(first, sent),
    others.map(({ line }) => line),
  );
  await sendNotice(webhook, notice, signal);
  await withNoteDestination(
    openDestination,
    async (destination) => {
      await pLimit(MAX_PARALLEL_NOTES).map(group, (each) =>
        keepNote(destination, each, noticeOf(each, sent)),
      );
    },
    signal,
  );
}

function noticeOf({ line, alarm, isRecovery }: DueMessage, sender: Sender): Notice {
  if (!isRecovery) return lateNotice(line, line, alarm?.since, sender);
  const record = line.rows === undefined ? undefined : { rows: line.rows, outputs: [] };
  return recoveryNotice(line, record, alarm, sender);
}

async function keepNote(
  destination: Destination,
  { line, alarm, isRecovery }: DueMessage,
  notice: Notice,
): Promise<void> {
  if (isRecovery) await removeAlarm(destination, alarm, line.period);
  else await writeAlarm(destination, notice, line.period, alarm);
}
