// Does the work of a command in a trace of its own, where somebody asked for one.
import { openTracing, type Span } from '../../core/trace.js';
import type { CommandSession } from './context.js';

/** What `--help` says of `--otel`. */
export const TRACE_OPTION = 'export a trace as the OTEL_… variables say';

/** Exporting it is the last thing, and changes nothing. @throws ReportError `usage`, and what the work throws */
export async function inTrace<T>(
  { config, runId: run, log, signal }: CommandSession,
  name: string,
  { otel }: { readonly otel?: true },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const warn = (message: string) => log.warn(message);
  const { tracing } = config;
  const { root, close } = await openTracing({
    isDemanded: otel === true,
    config: tracing,
    name,
    run,
    warn,
    signal,
  });
  try {
    return await work(root);
  } catch (error) {
    root.fail(signal.aborted ? signal.reason : error);
    throw error;
  } finally {
    await close();
  }
}
