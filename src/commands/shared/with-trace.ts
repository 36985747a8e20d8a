// Records the work of a command as an OpenTelemetry trace, when --otel or the environment asks for one.
import { openTracing, type Span } from '../../core/trace.js';
import type { CommandSession } from './context.js';

/** The description of `--otel` in `--help`. */
export const TRACE_OPTION = 'export a trace, configured by the OTEL_… variables';

/**
 * Runs the work with the trace's root span and returns its result. The trace is exported after the work; a failed export is a warning.
 * @param name of the root span
 * @throws ReportError `usage` for wrong OTEL_… variables, and what the work throws
 */
export async function withTrace<T>(
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
