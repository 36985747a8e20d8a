// Records the work of a command as an OpenTelemetry trace, when --otel or the environment asks for one.
import { ReportError } from '../../core/errors.js';
import { openTracing, type Span } from '../../core/trace.js';
import { startTelling } from '../../core/watchdog.js';
import type { RunListener } from '../../jobs/events.js';
import type { CommandSession } from './context.js';

/** The description of `--otel` in `--help`. */
export const TRACE_OPTION = 'export a trace, configured by the OTEL_… variables';

interface TraceOptions {
  readonly otel?: true;
}

/** Starts the trace. @param name of the root span. @throws ReportError `usage` for wrong OTEL_… variables */
function startTrace({ config, runId: run, log }: CommandSession, name: string, { otel }: TraceOptions) {
  const warn = (message: string) => log.warn(message);
  return openTracing({ isDemanded: otel === true, config: config.tracing, name, run, warn });
}

/**
 * Runs the work with the trace's root span and returns its result. The trace is exported after the work; a failed export is a warning.
 * @throws ReportError `usage` for wrong OTEL_… variables, and what the work throws
 */
export async function withTrace<T>(
  session: CommandSession,
  name: string,
  options: TraceOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const { root, close } = await startTrace(session, name, options);
  const { signal } = session;
  let isLate = false;
  try {
    return await work(root);
  } catch (error) {
    root.fail(signal.aborted ? signal.reason : error);
    isLate = error instanceof ReportError && error.code === 'not-ready';
    throw error;
  } finally {
    const telling = startTelling(signal, isLate);
    await close(telling.signal);
    telling.end();
  }
}

/** The root span of a run, and a listener that exports the trace when the run has ended. @throws ReportError `usage` */
export async function traceOfRun(
  session: CommandSession,
  options: TraceOptions,
): Promise<{ readonly span: Span; readonly listener: RunListener }> {
  const { root, close } = await startTrace(session, 'run', options);
  const listener: RunListener = {
    name: 'the trace',
    async ended(_, { failure, signal }) {
      if (failure !== undefined) root.fail(failure);
      await close(signal);
    },
  };
  return { span: root, listener };
}
