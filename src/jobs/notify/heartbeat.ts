// Pings a heartbeat monitor at the start and at the end of a run: https://healthchecks.io/docs/http_api/

import { failureOf } from '../../core/disclosure.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { SecretEndpoint } from '../../core/secret-url.js';
import type { JobResult, RunListener } from '../events.js';
import { subjectOf } from './notice.js';
import { send } from './send.js';

export interface HeartbeatOptions {
  readonly url: SecretEndpoint;
  /** The UUID of the run: the monitor uses it to distinguish overlapping runs. */
  readonly run: string;
  readonly warn: (message: string) => void;
}

/** A self-hosted healthchecks keeps 10 kB of a body. */
const MAX_BODY_CHARACTERS = 9000;

/** A listener that pings the monitor when the run begins and when it ends, and warns when a ping failed. */
export function heartbeatListener({ url, run, warn }: HeartbeatOptions): RunListener {
  const sending = new AbortController();
  const failures: string[] = [];
  const ping = (suffix: string, body: string) =>
    send(url, {
      body,
      contentType: 'text/plain; charset=utf-8',
      signal: sending.signal,
      locate: (at) => addSuffix(at, suffix, run),
    }).catch((error: unknown) => {
      failures.push(messageOf(error));
    });
  let startPing: Promise<void> | undefined;
  return {
    name: `the heartbeat ${url}`,
    async begun(jobs) {
      // Not awaited: the ping must not delay the run.
      startPing = ping(
        '/start',
        jobs
          .map((job) => subjectOf({ ...job, period: job.period ?? null }))
          .join('\n')
          .slice(0, MAX_BODY_CHARACTERS),
      );
    },
    async ended(results, { exitCode, signal }) {
      signal.addEventListener('abort', () => sending.abort(), { once: true });
      // If the start arrived after the end, the monitor would wait for another end.
      await startPing;
      await ping(suffixOf(results, exitCode), results.map(lineOf).join('\n').slice(0, MAX_BODY_CHARACTERS));
      if (failures.length > 0) warn(`the heartbeat ping failed: ${failures[0]}`);
    },
  };
}

/**
 * The suffix of the ping's path: none for success, `/<exit code>` for a failure, `/log` (neither) when every job failed only
 * because another run works on it.
 */
function suffixOf(results: readonly JobResult[], exitCode: number): string {
  if (exitCode === 0) return '';
  const isNoFailure = ({ outcome, error }: JobResult) =>
    outcome !== 'failed' || (error instanceof ReportError && error.code === 'already-running');
  if (results.length > 0 && results.every(isNoFailure)) return '/log';
  return `/${exitCode}`;
}

function lineOf({ report, period, outcome, record, error }: JobResult): string {
  const subject = subjectOf({ report, period: period ?? null });
  if (outcome === 'failed') return `failed ${subject}: ${failureOf(error).message}`;
  return `${outcome} ${subject}: ${record?.rows ?? 0} rows`;
}

/** Adds the suffix to the path, keeping the query: `https://host/ping/key/slug?create=1`. */
function addSuffix(url: URL, suffix: string, run: string): void {
  url.pathname = `${url.pathname.replace(/\/$/, '')}${suffix}`;
  url.searchParams.set('rid', run);
}
