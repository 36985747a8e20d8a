// One output on its way: encoded, compressed, counted and staged; then published or discarded with its siblings.
import { compression, transformed } from './compress.js';
import { ByteCounter } from './counters.js';
import { messageOf, ReportError } from './errors.js';
import type { Destination, Existing, Published, Staged, Table, Writer } from './table.js';
import { type Span, traced, tracedFlow } from './trace.js';
import type { WriterOptions } from './writers/index.js';

export interface Target {
  readonly key: string;
  /** As a report or a command line spells it. */
  readonly format: string;
  /** The format's options, such as a CSV dialect. */
  readonly options: WriterOptions;
  readonly writer: Writer;
  /** A word of `--compress`. */
  readonly compress: string | undefined;
  readonly destination: Destination;
  readonly existing: Existing;
}

/** A published file. */
export interface Output extends Published {
  readonly file: FilledTarget;
}

/** A target whose every byte is staged; nothing of it is visible. */
export interface FilledTarget {
  readonly target: Target;
  readonly contentType: string;
  readonly staged: Staged;
  readonly bytes: number;
  readonly sha256: string;
}

interface Filling {
  /** Called with the staging, which is the caller's to discard from then on. */
  readonly onStaged: (staged: Staged) => void;
  /** Called with the bytes so far, as often as a chunk was taken. */
  readonly onBytes: (bytes: number) => void;
  /** The phase of a trace in which this happens. */
  readonly span?: Span | undefined;
}

/** Writes the whole table into the target's staging. */
export function fill(target: Target, table: Table, filling: Filling): Promise<FilledTarget> {
  return traced(filling.span, 'upload', { key: target.key }, async (upload) => {
    const filled = await filledTarget(target, table, filling);
    upload.set({ bytes: filled.bytes });
    return filled;
  });
}

async function filledTarget(
  target: Target,
  table: Table,
  { onStaged, onBytes, span }: Filling,
): Promise<FilledTarget> {
  const packed = target.compress === undefined ? undefined : compression(target.compress);
  const contentType = packed?.contentType ?? target.writer.contentType;
  const staged = await target.destination.stage(target.key, { contentType, existing: target.existing });
  onStaged(staged);
  const counter = new ByteCounter();
  const about = () => ({ key: target.key, format: target.format });
  const encoded = tracedFlow(span, 'encode', target.writer.encode(table), about);
  for await (const chunk of packed === undefined ? encoded : transformed(encoded, packed.create())) {
    counter.add(chunk);
    await staged.write(chunk);
    onBytes(counter.bytes);
  }
  return { target, contentType, staged, bytes: counter.bytes, sha256: counter.sha256() };
}

/** Discards everything staged; the error to throw is the one given, with what could not be discarded added to it. */
export async function discardAll(
  filled: readonly Pick<FilledTarget, 'staged'>[],
  error: unknown,
): Promise<unknown> {
  const settled = await Promise.allSettled(filled.map(({ staged }) => staged.discard()));
  const left = settled.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  return left.length === 0 ? error : withAddition(error, `and cleaning up failed: ${left.join('; ')}`);
}

/** When the work fails, what was staged goes. */
export async function orDiscard<T>(files: readonly FilledTarget[], work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await discardAll(files, error);
  }
}

/** The error to throw when files became visible that no run record will tell of: it names them. */
export function unrecorded(visible: readonly Published[], error: unknown): unknown {
  if (visible.length === 0) return error;
  const locations = visible.map((output) => output.location).join(', ');
  return withAddition(error, `already visible, but not recorded as published: ${locations}`);
}

function withAddition(error: unknown, addition: string): ReportError {
  const { code, hint, retryable } = error instanceof ReportError ? error : new ReportError('unexpected', '');
  return new ReportError(code, `${messageOf(error)}; ${addition}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryable === undefined ? {} : { retryable }),
    cause: error,
  });
}

/**
 * Publishes one after the other, in order. When one fails the rest are discarded; those before it are visible, and the
 * error says so: without a run record they are not published to those who follow it.
 */
export async function publishAll(files: readonly FilledTarget[]): Promise<Output[]> {
  const outputs: Output[] = [];
  for (const [index, file] of files.entries()) {
    const { target, staged, bytes } = file;
    try {
      const published = await staged.publish();
      outputs.push({ ...published, file });
      if (published.bytes !== bytes) {
        throw new ReportError(
          'destination',
          `publishing ${target.key}: sent ${bytes} bytes but ${published.bytes} arrived`,
        );
      }
    } catch (error) {
      throw unrecorded(outputs, await discardAll(files.slice(index + 1), error));
    }
  }
  return outputs;
}
