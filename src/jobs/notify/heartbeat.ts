// Tells a heartbeat monitor that the run began and how it ended, as https://healthchecks.io/docs/http_api/ has it.

import { failureOf } from '../../core/disclosure.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { SecretEndpoint } from '../../core/secret-url.js';
import type { JobResult, RunListener } from '../events.js';
import { subjectOf } from './notice.js';
import { send } from './send.js';

export interface HeartbeatOptions {
  readonly url: SecretEndpoint;
  /** A UUID, by which the monitor tells runs that overlap apart. */
  readonly run: string;
  readonly warn: (message: string) => void;
  /** Milliseconds for the last ping. */
  readonly patience: () => number;
}

/** Characters of a body; healthchecks keeps 10 kB where it is self-hosted. */
const LONGEST = 9000;

export function heartbeatListener({ url, run, warn, patience }: HeartbeatOptions): RunListener {
  const closing = new AbortController();
  const failures: string[] = [];
  const ping = (suffix: string, body: string) =>
    send(url, {
      body,
      contentType: 'text/plain; charset=utf-8',
      signal: closing.signal,
      locate: (at) => addSuffix(at, suffix, run),
    }).catch((error: unknown) => {
      failures.push(messageOf(error));
    });
  let start: Promise<void> | undefined;
  return {
    async begun(jobs) {
      // The run does not wait for it.
      start = ping(
        '/start',
        jobs
          .map((job) => subjectOf({ ...job, period: job.period ?? null }))
          .join('\n')
          .slice(0, LONGEST),
      );
    },
    async ended(results, exitCode) {
      const timer = setTimeout(() => closing.abort(), patience());
      // In this order: a start that arrives last would wait for an end that has been.
      await start;
      await ping(suffixOf(results, exitCode), results.map(lineOf).join('\n').slice(0, LONGEST));
      clearTimeout(timer);
      if (failures.length > 0) warn(`the heartbeat was not heard: ${failures[0]}`);
    },
  };
}

/** Exit status 0 is success, every other a failure; that somebody else is at it is neither, and is only logged there. */
function suffixOf(results: readonly JobResult[], exitCode: number): string {
  if (exitCode === 0) return '';
  const isBusy = ({ outcome, error }: JobResult) =>
    outcome !== 'failed' || (error instanceof ReportError && error.code === 'already-running');
  if (results.length > 0 && results.every(isBusy)) return '/log';
  return `/${exitCode}`;
}

function lineOf({ report, period, outcome, record, error }: JobResult): string {
  const subject = subjectOf({ report, period: period ?? null });
  if (outcome === 'failed') return `failed ${subject}: ${failureOf(error).message}`;
  return `${outcome} ${subject}: ${record?.rows ?? 0} rows`;
}

/** Before the query, which stays: `https://host/ping/key/slug?create=1`. */
function addSuffix(url: URL, suffix: string, run: string): void {
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffix}`;
  url.searchParams.set('rid', run);
}
