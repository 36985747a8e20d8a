// Traces by OpenTelemetry's SDK. Loaded only when a trace is asked for.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { failureOf } from '../disclosure.js';
import { toolVersion } from '../version.js';
import type { Span, Tracing, TracingOptions } from './span.js';

const EXPORT_TIMEOUT_MS = 4_500;

/** Nothing is exported before the end, so that a run waits for a collector that hangs only once. */
const EXPORT_AT_THE_END = {
  scheduledDelayMillis: 2 ** 31 - 1,
  maxQueueSize: 16_384,
  maxExportBatchSize: 16_384,
};

export function startTracing({ config, name, run, warn }: TracingOptions): Tracing {
  let failure: string | undefined;
  const onFailure = (error: unknown) => {
    failure ??= reasonOf(error);
  };
  const version = toolVersion().replace(/^.* /, '');
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'reportctl', 'service.version': version }))
      // Merged last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(lateExporter(onFailure), {
        ...EXPORT_AT_THE_END,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('reportctl');
  const attributes = { 'reportctl.run': run };
  const root = spanOf(tracer, tracer.startSpan(name, { attributes }, parentOf(config.parent)));
  return {
    root,
    async close(signal) {
      root.end();
      const exported = provider.shutdown().catch(onFailure);
      const ended = new AbortController();
      const until = AbortSignal.any([signal, ended.signal]);
      const timedOut = sleep(EXPORT_TIMEOUT_MS, undefined, { signal: until })
        .catch(() => undefined)
        .then(() => ended.signal.aborted || onFailure(new Error('no answer in time')));
      await Promise.race([exported, timedOut]);
      ended.abort();
      if (failure !== undefined) warn(`the trace could not be exported: ${failure}`);
    },
  };
}

/**
 * Creates the real exporter only when exporting starts, and reports failures, which the SDK would swallow.
 */
function lateExporter(onFailure: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) => {
      try {
        const exporter = new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MS });
        exporter.export(spans, (result) => {
          if (result.code !== 0) onFailure(result.error);
          done(result);
        });
      } catch (error) {
        onFailure(error);
        done({ code: 1 });
      }
    },
    shutdown: async () => {},
  };
}

/** A reason that does not quote the endpoint, since its path or password can be a secret. */
function reasonOf(error: unknown): string {
  const { code, message = '' } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (typeof code === 'number') return `HTTP ${code}`;
  if (typeof code === 'string') return code;
  return /time/i.test(message) ? 'no answer in time' : 'no connection';
}

function spanOf(tracer: Tracer, own: OtelSpan): Span {
  return {
    span: (name, attributes = {}) =>
      spanOf(tracer, tracer.startSpan(name, { attributes }, trace.setSpan(ROOT_CONTEXT, own))),
    set: (attributes) => {
      own.setAttributes(attributes);
    },
    fail: (error) => {
      const { code, message } = failureOf(error);
      own.setStatus({ code: SpanStatusCode.ERROR, message });
      own.recordException({ name: code, message });
    },
    end: () => own.end(),
  };
}

/** W3C Trace Context, 3.2: `00-<trace id>-<parent id>-<flags>`; any other text is ignored, as the standard requires. */
function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}
