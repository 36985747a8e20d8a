// Reads the documents of all files, in order, as batches of rows.

import { messageOf, ReportError } from '../../core/errors.js';
import type { DocumentQuery, Request } from '../../core/source.js';
import type { Batch } from '../../core/table.js';
import { CopyText } from '../../rows/encoded-rows.js';
import { readAhead } from './ahead.js';
import { BATCH, BatchMaker, isFilled } from './batches.js';
import type { DocumentFile, Files, Place } from './files.js';
import { unzipped } from './gunzip.js';
import { DocumentReader } from './reader.js';
import { countOf, RowMaker, wantedOf } from './rows.js';
import { type Piece, ScanThreads, sharedPath } from './threads.js';

/** Bytes of documents after which the rows that are there go on. */
const BATCH_SPAN = 4 * 1024 * 1024;

/** One request, ready to be read. */
export interface Read {
  readonly place: Place;
  readonly request: Request;
  readonly query: DocumentQuery;
  readonly found: Files;
  /** For messages. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

interface Reading extends Read {
  readonly limit: number | undefined;
  /** Takes what there is to say about the documents when the reading has ended. */
  readonly note: (lines: readonly string[]) => void;
}

/** @throws ReportError `source` or `contract`, or the signal's reason */
export async function* readDocuments(reading: Reading): AsyncGenerator<Batch> {
  const { place, request, query, found, doing, signal, note } = reading;
  const maker = new RowMaker(request, query, doing);
  const reader = new DocumentReader(maker.root, doing, request.timezone);
  const batches = new BatchMaker(maker, request.timezone);
  const empty: string[] = [];
  const threads = new ScanThreads({ wanted: wantedOf(request), query });
  let left = reading.limit ?? Number.POSITIVE_INFINITY;
  let span = 0;
  let file: DocumentFile | undefined;
  const take = () => {
    left -= batches.rows;
    span = 0;
    return new CopyText(batches.take(), maker.columns.length);
  };
  try {
    signal.throwIfAborted();
    if (left === 0) return;
    for await (const opened of readAhead(found.files, signal)) {
      file = opened.file;
      reader.begin(file.name);
      const shared = reading.limit === undefined ? await sharedPath(file) : undefined;
      const pieces =
        shared !== undefined ? threads.pieces(shared) : piecesOf(unzipped(file.name, opened.chunks));
      for await (const piece of withEnd(pieces)) {
        signal.throwIfAborted();
        if (piece?.made !== undefined && reader.isAtLine && maker.add(piece.made)) {
          reader.skip(piece.length, piece.made.lines);
          for (const rows of piece.made.rows) {
            // What is large enough goes on as it is.
            const made = new CopyText(rows, maker.columns.length);
            const isLarge = made.rowCount >= BATCH;
            if (!isLarge) batches.join(rows);
            if (batches.rows >= (isLarge ? 1 : BATCH)) yield take();
            if (isLarge) yield made;
          }
        } else {
          if (piece === undefined) reader.finish();
          else reader.append(piece.bytes());
          while (isFilled(batches, reader, left)) {
            yield take();
            if (left === 0) return;
          }
        }
        span += piece?.length ?? 0;
        if (span >= BATCH_SPAN && batches.rows > 0) yield take();
      }
      if (reader.isEmpty) empty.push(checkedEmpty(file, found, doing));
    }
    if (batches.rows > 0) yield take();
  } catch (error) {
    const what = file === undefined ? doing : `${doing}: ${file.name}`;
    throw explained(error, what, place, signal);
  } finally {
    await threads.close();
    note([...maker.notes(), ...filesNotes(empty, found.leftOut)]);
  }
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const chunk of chunks) yield { length: chunk.length, bytes: () => chunk };
}

/** All of them, and undefined behind the last one. */
export async function* withEnd<T>(all: AsyncIterable<T>): AsyncGenerator<T | undefined> {
  yield* all;
  yield undefined;
}

/**
 * A collection without documents is an empty file: mongoexport makes one. But a file for each document that has none is
 * one whose writing failed.
 */
function checkedEmpty({ name }: DocumentFile, { many }: Files, doing: string): string {
  if (!many || !/\.json(\.gz)?$/i.test(name)) return name;
  throw new ReportError('source', `${doing}: ${name} is empty`, {
    hint: 'Write it again, or remove it when there is no such document.',
    retryable: false,
  });
}

function filesNotes(empty: readonly string[], leftOut: readonly string[]): string[] {
  const notes: string[] = [];
  if (empty.length > 0) notes.push(`${countOf(empty.length, 'file')} had no document in it: ${some(empty)}`);
  if (leftOut.length > 0) {
    notes.push(
      `${countOf(leftOut.length, 'file')} of another kind ${leftOut.length === 1 ? 'was' : 'were'} left out: ${some(leftOut)}`,
    );
  }
  return notes;
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}

/** The signal's reason, a ReportError as it is, or one of what the files or their place threw. */
export function explained(error: unknown, doing: string, place: Place, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ReportError) return error;
  const { code = '' } = error as { code?: string };
  if (code.startsWith('Z_')) {
    const wrong = code === 'Z_BUF_ERROR' ? 'the gzip ends in the middle' : 'the gzip is broken';
    return new ReportError('source', `${doing}: ${wrong} (${messageOf(error)})`, {
      hint: 'The file was cut off or changed: copy or export it again.',
      cause: error,
      retryable: false,
    });
  }
  const { wrong, hint, retryable } = place.explain(error);
  return new ReportError('source', `${doing}: ${wrong}`, { ...(hint && { hint }), cause: error, retryable });
}
