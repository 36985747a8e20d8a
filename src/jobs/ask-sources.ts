// Asks the sources of a report whether the data that it waits for is there.
import type { Period } from '../core/calendar.js';
import { errorSentence, ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Answer, Request, Source } from '../core/source.js';
import { type SourceWatch, withSources } from '../export/with-sources.js';
import { questionOf, type WaitFor } from '../reports/definition/wait-for.js';
import type { Report } from '../reports/report.js';

/**
 * Asks every source once, each time on a connection of its own, so that a restart of the server between two questions breaks
 * nothing. The first source that is not ready decides. An error that can heal counts as "not ready".
 * @throws ReportError for what cannot heal, or the signal's reason
 */
export async function askSources(
  session: Session,
  report: Report,
  waitFor: WaitFor,
  { period, request }: { readonly period: Period; readonly request: Request },
  watch?: SourceWatch,
): Promise<Answer> {
  const question = questionOf(report, waitFor, period, request.params);
  const ask = async (sources: readonly Source[]): Promise<Answer> => {
    for (const source of sources) {
      const { isReady, text } = await source.ask(question);
      if (!isReady) return { isReady, text: `${source.label} answered: ${text}` };
    }
    return { isReady: true, text: 'true' };
  };
  try {
    return await withSources(session, report, ask, watch);
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof ReportError) || error.retryable !== true) throw error;
    return { isReady: false, text: errorSentence(error) };
  }
}
