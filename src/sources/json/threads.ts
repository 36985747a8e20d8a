// Reads a large file with two threads, the main one and a worker, range by range; yields the results in the file's order.
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { readFully } from '../../core/read-fully.js';
import type { EncodedRows } from '../../core/table.js';
import { ARRAY } from './ascii.js';
import type { DocumentFile } from './files.js';
import { isGzip } from './gunzip.js';
import { type Made, RangeMaker, type Task } from './range-maker.js';
import { lineRanges, type Range, RangeReader } from './ranges.js';
import type { Question } from './thread.js';

/** Ranges that the worker may hold at once, so that it does not wait for the next one. */
const MAX_ASKED = 3;
/** Ranges that may be open at once, being read or waiting for their turn, so that the main thread does not wait for the worker. */
const MAX_WAITING = 6;
/** Failed ranges after which the worker is not used any more: the documents probably have many lines each. */
const MAX_REFUSED = 16;
/** V8's young generation in the worker, as in the main thread (cli.ts): saves 15 MB. */
const YOUNG_GENERATION_MB = 3;

/** A smaller file is read by the main thread alone: a worker is slow until V8 has compiled its code (measured). */
const MIN_SHARED_BYTES = 96 * 1024 * 1024;

/**
 * The file's path when two threads can read it: a large local file of documents, not an array and not gzip.
 * @throws what Node throws
 */
export async function sharedPath({ path, size }: DocumentFile): Promise<string | undefined> {
  if (path === undefined || size < MIN_SHARED_BYTES) return undefined;
  const file = await open(path);
  try {
    const beginning = Buffer.alloc(2);
    await readFully(file, beginning, 0);
    return isGzip(beginning) || beginning[0] === ARRAY ? undefined : path;
  } finally {
    await file.close();
  }
}

/** Some bytes of a file. Pieces come in the file's order. */
export interface Piece {
  readonly length: number;
  /** Call it before asking for the next piece, whose bytes may overwrite these. */
  bytes(): Uint8Array;
  /** The rows of these bytes, if they were read already. Valid only when a document starts where the piece starts. */
  readonly made?: Made | undefined;
}

/** A range that has not been yielded yet. */
interface PendingRange {
  readonly range: Range;
  made: Made | undefined;
  /** `free`: nobody reads it yet. `taken`: the worker reads it. `read`: done. `in-turn`: only the reader of the file can read it. */
  state: 'free' | 'taken' | 'read' | 'in-turn';
  /** Resolves when the worker has read it or has ended. */
  taken: Promise<void> | undefined;
}

export class ScanThreads {
  readonly #task: Task;
  #own: RangeMaker | undefined;
  #worker: RangeWorker | undefined;
  #refused = 0;

  constructor(task: Task) {
    this.#task = task;
  }

  /** All of the file as it is now. Pieces have rows only once the worker has started. @throws what Node throws */
  async *pieces(path: string): AsyncGenerator<Piece> {
    if (availableParallelism() > 1) this.#worker ??= new RangeWorker(this.#task);
    const file = await open(path);
    const waiting: PendingRange[] = [];
    try {
      const { size } = await file.stat();
      const bytes = new RangeReader();
      const next = async (): Promise<Piece> => {
        const { range, made } = await this.#first(waiting, file.fd);
        return { length: range.to - range.from, bytes: () => bytes.read(file.fd, range), made };
      };
      for (const range of lineRanges(file.fd, size)) {
        waiting.push(this.#pending(file.fd, range));
        if (waiting.length > MAX_WAITING) yield await next();
      }
      while (waiting.length > 0) yield await next();
    } finally {
      // The worker must not use the descriptor after it is closed: the next open file would get the same number.
      await Promise.all(waiting.map(({ taken }) => taken));
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }

  /** Gives the range to the worker, unless that is busy. */
  #pending(descriptor: number, range: Range): PendingRange {
    const state = range.isLines && this.#refused < MAX_REFUSED ? 'free' : 'in-turn';
    const item: PendingRange = { range, made: undefined, state, taken: undefined };
    const worker = this.#worker;
    if (state === 'in-turn' || !worker?.isReady || worker.asked >= MAX_ASKED) return item;
    item.state = 'taken';
    item.taken = worker.ask({ descriptor, range }).then((made) => this.#end(item, made));
    return item;
  }

  /** The next range in the file's order. While the worker reads it, the main thread reads later ones. */
  async #first(waiting: PendingRange[], descriptor: number): Promise<PendingRange> {
    const first = waiting[0] as PendingRange;
    while (first.state === 'taken') {
      const free = waiting.find(({ state }) => state === 'free');
      if (free === undefined) await first.taken;
      else {
        this.#own ??= new RangeMaker(this.#task);
        this.#end(free, this.#own.make(descriptor, free.range));
        // Lets the worker's answers arrive.
        await setImmediate();
      }
    }
    waiting.shift();
    return first;
  }

  #end(item: PendingRange, made: Made | undefined): void {
    item.state = 'read';
    item.made = made;
    if (made === undefined) this.#refused += 1;
  }
}

/** A Buffer that is sent between threads arrives as a Uint8Array. */
function withBuffer({ bytes: { buffer, byteOffset, length }, ends }: EncodedRows): EncodedRows {
  return { bytes: Buffer.from(buffer, byteOffset, length), ends };
}

class RangeWorker {
  /** Has it loaded its code, and is it still running? */
  isReady = false;
  readonly #worker: Worker;
  readonly #resolvers: ((made: Made | undefined) => void)[] = [];

  constructor(task: Task) {
    this.#worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData: task,
      // The thread reads no variables: it gets no copy of those with secrets.
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on('message', (answer: 'ready' | Made | undefined) => {
      if (answer === 'ready') this.isReady = true;
      else this.#resolvers.shift()?.(answer && { ...answer, rows: answer.rows.map(withBuffer) });
    });
    // The reader of the file reads those ranges in their turn and meets the same error there.
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  /** Ranges that it has not answered yet. */
  get asked(): number {
    return this.#resolvers.length;
  }

  /** Never rejects. Undefined for a range that it could not read. */
  ask(question: Question): Promise<Made | undefined> {
    return new Promise((resolve) => {
      this.#resolvers.push(resolve);
      this.#worker.postMessage(question);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(): void {
    this.isReady = false;
    for (const resolve of this.#resolvers.splice(0)) resolve(undefined);
  }
}
