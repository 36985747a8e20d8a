// What a run tells those who make it heard: webhooks, heartbeats, metrics. They never change its outcome.
import type { Period } from '../core/calendar.js';
import type { RunRecord } from '../publish/documents.js';

/** What became of one report for one period. */
export interface JobResult {
  /** The report's name. */
  readonly report: string;
  readonly title: string | undefined;
  /** Undefined when the report cannot even be read. */
  readonly period: Period | undefined;
  readonly outcome: 'published' | 'restated' | 'unchanged' | 'skipped' | 'failed';
  /** Where there is one. */
  readonly record: RunRecord | undefined;
  /** Why it failed. */
  readonly error: unknown;
  /** Epoch milliseconds. */
  readonly started: number;
  readonly finished: number;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Each is called in this order and waited for; what it throws is logged and changes nothing. */
export interface RunListener {
  begun?(jobs: readonly Pick<JobResult, 'report' | 'period'>[]): Promise<void>;
  jobEnded?(result: JobResult): Promise<void>;
  /** @param exitCode of the run as a whole */
  ended?(results: readonly JobResult[], exitCode: number): Promise<void>;
}
