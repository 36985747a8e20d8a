// Spans for OpenTelemetry: where the time of a run goes. The SDK is loaded only when a trace is asked for.
import { failureOf } from './disclosure.js';
import { ReportError } from './errors.js';
import { type Attributes, noSpan, type Span, type Tracing, type TracingOptions } from './trace/span.js';

export type { Span } from './trace/span.js';

/**
 * Starts tracing when the command line or the configuration asks for it; otherwise every span does nothing.
 * @throws ReportError `usage` when the command line asks for a trace and tracing cannot start
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { isDemanded, config, warn } = options;
  if (config.disabled || !(isDemanded || config.requested)) return { root: noSpan, close: async () => {} };
  try {
    const { startTracing } = await import('./trace/opentelemetry.js');
    return startTracing(options);
  } catch (cause) {
    const problem = `tracing cannot start: ${failureOf(cause).message}`;
    const hint = 'See the OTEL_… variables.';
    if (isDemanded) throw new ReportError('usage', problem, { hint, cause });
    warn(`${problem}; this run is not traced. ${hint}`);
    return { root: noSpan, close: async () => {} };
  }
}

/** Does the work in a span of its own. An error is recorded in the span and thrown. */
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
 * Passes the items on within a span of its own, which starts when the first item is asked for.
 * @param measure the span's attributes at its end
 */
export async function* iterateInSpan<T>(
  parent: Span | undefined,
  name: string,
  items: AsyncIterable<T>,
  measure: () => Attributes = () => ({}),
): AsyncGenerator<T> {
  if (parent === undefined || parent === noSpan) return yield* items;
  const span = parent.span(name);
  try {
    yield* items;
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.set(measure());
    span.end();
  }
}
