// A job: one report for one period, or a report that cannot be read.
import { formatPeriod, type Period } from '../core/calendar.js';
import type { Request } from '../core/source.js';
import type { Report } from '../reports/report.js';

export type Job = ReadyJob | BrokenJob;

export interface ReadyJob {
  /** The report's name. */
  readonly name: string;
  readonly report: Report;
  readonly period: Period;
  readonly request: Request;
}

export interface BrokenJob {
  /** As the user or the folder names the report. */
  readonly name: string;
  readonly error: unknown;
}

/** `vendas 2024-10-05`; of a broken job the name alone. */
export function titleOf(job: Job): string {
  return 'error' in job ? job.name : `${job.name} ${formatPeriod(job.period)}`;
}
