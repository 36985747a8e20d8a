// Makes the notice about one report and period, from the result of a run or from a status.
import { formatPeriod, type Period } from '../../core/calendar.js';
import { bounded, failureOf } from '../../core/disclosure.js';
import type { RunRecord } from '../../publish/documents.js';
import type { JobResult } from '../events.js';
import type { Alarm, Notice } from './shapes.js';

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
    rows: record?.rows ?? null,
    outputs: (record?.outputs ?? []).map(({ key, rows, bytes, sha256 }) => ({ key, rows, bytes, sha256 })),
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

/** A notice with every optional field null. */
function blank(
  event: Notice['event'],
  { report, title, period }: Pick<JobResult, 'report' | 'title' | 'period'>,
  { run, host, now }: Sender,
): Omit<Notice, 'message'> {
  return {
    notice: 1,
    event,
    report,
    title: title ?? null,
    period: period === undefined ? null : { kind: period.kind, from: period.from, lastDay: period.lastDay },
    status: null,
    code: null,
    exitCode: null,
    hint: null,
    retryable: null,
    attempts: null,
    seconds: null,
    rows: null,
    outputs: [],
    since: null,
    run,
    host,
    time: new Date(now).toISOString(),
  };
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
