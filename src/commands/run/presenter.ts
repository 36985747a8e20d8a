// Prints the results of a run: each job's when it ends; with --json, all of them at the end, in the order of the jobs.
import { errorSentence, messageOf } from '../../core/errors.js';
import type { EndedJob, RunPresenter } from '../../jobs/events.js';
import { titleOf } from '../../jobs/job.js';
import type { CommandSession } from '../shared/context.js';
import { flush, printJson, printLines } from '../shared/print.js';
import { progressFor } from '../shared/progress.js';
import { outcomeLines } from './lines.js';

/** @param jobCount jobs of the run. When there is only one, its failure is not printed here: the command fails with it. */
export function createPresenter(session: CommandSession, jobCount: number): RunPresenter {
  const { log, signal, stdout, json } = session;
  const place = session.config.destination.replace(/\/$/, '');
  return {
    openProgress: progressFor(session),
    jobEnded(job, { outcome, record, error, notes }) {
      const title = titleOf(job);
      for (const note of notes) log.warn(`${title}: ${note}`);
      if (outcome !== 'failed' && record !== undefined) {
        if (!json) printLines(stdout, outcomeLines(title, place, { outcome, record }));
      } else if (jobCount > 1 && !signal.aborted) {
        const text = errorSentence(error);
        log.error(text.startsWith(title) ? text : `${title}: ${text}`);
      }
    },
    async ended(results) {
      if (json && !signal.aborted) printJson(stdout, results.map(jsonResult));
      await flush(stdout);
    },
  };
}

function jsonResult({ outcome, report, period, record, error }: EndedJob) {
  return record === undefined ? { outcome, report, period, error: messageOf(error) } : { outcome, ...record };
}
