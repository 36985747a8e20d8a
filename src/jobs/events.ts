// What a run tells others while it works: listeners (webhook, heartbeat, metrics) and the presenter of whoever started it.
import type { Period } from '../core/calendar.js';
import type { OpenProgress } from '../export/progress.js';
import type { RunRecord } from '../publish/documents.js';
import type { Job } from './job.js';

/** The outcome of one report for one period. */
export interface JobResult {
  /** The report's name. */
  readonly report: string;
  readonly title: string | undefined;
  /** Undefined when the report cannot even be read. */
  readonly period: Period | undefined;
  readonly outcome: 'published' | 'restated' | 'unchanged' | 'skipped' | 'failed';
  /** Undefined when the job failed. */
  readonly record: RunRecord | undefined;
  /** Why the job failed. */
  readonly error: unknown;
  /** Epoch milliseconds. */
  readonly started: number;
  readonly finished: number;
  readonly attempts: number;
}

/** A result, with what the sources noticed about their data. */
export type EndedJob = JobResult & { readonly notes: readonly string[] };

/** How a run ended. */
interface RunEnd {
  /** Of the run as a whole. */
  readonly exitCode: number;
  /** Why the run as a whole failed, if it did. */
  readonly failure: unknown;
  /** Fires when there is no time left to tell anybody. */
  readonly signal: AbortSignal;
}

/** Told of a run, in this order. The run waits for the last event only. What a listener throws is logged and changes nothing. */
export interface RunListener {
  /** For warnings: `the webhook`. */
  readonly name: string;
  begun?(jobs: readonly Pick<JobResult, 'report' | 'period'>[]): Promise<void>;
  jobEnded?(result: JobResult): Promise<void>;
  ended?(results: readonly JobResult[], end: RunEnd): Promise<void>;
}

/** Presents a run to whoever started it. */
export interface RunPresenter {
  readonly openProgress?: OpenProgress;
  jobEnded(job: Job, result: EndedJob): void;
  /** Called once, before the listeners hear the end. What it throws is the run's failure, unless the run has another one. */
  ended(results: readonly EndedJob[]): Promise<void>;
}
