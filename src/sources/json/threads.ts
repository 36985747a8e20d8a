// A large file read by two threads, ours and another, each a range at a time, and put together in its order.
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EncodedRows } from '../../core/table.js';
import { ARRAY } from './ascii.js';
import type { DocumentFile } from './files.js';
import { isGzip } from './gunzip.js';
import { type Made, RangeMaker, type Task } from './range-maker.js';
import { lineRanges, type Range, RangeReader } from './ranges.js';
import type { Question } from './thread.js';

/** Ranges that the other thread may have, so that it need not wait for the next. */
const AHEAD = 3;
/** Ranges that are begun, or read and wait for their turn, so that ours need not wait for the other thread. */
const WAITING = 6;
/** Ranges that could not be read alone, after which two threads are no help: documents may have many lines. */
const MOST_REFUSED = 16;
/** MB. As for ours (cli.ts): the memory of the process falls by 15 MB. */
const YOUNG_GENERATION = 3;

/** A smaller file is read before another thread is of help: until its code is compiled it is slow (measured). */
const LARGE = 96 * 1024 * 1024;

/** The path of a file that two threads can read ranges of: of documents, not of an array or of gzip. @throws what Node throws */
export async function sharedPath({ path, size }: DocumentFile): Promise<string | undefined> {
  if (path === undefined || size < LARGE) return undefined;
  const file = await open(path);
  try {
    const { buffer: beginning } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return isGzip(beginning) || beginning[0] === ARRAY ? undefined : path;
  } finally {
    await file.close();
  }
}

/** Some bytes of a file, in its order. */
export interface Piece {
  readonly length: number;
  /** To be asked for before the next piece, whose bytes may take their place. */
  bytes(): Uint8Array;
  /** What was made of them; it holds where documents begin as the piece does. */
  readonly made?: Made | undefined;
}

/** A range that waits for its turn. */
interface Waiting {
  readonly range: Range;
  made: Made | undefined;
  /** `free`: whoever has time may read it. `last`: it is read in its turn. */
  state: 'free' | 'taken' | 'read' | 'last';
  /** Resolves when the other thread has read it, or was lost. */
  taken: Promise<void> | undefined;
}

export class ScanThreads {
  readonly #task: Task;
  #own: RangeMaker | undefined;
  #other: Thread | undefined;
  #refused = 0;

  constructor(task: Task) {
    this.#task = task;
  }

  /** All of a file, as long as it is now; until the other thread runs, with nothing made of it. @throws what Node throws */
  async *pieces(path: string): AsyncGenerator<Piece> {
    if (availableParallelism() > 1) this.#other ??= new Thread(this.#task);
    const file = await open(path);
    const waiting: Waiting[] = [];
    try {
      const { size } = await file.stat();
      const bytes = new RangeReader();
      const next = async (): Promise<Piece> => {
        const { range, made } = await this.#first(waiting, file.fd);
        return { length: range.to - range.from, bytes: () => bytes.read(file.fd, range), made };
      };
      for (const range of lineRanges(file.fd, size)) {
        waiting.push(this.#begun(file.fd, range));
        if (waiting.length > WAITING) yield await next();
      }
      while (waiting.length > 0) yield await next();
    } finally {
      // Else the other thread would read from another file that gets the descriptor.
      await Promise.all(waiting.map(({ taken }) => taken));
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#other?.close();
  }

  /** By the other thread, if it has little to do. */
  #begun(descriptor: number, range: Range): Waiting {
    const state = range.isLines && this.#refused < MOST_REFUSED ? 'free' : 'last';
    const item: Waiting = { range, made: undefined, state, taken: undefined };
    const other = this.#other;
    if (state === 'last' || !other?.isReady || other.waiting >= AHEAD) return item;
    item.state = 'taken';
    item.taken = other.ask({ descriptor, range }).then((made) => this.#end(item, made));
    return item;
  }

  /** While the other thread still reads it, others are read here. */
  async #first(waiting: Waiting[], descriptor: number): Promise<Waiting> {
    const first = waiting[0] as Waiting;
    while (first.state === 'taken') {
      const free = waiting.find(({ state }) => state === 'free');
      if (free === undefined) await first.taken;
      else {
        this.#own ??= new RangeMaker(this.#task);
        this.#end(free, this.#own.make(descriptor, free.range));
        // So that answers can come.
        await setImmediate();
      }
    }
    waiting.shift();
    return first;
  }

  #end(item: Waiting, made: Made | undefined): void {
    item.state = 'read';
    item.made = made;
    if (made === undefined) this.#refused += 1;
  }
}

/** A Buffer loses its class on the way. */
function asSent({ bytes: { buffer, byteOffset, length }, ends }: EncodedRows): EncodedRows {
  return { bytes: Buffer.from(buffer, byteOffset, length), ends };
}

class Thread {
  /** It has loaded what it needs, and is still there. */
  isReady = false;
  readonly #worker: Worker;
  readonly #asked: ((made: Made | undefined) => void)[] = [];

  constructor(task: Task) {
    this.#worker = new Worker(new URL('./thread.js', import.meta.url), {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
    });
    this.#worker.on('message', (answer: 'ready' | Made | undefined) => {
      if (answer === 'ready') this.isReady = true;
      else this.#asked.shift()?.(answer && { ...answer, rows: answer.rows.map(asSent) });
    });
    // What it was about to read is read in its turn, and what is wrong is met again.
    this.#worker.on('error', () => this.#lose());
    this.#worker.on('exit', () => this.#lose());
  }

  /** Ranges that it has not answered. */
  get waiting(): number {
    return this.#asked.length;
  }

  /** Never rejects; undefined for what it could not read. */
  ask(question: Question): Promise<Made | undefined> {
    return new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#worker.postMessage(question);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(): void {
    this.isReady = false;
    for (const resolve of this.#asked.splice(0)) resolve(undefined);
  }
}
