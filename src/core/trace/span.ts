// A span and a trace, free of OpenTelemetry.
import type { TracingConfig } from '../config.js';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One phase of a run, from its start to end(). */
export interface Span {
  /** Starts a child span. */
  span(name: string, attributes?: Attributes): Span;
  set(attributes: Attributes): void;
  /** Marks the span as failed. Only the part of the error that is safe to export is recorded (core/disclosure.ts). */
  fail(error: unknown): void;
  end(): void;
}

/** Does nothing: no trace was asked for. */
export const noSpan: Span = { span: () => noSpan, set: () => {}, fail: () => {}, end: () => {} };

export interface Tracing {
  readonly root: Span;
  /** Ends the root span and exports everything, for five seconds at most and until the signal fires. Never throws. */
  close(signal: AbortSignal): Promise<void>;
}

export interface TracingOptions {
  /** Asked for on the command line: a trace that cannot start is then an error, not a warning. */
  readonly isDemanded: boolean;
  readonly config: TracingConfig;
  /** The name of the root span. */
  readonly name: string;
  /** The id of this process's run. */
  readonly run: string;
  readonly warn: (message: string) => void;
}
