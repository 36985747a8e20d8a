// Asks the sources of a report whether what it waits for is there.

import type { Session } from '../commands/shared/context.js';
import type { Period } from '../core/calendar.js';
import { ReportError, sentence } from '../core/errors.js';
import type { Answer, Request } from '../core/source.js';
import { type SourceWatch, withSources } from '../export/with-sources.js';
import { questionOf, type WaitFor } from '../reports/definition/wait-for.js';
import type { Report } from '../reports/report.js';

/**
 * Asks every source once, on a connection of its own that a restart of the server between two askings cannot break; the
 * first that is not ready decides. An error that can heal is an answer too.
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
  try {
    const ask = async (sources: Parameters<Parameters<typeof withSources>[2]>[0]): Promise<Answer> => {
      for (const source of sources) {
        const { isReady, text } = await source.ask(question);
        if (!isReady) return { isReady, text: `${source.label} answered: ${text}` };
      }
      return { isReady: true, text: 'true' };
    };
    return await withSources(session, report, ask, watch);
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof ReportError) || error.retryable !== true) throw error;
    return { isReady: false, text: sentence(error) };
  }
}
