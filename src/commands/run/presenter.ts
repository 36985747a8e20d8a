// Prints the results of a run: each job's when it ends; with --json, all of them at the end, in the order of the jobs.
import { hostname } from 'node:os';
import { failureOf } from '../../core/disclosure.js';
import { errorSentence, messageOf } from '../../core/errors.js';
import type { EndedJob, RunPresenter } from '../../jobs/events.js';
import { titleOf } from '../../jobs/job.js';
import { outcomeFields } from '../../jobs/notify/notice.js';
import type { CommandSession } from '../shared/context.js';
import { flush, printJson, printLines } from '../shared/print.js';
import { progressFor } from '../shared/progress.js';
import { outcomeLines } from './lines.js';

/** @param jobCount jobs of the run. When there is only one, its failure is not printed here: the command fails with it. */
export function createPresenter(session: CommandSession, jobCount: number): RunPresenter {
  const { config, signal, stdout, json } = session;
  const place = config.destination.replace(/\/$/, '');
  const isLogJson = config.logFormat === 'json';
  return {
    openProgress: progressFor(session),
    jobEnded(job, result) {
      const { outcome, record, notes } = result;
      const title = titleOf(job);
      for (const note of notes) logNote(session, result, `${title}: ${note}`);
      if (isLogJson) logOutcome(session, result);
      const isDone = outcome !== 'failed' && record !== undefined;
      // Without a terminal, stdout may be the same file as the log.
      if (isDone && !json && (!isLogJson || stdout.isTTY))
        printLines(stdout, outcomeLines(title, place, { outcome, record }));
      if (!isDone && !isLogJson && jobCount > 1 && !signal.aborted) {
        const text = errorSentence(result.error);
        session.log.error(text.startsWith(title) ? text : `${title}: ${text}`);
      }
    },
    async ended(results) {
      if (json && !signal.aborted) printJson(stdout, results.map(jsonResult));
      await flush(stdout);
    },
  };
}

function logNote({ log }: CommandSession, { report, period }: EndedJob, text: string): void {
  log.warn(text, { event: 'note', report, ...(period && { period }) });
}

/** The line of the JSON log about one outcome (schemas/log-outcome.schema.json). */
function logOutcome({ log, runId }: CommandSession, result: EndedJob): void {
  const sender = { run: runId, host: hostname(), now: result.finished };
  const { message, run: _run, host: _host, time: _time, ...fields } = outcomeFields(result, sender);
  log[result.outcome === 'failed' ? 'error' : 'info'](message, fields);
}

function jsonResult({ outcome, report, period, record, error }: EndedJob) {
  if (record !== undefined) return { outcome, ...record };
  const { code, exitCode, hint = null, retryable = null } = failureOf(error);
  return {
    outcome,
    report,
    period: period ?? null,
    error: messageOf(error),
    code,
    exitCode,
    hint,
    retryable,
  };
}
