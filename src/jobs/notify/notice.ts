// What is told of one report and period, as plain data: from what a run did, or from what status found.
import { formatPeriod, type Period } from '../../core/calendar.js';
import { bounded, failureOf } from '../../core/disclosure.js';
import type { RunRecord } from '../../publish/documents.js';
import type { JobResult } from '../events.js';
import type { Alarm, Notice } from './shapes.js';

/** Who tells it, and when. */
export interface Teller {
  /** The id of this process's run. */
  readonly run: string;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What a run failed at. A gate or contract that did not hold is a refusal: the data is wrong, not the machinery. */
export function failureNotice(result: JobResult, teller: Teller): Notice {
  const { code, exitCode, message, hint, retryable } = failureOf(result.error);
  return {
    ...blank(code === 'gate' || code === 'contract' ? 'refused' : 'failed', result, teller),
    code,
    exitCode,
    message,
    hint: hint ?? null,
    retryable: retryable ?? null,
    attempts: result.attempts,
    seconds: Math.max(0, result.finished - result.started) / 1000,
  };
}

/** @param record of the period, which is published now */
export function recoveryNotice(
  about: Pick<JobResult, 'report' | 'title'> & { readonly period: Period },
  record: Pick<RunRecord, 'rows' | 'outputs'> | undefined,
  alarm: Alarm,
  teller: Teller,
): Notice {
  const lasted = spellDuration(teller.now - Date.parse(alarm.since));
  return {
    ...blank('recovered', about, teller),
    message: `published; ${lasted} after this was told first: ${alarm.message}`,
    rows: record?.rows ?? null,
    outputs: (record?.outputs ?? []).map(({ key, rows, bytes, sha256 }) => ({ key, rows, bytes, sha256 })),
    since: alarm.since,
  };
}

/** What status found wrong. @param detail may be empty */
export function lateNotice(
  about: Pick<JobResult, 'report' | 'title'> & { readonly period: Period },
  { status, detail }: { readonly status: string; readonly detail: string },
  since: string | undefined,
  teller: Teller,
): Notice {
  return {
    ...blank('late', about, teller),
    status,
    message: bounded(detail === '' ? `the period is ${status}` : `the period is ${status}: ${detail}`),
    hint: `See "reportctl status ${about.report}", and the log of its last run.`,
    since: since ?? null,
  };
}

function blank(
  event: Notice['event'],
  { report, title, period }: Pick<JobResult, 'report' | 'title' | 'period'>,
  { run, host, now }: Teller,
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

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h` @param span milliseconds; what clocks disagree about counts as nothing */
export function spellDuration(span: number): string {
  const seconds = Math.max(0, Math.round(span / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
