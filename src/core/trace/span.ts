// The vocabulary of traces: spans, and what starts and ends them. Nothing here loads OpenTelemetry.
import type { TracingConfig } from '../config.js';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One phase of a run. */
export interface Span {
  /** A phase within this one, begun now. */
  span(name: string, attributes?: Attributes): Span;
  set(attributes: Attributes): void;
  /** Of an error only what may be told to others. */
  fail(error: unknown): void;
  end(): void;
}

/** The trace that nobody asked for. */
export const noSpan: Span = { span: () => noSpan, set: () => {}, fail: () => {}, end: () => {} };

export interface Tracing {
  readonly root: Span;
  /** Ends the root and exports everything; takes five seconds at most, and throws nothing. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Asked for on the command line: then what is missing is an error. */
  readonly isDemanded: boolean;
  readonly config: TracingConfig;
  /** The name of the root span. */
  readonly name: string;
  /** The id of this process's run. */
  readonly run: string;
  readonly warn: (message: string) => void;
  /** Of the run. */
  readonly signal: AbortSignal;
}
