// Asks the sources of a report whether the data that it waits for is there.
import type { Period } from '../core/calendar.js';
import { formatDuration } from '../core/duration.js';
import { errorSentence, ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Answer, Request, Source } from '../core/source.js';
import { CLEANUP_TIMEOUT_MS, Watchdog } from '../core/watchdog.js';
import { type SourceWatch, withSources } from '../export/with-sources.js';
import { questionOf, type WaitFor } from '../reports/definition/wait-for.js';
import type { Report } from '../reports/report.js';

/** Milliseconds that a question may take in any case, also when no time is left to wait. */
const MIN_ANSWER_TIMEOUT_MS = 10_000;

/**
 * Asks every source once, each time on a connection of its own, so that a restart of the server between two questions breaks
 * nothing. The first source that is not ready decides. An error that can heal counts as "not ready", and so does no answer.
 * @param asked.timeLeftMs milliseconds left to wait: the question is cancelled then
 * @throws ReportError for what cannot heal, or the signal's reason
 */
export async function askSources(
  session: Session,
  report: Report,
  waitFor: WaitFor,
  asked: { readonly period: Period; readonly request: Request; readonly timeLeftMs: number },
  watch?: SourceWatch,
): Promise<Answer> {
  const question = questionOf(report, waitFor, asked.period, asked.request.params);
  let whom = 'a source';
  const ask = async (sources: readonly Source[]): Promise<Answer> => {
    for (const source of sources) {
      whom = source.label;
      const { isReady, text } = await source.ask(question);
      if (!isReady) return { isReady, text: `${source.label} answered: ${text}` };
    }
    return { isReady: true, text: 'true' };
  };
  const timeoutMs = Math.max(asked.timeLeftMs, MIN_ANSWER_TIMEOUT_MS);
  const watchdog = new Watchdog(session.signal, CLEANUP_TIMEOUT_MS);
  const { signal } = watchdog;
  const late = new Error('no answer in time');
  watchdog.abortAfter(timeoutMs, () => late);
  try {
    return await watchdog.watch(
      () => withSources({ ...session, signal }, report, ask, watch),
      () => [],
    );
  } catch (error) {
    if (signal.reason === late)
      return { isReady: false, text: `${whom} did not answer within ${formatDuration(timeoutMs)}` };
    session.signal.throwIfAborted();
    if (!(error instanceof ReportError) || error.retryable !== true) throw error;
    return { isReady: false, text: errorSentence(error) };
  } finally {
    watchdog.close();
  }
}
