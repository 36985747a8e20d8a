// The alarm note of a period, kept at the destination after a webhook message about a problem. It tells later runs that a
// recovery must be sent, and that the same problem was already sent today.
import type { Period } from '../../core/calendar.js';
import type { Destination } from '../../core/destination.js';
import { bookkeepingFolder, periodKeys } from '../../publish/bookkeeping.js';
import { putJson } from '../../publish/put-json.js';
import { type Alarm, alarmShape, type Notice } from './shapes.js';

/** For all requests about one note. The destination itself may be what fails. */
const NOTE_TIMEOUT_MS = 10_000;

/** Opens the destination with a signal other than the run's: a note must also be written after the run was aborted. */
export type OpenDestination = (signal: AbortSignal) => Promise<Destination>;

/**
 * Opens the destination for one note, does the work and closes it, within NOTE_TIMEOUT_MS and until the signal fires.
 * @throws ReportError `destination`
 */
export async function withNoteDestination<T>(
  open: OpenDestination,
  work: (destination: Destination) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const destination = await open(AbortSignal.any([signal, AbortSignal.timeout(NOTE_TIMEOUT_MS)]));
  try {
    return await work(destination);
  } finally {
    await destination.close();
  }
}

export type NotedAlarm = Alarm & { readonly version: string };

/** The keys of all alarm notes of a report. @throws ReportError `destination` */
export async function alarmKeys(destination: Destination, report: string): Promise<Set<string>> {
  const folder = bookkeepingFolder(report);
  const keys = new Set<string>();
  for await (const { key } of destination.list(folder)) {
    // Listings are sorted: dated files ("2024…") come before "history/", which can be long, so stop at the first name after the digits.
    if (key.slice(folder.length) > ':') break;
    if (key.endsWith('.alarm.json')) keys.add(key);
  }
  return keys;
}

/** The alarm note of a period; undefined when there is none or its content is invalid. @throws ReportError `destination` */
export async function readAlarm(
  destination: Destination,
  report: string,
  period: Period,
): Promise<NotedAlarm | undefined> {
  const stored = await destination.read(periodKeys(report, period).alarm);
  if (stored === undefined) return undefined;
  try {
    return { ...alarmShape.parse(JSON.parse(stored.content.toString('utf8'))), version: stored.version };
  } catch {
    return undefined;
  }
}

/**
 * Writes the alarm note of a period, replacing the one that is there.
 * @param former the existing note: the new one keeps its `since` and counts on
 * @throws ReportError `destination`
 */
export async function writeAlarm(
  destination: Destination,
  notice: Notice,
  period: Period,
  former: Alarm | undefined,
): Promise<void> {
  const { report, event, message, run, host, time } = notice;
  const { kind, from, lastDay } = period;
  const alarm: Alarm = {
    alarm: 1,
    report,
    period: { kind, from, lastDay },
    event,
    since: former?.since ?? time,
    told: time,
    times: (former?.times ?? 0) + 1,
    message,
    run,
    host,
  };
  await putJson(destination, periodKeys(report, period).alarm, alarm, 'replace');
}

/** Removes the alarm note of a period, unless it was changed since it was read. @throws ReportError `destination` */
export async function removeAlarm(
  destination: Destination,
  alarm: NotedAlarm,
  period: Period,
): Promise<void> {
  const { report, version } = alarm;
  await destination.remove({ key: periodKeys(report, period).alarm, version });
}
