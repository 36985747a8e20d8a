// Makes the notice about one report and period, from the result of a run or from a status.
import { formatPeriod, type Period } from '../../core/calendar.js';
import { bounded, failureOf } from '../../core/disclosure.js';
import type { RunRecord } from '../../publish/documents.js';
import type { JobResult } from '../events.js';
import type { Alarm, Notice, OutcomeEvent } from './shapes.js';

/** The process that sends a notice, and when. */
export interface Sender {
  /** The run id of this process. */
  readonly run: string;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The notice of a failed job: `refused` when a gate or the contract failed, because then the data is wrong; else `failed`. */
export function failureNotice(result: JobResult, sender: Sender): Notice {
  const { code, exitCode, message, hint, retryable } = failureOf(result.error);
  return {
    ...blank(code === 'gate' || code === 'contract' ? 'refused' : 'failed', result, sender),
    code,
    exitCode,
    message,
    hint: hint ?? null,
    retryable: retryable ?? null,
    attempts: result.attempts,
    seconds: Math.max(0, result.finished - result.started) / 1000,
  };
}

/** The same fields for any outcome of a job: for the log. */
export function outcomeFields(result: JobResult, sender: Sender) {
  const { title, period, ...notice } =
    result.outcome === 'failed' ? failureNotice(result, sender) : doneNotice(result.outcome, result, sender);
  const { notice: _version, status: _status, since: _since, count: _count, also: _also, ...fields } = notice;
  return { ...fields, title, period };
}

function doneNotice(event: Exclude<OutcomeEvent, 'failed' | 'refused'>, result: JobResult, sender: Sender) {
  const { record, attempts, started, finished } = result;
  const files = publishedFiles(record);
  const { length } = files.outputs;
  return {
    ...blank(event, result, sender),
    ...files,
    exitCode: 0,
    message: `${event} ${subjectOf({ report: result.report, period: result.period ?? null })}: ${record?.rows ?? 0} rows in ${length} ${length === 1 ? 'file' : 'files'}`,
    attempts,
    seconds: Math.max(0, finished - started) / 1000,
  };
}

function publishedFiles(record: Pick<RunRecord, 'rows' | 'outputs'> | undefined) {
  const outputs = (record?.outputs ?? []).map(({ key, rows, bytes, sha256 }) => ({
    key,
    rows,
    bytes,
    sha256,
  }));
  return {
    rows: record?.rows ?? null,
    bytes: outputs.length === 0 ? null : outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    outputs,
  };
}

/**
 * The notice of a period that was published after an alarm.
 * @param record the run record of the period
 */
export function recoveryNotice(
  about: Pick<JobResult, 'report' | 'title'> & { readonly period: Period },
  record: Pick<RunRecord, 'rows' | 'outputs'> | undefined,
  alarm: Alarm,
  sender: Sender,
): Notice {
  const sinceAlarm = formatDuration(sender.now - Date.parse(alarm.since));
  return {
    ...blank('recovered', about, sender),
    message: `published ${sinceAlarm} after the first message about it: ${alarm.message}`,
    ...publishedFiles(record),
    since: alarm.since,
  };
}

/**
 * The notice of a period whose status is a fault.
 * @param detail may be empty
 * @param since ISO 8601 time of the first notice about it, if this is not the first
 */
export function lateNotice(
  about: Pick<JobResult, 'report' | 'title'> & { readonly period: Period },
  { status, detail }: { readonly status: string; readonly detail: string },
  since: string | undefined,
  sender: Sender,
): Notice {
  return {
    ...blank('late', about, sender),
    status,
    message: bounded(detail === '' ? `the period is ${status}` : `the period is ${status}: ${detail}`),
    hint: `See "reportctl status ${about.report}", and the log of its last run.`,
    since: since ?? null,
  };
}

/** Of `also` in a notice. */
export const MAX_LISTED = 100;

/** The notice with the others that have the same cause in the same run. */
export function withOthers<Of extends Notice>(
  notice: Of,
  others: readonly Pick<JobResult, 'report' | 'period'>[],
): Of {
  const also = others
    .slice(0, MAX_LISTED)
    .map(({ report, period }) => ({ report, period: periodOf(period) }));
  return { ...notice, count: 1 + others.length, also };
}

function periodOf(period: Period | undefined): Notice['period'] {
  return period === undefined ? null : { kind: period.kind, from: period.from, lastDay: period.lastDay };
}

/** A notice with every optional field null. */
function blank<Event extends Notice['event'] | OutcomeEvent>(
  event: Event,
  { report, title, period }: Pick<JobResult, 'report' | 'title' | 'period'>,
  { run, host, now }: Sender,
): Omit<Notice, 'message' | 'event'> & { event: Event } {
  return {
    notice: 1,
    event,
    report,
    title: title ?? null,
    period: periodOf(period),
    count: 1,
    also: [],
    status: null,
    code: null,
    exitCode: null,
    hint: null,
    retryable: null,
    attempts: null,
    seconds: null,
    rows: null,
    bytes: null,
    outputs: [],
    since: null,
    run,
    host,
    time: new Date(now).toISOString(),
  };
}

/** `vendas 2024-10-05 and 18 more` */
export function namesOf(notice: Pick<Notice, 'report' | 'period' | 'count'>): string {
  const more = notice.count - 1;
  return more === 0 ? subjectOf(notice) : `${subjectOf(notice)} and ${more} more`;
}

/** `vendas 2024-10-05` */
export function subjectOf({ report, period }: Pick<Notice, 'report' | 'period'>): string {
  return period === null ? report : `${report} ${formatPeriod(period)}`;
}

/**
 * `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`
 * @param milliseconds a negative number, from clocks that differ, counts as 0
 */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
