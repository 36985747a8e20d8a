// One output: encoded, compressed, counted and staged, then published or discarded together with the others.

import type { Destination, Existing, Published, Staged } from '../core/destination.js';
import { Effect } from '../core/effect.js';
import { messageOf, ReportError, withMessageSuffix } from '../core/errors.js';
import { isOutcomeUnknown, visibleFileOf } from '../core/existing-file.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Table } from '../core/table.js';
import { iterateInSpan, type Span, withSpan } from '../core/trace.js';
import type { Writer } from '../core/writer.js';
import { ByteCounter } from '../rows/counters.js';
import { compression, transformed } from '../writers/compression.js';
import type { WriterOptions } from '../writers/index.js';
import type { Part } from './split/part.js';

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
  /** What is in it, when it is not all rows. */
  readonly part?: Part;
}

interface FillOptions {
  /** Called with the staged file; from then on the caller discards it. */
  readonly onStaged: (staged: Staged) => void;
  /** Called after every chunk, with the bytes so far. */
  readonly onBytes: (bytes: number) => void;
  /** The span that this is a part of. */
  readonly span?: Span | undefined;
}

/** Writes the whole table into the target's staging. */
export function fill(target: Target, table: Table, options: FillOptions): Promise<FilledTarget> {
  return withSpan(options.span, 'upload', { key: target.key }, async (upload) => {
    const filled = await filledTarget(target, table, options);
    upload.set({ bytes: filled.bytes });
    return filled;
  });
}

async function filledTarget(
  target: Target,
  table: Table,
  { onStaged, onBytes, span }: FillOptions,
): Promise<FilledTarget> {
  const packed = target.compress === undefined ? undefined : compression(target.compress);
  const contentType = packed?.contentType ?? target.writer.contentType;
  const staged = await target.destination.stage(target.key, { contentType, existing: target.existing });
  onStaged(staged);
  const counter = new ByteCounter();
  const about = () => ({ key: target.key, format: target.format });
  const encoded = iterateInSpan(span, 'encode', target.writer.encode(table), about);
  for await (const chunk of packed === undefined ? encoded : transformed(encoded, packed.create())) {
    counter.add(chunk);
    await staged.write(chunk);
    onBytes(counter.bytes);
  }
  return { target, contentType, staged, bytes: counter.bytes, sha256: counter.sha256() };
}

/** Discards everything staged. @returns the error to throw: the given one, with what could not be discarded added to it */
export async function discardAll(
  filled: readonly Pick<FilledTarget, 'staged'>[],
  error: unknown,
): Promise<unknown> {
  const settled = await Promise.allSettled(filled.map(({ staged }) => staged.discard()));
  const left = settled.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  return left.length === 0 ? error : withMessageSuffix(error, `and cleaning up failed: ${left.join('; ')}`);
}

/** Does the work, and discards the staged files when it fails. */
export async function discardOnError<T>(
  files: readonly FilledTarget[],
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await discardAll(files, error);
  }
}

/** How many files are published at the same time. */
const MAX_PARALLEL_PUBLISHES = 8;

/**
 * Publishes the files, some at a time. When one fails, no other is started and the rest are discarded.
 * @param effect is told of every file that becomes visible: without a run record they do not count as published
 */
export async function publishAll(
  files: readonly FilledTarget[],
  effect: Effect = new Effect(),
): Promise<Output[]> {
  const started = new Set<FilledTarget>();
  effect.publishingBegan();
  try {
    return await mapConcurrently(MAX_PARALLEL_PUBLISHES, files, async (file) => {
      started.add(file);
      const { target, staged, bytes } = file;
      const published = await staged.publish().catch((error: unknown) => {
        const visible = visibleFileOf(error);
        if (visible !== undefined) effect.madeVisible(visible);
        if (isOutcomeUnknown(error)) effect.outcomeUnknown(target.key);
        throw error;
      });
      const output = { ...published, file };
      effect.madeVisible({ ...output, key: target.key });
      if (output.bytes === bytes) return output;
      throw new ReportError(
        'destination',
        `publishing ${target.key}: sent ${bytes} bytes but ${output.bytes} arrived`,
      );
    });
  } catch (error) {
    const rest = files.filter((file) => !started.has(file));
    throw await discardAll(rest, error);
  } finally {
    effect.publishingEnded();
  }
}
