// Reads the documents of all files, in order, as batches of rows.
import { messageOf, ReportError } from '../../core/errors.js';
import { SilentConnection } from '../../core/idle-watch.js';
import type { DocumentQuery, Request } from '../../core/source.js';
import type { Batch, EncodedRows } from '../../core/table.js';
import { CopyText } from '../../rows/encoded-rows.js';
import { readAhead } from './ahead.js';
import { BATCH, BatchMaker, isFilled } from './batches.js';
import { type DocumentFile, type Files, someOf } from './files.js';
import { unzipped } from './gunzip.js';
import { DocumentReader } from './reader.js';
import { countOf, RowMaker, wantedOf } from './rows.js';
import { type Piece, ScanThreads, sharedPath } from './threads.js';

/** Bytes of documents after which a batch is yielded even when it is not full. */
const BATCH_SPAN = 4 * 1024 * 1024;

/** One request and the files that it reads. */
export interface Read {
  readonly request: Request;
  readonly query: DocumentQuery;
  readonly found: Files;
  /** What we are doing, for messages: `reading "producao" from source "vendas" (file:docs)`. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

interface Reading extends Read {
  /** Rows; undefined reads all. */
  readonly limit: number | undefined;
  /** Receives the warnings about the documents when the reading ends. */
  readonly note: (lines: readonly string[]) => void;
}

/**
 * Reads the rows of all files, in order.
 * @throws ReportError `source` for files that cannot be read or broken documents, `contract` for a value that does not fit
 * its column; the signal's reason
 */
export async function* readDocuments(reading: Reading): AsyncGenerator<Batch> {
  const { request, query, found, doing, signal, note, limit } = reading;
  const maker = new RowMaker(request, query, doing);
  const batches = new BatchStream(maker, new DocumentReader(maker.root, doing, request.timezone), reading);
  const threads = new ScanThreads({ wanted: wantedOf(request), query });
  const empty: string[] = [];
  let file: DocumentFile | undefined;
  try {
    signal.throwIfAborted();
    if (limit === 0) return;
    for await (const opened of readAhead(found.files, signal)) {
      file = opened.file;
      batches.reader.begin(file.name);
      // With a limit, a second thread would read documents that nobody wants.
      const path = limit === undefined ? await sharedPath(file) : undefined;
      const pieces = path === undefined ? piecesOf(unzipped(file.name, opened.chunks)) : threads.pieces(path);
      for await (const piece of pieces) {
        signal.throwIfAborted();
        yield* batches.add(piece);
        if (batches.isComplete) return;
      }
      signal.throwIfAborted();
      yield* batches.endFile();
      if (batches.isComplete) return;
      if (batches.reader.isEmpty) empty.push(checkedEmpty(file, found, doing));
    }
    yield* batches.rest();
  } catch (error) {
    const what = file === undefined ? doing : `${doing}: ${file.name}`;
    throw explained(error, what, signal);
  } finally {
    await threads.close();
    const empties =
      empty.length === 0 ? [] : [`${countOf(empty.length, 'file')} had no document in it: ${someOf(empty)}`];
    note([...maker.notes(), ...empties, ...found.leftOut]);
  }
}

/** Makes batches of about BATCH rows from pieces of files. */
class BatchStream {
  readonly reader: DocumentReader;
  readonly #maker: RowMaker;
  readonly #batches: BatchMaker;
  /** Rows that may still be yielded. */
  #left: number;
  /** Bytes read since the last batch. */
  #span = 0;

  constructor(maker: RowMaker, reader: DocumentReader, { request, limit }: Reading) {
    this.#maker = maker;
    this.reader = reader;
    this.#batches = new BatchMaker(maker, request.timezone);
    this.#left = limit ?? Number.POSITIVE_INFINITY;
  }

  /** Has the limit been reached? */
  get isComplete(): boolean {
    return this.#left === 0;
  }

  /** Adds a piece of the current file; yields the batches that it fills. */
  *add(piece: Piece): Generator<Batch> {
    const { made } = piece;
    if (made !== undefined && this.reader.isAtLine && this.#maker.add(made)) {
      this.reader.skip(piece.length, made.lines);
      for (const rows of made.rows) yield* this.#join(rows);
    } else {
      this.reader.append(piece.bytes());
      yield* this.#documents();
    }
    this.#span += piece.length;
    // So that a filter that few documents pass does not hold rows back for long.
    if (this.#span >= BATCH_SPAN) yield* this.rest();
  }

  /** Ends the current file. @throws ReportError `source` when it ends inside a document or an array */
  endFile(): Generator<Batch> {
    this.reader.finish();
    return this.#documents();
  }

  /** Yields the rows that are waiting, if there are any. */
  *rest(): Generator<Batch> {
    if (this.#batches.rows > 0) yield this.#take();
  }

  /** Adds rows that a thread made. A full batch is yielded without being copied, after the rows before it. */
  *#join(rows: EncodedRows): Generator<Batch> {
    const batch = new CopyText(rows, this.#maker.columns.length);
    if (batch.rowCount >= BATCH) {
      yield* this.rest();
      yield batch;
    } else {
      this.#batches.join(rows);
      if (this.#batches.rows >= BATCH) yield this.#take();
    }
  }

  *#documents(): Generator<Batch> {
    while (!this.isComplete && isFilled(this.#batches, this.reader, this.#left)) yield this.#take();
  }

  #take(): Batch {
    this.#left -= this.#batches.rows;
    this.#span = 0;
    return new CopyText(this.#batches.take(), this.#maker.columns.length);
  }
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  for await (const chunk of chunks) yield { length: chunk.length, bytes: () => chunk };
}

/** All items, then undefined. */
export async function* withEnd<T>(all: AsyncIterable<T>): AsyncGenerator<T | undefined> {
  yield* all;
  yield undefined;
}

/**
 * An empty file is a collection without documents: mongoexport writes such a file. In a folder with one document per file,
 * an empty `.json` file is one whose writing failed.
 */
function checkedEmpty({ name }: DocumentFile, { many }: Files, doing: string): string {
  if (!many || !/\.json(\.gz)?$/i.test(name)) return name;
  throw new ReportError('source', `${doing}: ${name} is empty`, {
    hint: 'Write it again, or remove it when there is no such document.',
    retryable: false,
  });
}

/**
 * The error to throw: the signal's reason when it was aborted; a ReportError `source` that says what we were doing for a
 * failure of the store or of unpacking; any other ReportError unchanged.
 */
export function explained(error: unknown, doing: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ReportError) {
    if (error.code !== 'destination') return error;
    return new ReportError('source', `${doing}: ${error.reason}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.retryable !== undefined && { retryable: error.retryable }),
      cause: error,
    });
  }
  if (error instanceof SilentConnection) {
    return new ReportError('source', `${doing}: ${error.message}`, {
      hint: 'Check the network and the store; REPORTCTL_IDLE_TIMEOUT says how long it may be silent.',
      cause: error,
      retryable: true,
    });
  }
  const { code = '' } = error as { code?: string };
  if (code.startsWith('Z_')) {
    const wrong = code === 'Z_BUF_ERROR' ? 'the gzip ends in the middle' : 'the gzip is broken';
    return new ReportError('source', `${doing}: ${wrong} (${messageOf(error)})`, {
      hint: 'The file was cut off or changed: copy or export it again.',
      cause: error,
      retryable: false,
    });
  }
  return new ReportError('source', `${doing}: ${messageOf(error)}`, {
    hint: 'Check the file and the disk.',
    cause: error,
    retryable: false,
  });
}
