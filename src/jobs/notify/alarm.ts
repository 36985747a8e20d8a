// The note at the destination that a period's trouble was told: by it a recovery is known, and nobody is told twice a day.
import type { Period } from '../../core/calendar.js';
import type { Destination } from '../../core/destination.js';
import { bookkeepingFolder, periodKeys } from '../../publish/bookkeeping.js';
import { putJson } from '../../publish/put-json.js';
import type { Alarm, Notice } from './shapes.js';

/** Milliseconds that reading and writing one note may take: what is wrong may be the destination itself. */
const PATIENCE = 10_000;

/** Opens the destination anew: what the signal of the run has cancelled must not keep the note from being written. */
export type OpenDestination = (signal: AbortSignal) => Promise<Destination>;

export async function withDestination<T>(
  open: OpenDestination,
  work: (destination: Destination) => Promise<T>,
): Promise<T> {
  const destination = await open(AbortSignal.timeout(PATIENCE));
  try {
    return await work(destination);
  } finally {
    await destination.close();
  }
}

export type NotedAlarm = Alarm & { readonly version: string };

/** The keys of all notes of a report: most periods have none. @throws ReportError `destination` */
export async function alarmKeys(destination: Destination, report: string): Promise<Set<string>> {
  const folder = bookkeepingFolder(report);
  const keys = new Set<string>();
  for await (const { key } of destination.list(folder)) {
    // Digits come first; the history, which may be long, after them.
    if (key.slice(folder.length) > ':') break;
    if (key.endsWith('.alarm.json')) keys.add(key);
  }
  return keys;
}

/** One that cannot be read is as good as none: it is replaced. @throws ReportError `destination` */
export async function readAlarm(
  destination: Destination,
  report: string,
  period: Period,
): Promise<NotedAlarm | undefined> {
  const stored = await destination.read(periodKeys(report, period).alarm);
  if (stored === undefined) return undefined;
  const { alarmShape } = await import('./shapes.js');
  try {
    return { ...alarmShape.parse(JSON.parse(stored.content.toString('utf8'))), version: stored.version };
  } catch {
    return undefined;
  }
}

/** @param former the note that there is already: the trouble began with it. @throws ReportError `destination` */
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

/** @throws ReportError `destination` */
export async function removeAlarm(
  destination: Destination,
  alarm: NotedAlarm,
  period: Period,
): Promise<void> {
  const { report, version } = alarm;
  await destination.remove({ key: periodKeys(report, period).alarm, version });
}
