// Where the time of a run goes, for OpenTelemetry: a tiny vocabulary, of which nothing is loaded unless somebody asks.
import { failureOf } from './disclosure.js';
import { ReportError } from './errors.js';
import { type Attributes, noSpan, type Span, type Tracing, type TracingOptions } from './trace/span.js';

export type { Span } from './trace/span.js';

/** @throws ReportError `usage` when a trace is demanded and the packages that make it are not installed */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { isDemanded, config, warn } = options;
  if (config.disabled || !(isDemanded || config.requested)) return { root: noSpan, close: async () => {} };
  try {
    const { startTracing } = await import('./trace/opentelemetry.js');
    return startTracing(options);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const wrong = isMissing
      ? 'tracing: the optional @opentelemetry packages are not installed'
      : `tracing cannot start: ${failureOf(cause).message}`;
    const hint = isMissing
      ? 'Install reportctl without --omit=optional, or set OTEL_SDK_DISABLED=true.'
      : 'See the OTEL_… variables.';
    if (isDemanded) throw new ReportError('usage', wrong, { hint, cause });
    warn(`${wrong}; this run is not traced. ${hint}`);
    return { root: noSpan, close: async () => {} };
  }
}

/** The work as a phase of its own: its error is the phase's, and is thrown. */
export async function withSpan<T>(
  parent: Span | undefined,
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = (parent ?? noSpan).span(name, attributes);
  try {
    return await work(span);
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * What flows by as a phase of its own: it begins when the first item is asked for.
 * @param measure what the phase knows of itself at its end
 */
export async function* iterateInSpan<T>(
  parent: Span | undefined,
  name: string,
  flow: AsyncIterable<T>,
  measure: () => Attributes = () => ({}),
): AsyncGenerator<T> {
  if (parent === undefined || parent === noSpan) return yield* flow;
  const span = parent.span(name);
  try {
    yield* flow;
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.set(measure());
    span.end();
  }
}
