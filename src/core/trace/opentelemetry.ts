// The trace as OpenTelemetry's SDK makes and exports it. Loaded only when somebody asked for a trace.
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

/** Milliseconds that exporting may take; of an interrupted run, which has ten seconds for everything. */
const PATIENCE = 4_500;
const INTERRUPTED_PATIENCE = 2_000;

/** Nothing is exported before the end, so that a collector that hangs costs its time once. */
const AT_THE_END = { scheduledDelayMillis: 2 ** 31 - 1, maxQueueSize: 16_384, maxExportBatchSize: 16_384 };

export function startTracing({ config, name, run, warn, signal }: TracingOptions): Tracing {
  let failure: string | undefined;
  const notice = (error: unknown) => {
    failure ??= reasonOf(error);
  };
  const patience = () => (signal.aborted ? INTERRUPTED_PATIENCE : PATIENCE);
  const version = toolVersion().replace(/^.* /, '');
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'reportctl', 'service.version': version }))
      // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor(exporterOf(patience, notice), { ...AT_THE_END, exportTimeoutMillis: PATIENCE }),
    ],
  });
  const tracer = provider.getTracer('reportctl');
  const attributes = { 'reportctl.run': run };
  const root = spanOf(tracer, tracer.startSpan(name, { attributes }, parentOf(config.parent)));
  return {
    root,
    async close() {
      root.end();
      const ended = new AbortController();
      const exported = provider.shutdown().catch(notice);
      const late = sleep(patience(), undefined, { signal: ended.signal }).then(
        () => notice(new Error('no answer in time')),
        () => undefined,
      );
      await Promise.race([exported, late]);
      ended.abort();
      if (failure !== undefined) warn(`the trace could not be exported: ${failure}`);
    },
  };
}

/** The SDK swallows what an exporter fails at. The one that is made as late as this knows how long it may take. */
function exporterOf(patience: () => number, notice: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) => {
      try {
        const exporter = new OTLPTraceExporter({ timeoutMillis: patience() });
        exporter.export(spans, (result) => {
          if (result.code !== 0) notice(result.error);
          done(result);
        });
      } catch (error) {
        notice(error);
        done({ code: 1 });
      }
    },
    shutdown: async () => {},
  };
}

/** Nothing that may quote the endpoint, whose path or password can be a secret. */
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

/** W3C Trace Context, 3.2: `00-<trace id>-<parent id>-<flags>`; one that is not so is ignored, as it asks for. */
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
