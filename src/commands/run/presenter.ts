// Prints a run: each job as soon as it ends; with --json all results at the end, in the order of the jobs.
import { errorSentence, messageOf } from '../../core/errors.js';
import type { EndedJob, RunPresenter } from '../../jobs/events.js';
import { titleOf } from '../../jobs/job.js';
import type { CommandSession } from '../shared/context.js';
import { flushed, printJson, printLines } from '../shared/print.js';
import { progressOf } from '../shared/progress.js';
import { outcomeLines } from './lines.js';

/** @param jobCount of the run: the failure of an only job is printed as the command's own */
export function createPresenter(session: CommandSession, jobCount: number): RunPresenter {
  const { log, signal, stdout, json } = session;
  const place = session.config.destination.replace(/\/$/, '');
  return {
    openProgress: progressOf(session),
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
      if (json && !signal.aborted) printJson(stdout, results.map(shownResult));
      await flushed(stdout);
    },
  };
}

function shownResult({ outcome, report, period, record, error }: EndedJob) {
  return record === undefined ? { outcome, report, period, error: messageOf(error) } : { outcome, ...record };
}
