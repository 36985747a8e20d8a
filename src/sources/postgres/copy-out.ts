// COPY … TO STDOUT as it comes over the wire, to blocks of bytes (PostgreSQL manual, 55.2.6 and 55.7).
import type { Connection, Submittable } from 'pg';
import { BORROWED } from './socket.js';

const HEADER_LENGTH = 5;
const COPY_DATA = 'd'.charCodeAt(0);
const COPY_OUT_RESPONSE = 'H'.charCodeAt(0);
/** What a server may say between rows: NoticeResponse, NotificationResponse, ParameterStatus. */
const ASIDES = [...Buffer.from('NAS')];
const NEWLINE = 10;

/** Bytes of rows that travel together: about a thousand rows of a hundred bytes. */
const BLOCK = 128 * 1024;
/** For what a read brings after the last whole row. */
const SLACK = 80 * 1024;
/** Milliseconds that rows wait for others to travel with. */
const PATIENCE = 10;

type DataListener = (chunk: Buffer) => void;

/**
 * A query for the driver's `Client.query` that takes over the connection's bytes until the copy ends. Iterating gives
 * blocks of whole lines; only the last one may lack its line feed. Ends by throwing what the driver reports.
 *
 * Every row is a message of its own, and there are a million of them: they are moved together where they lie, and no
 * object is made for any.
 */
export class CopyOut implements Submittable, AsyncIterable<Buffer> {
  /** What the server counted; known when the iteration has ended. */
  rowCount: number | undefined;
  readonly #statement: string;
  #stream: Connection['stream'] | undefined;
  /** The driver's own listener, while it is ours that listens. */
  #listener: DataListener | undefined;
  #block = Buffer.allocUnsafeSlow(BLOCK + SLACK);
  /** The rows end here in the block; from `#from` to `#to` there are messages as they came. */
  #rows = 0;
  #from = 0;
  #to = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  /** No rows follow. */
  #isDone = false;
  #isAnswered = false;
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};

  constructor(statement: string) {
    this.#statement = statement;
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    const [listener] = stream.listeners('data') as DataListener[];
    if (listener === undefined) throw new Error('the driver does not listen to its connection');
    this.#stream = stream;
    this.#listener = listener;
    stream.off('data', listener);
    stream.on('data', this.#onData).on(BORROWED, this.#onData);
    connection.query(this.#statement);
  }

  handleError(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const count = /^COPY (\d+)/.exec(text)?.[1];
    if (count !== undefined) this.rowCount = Number(count);
  }

  handleReadyForQuery(): void {
    this.#isAnswered = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure.error;
        const lines = this.#isDone || this.#isDue || this.#rows >= BLOCK ? this.#cut() : undefined;
        if (lines !== undefined) yield lines;
        else if (this.#isAnswered) return;
        else {
          this.#stream?.resume();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#makeRoom(chunk.length);
    chunk.copy(this.#block, this.#to);
    this.#to += chunk.length;
    const before = this.#rows;
    this.#unpack();
    if (this.#isDone || this.#rows >= BLOCK) {
      if (!this.#isDone) this.#stream?.pause();
      this.#wake();
    } else if (before === 0 && this.#rows > 0) this.#wait();
  };

  /** Wakes the reader when these rows have waited long enough. */
  #wait(): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#isDue = this.#rows > 0;
        this.#wake();
      }, PATIENCE);
    } else this.#timer.refresh();
  }

  /** Moves what is in whole messages up to the rows before it. */
  #unpack(): void {
    const block = this.#block;
    const to = this.#to;
    let from = this.#from;
    let rows = this.#rows;
    while (to - from >= HEADER_LENGTH) {
      const code = block[from] as number;
      const end = from + 1 + block.readUInt32BE(from + 1);
      if (code !== COPY_DATA && code !== COPY_OUT_RESPONSE && !ASIDES.includes(code)) {
        this.#isDone = true;
        break;
      }
      if (end > to) break;
      if (code === COPY_DATA) {
        block.copyWithin(rows, from + HEADER_LENGTH, end);
        rows += end - from - HEADER_LENGTH;
      }
      from = end;
    }
    this.#from = from;
    this.#rows = rows;
    if (this.#isDone) this.#giveBack();
  }

  /** The end of the copy, or its error, is the driver's to read. */
  #giveBack(): void {
    const { stream, listener } = { stream: this.#stream, listener: this.#listener };
    if (stream === undefined || listener === undefined) return;
    stream.off('data', this.#onData).off(BORROWED, this.#onData);
    stream.on('data', listener);
    listener(Buffer.from(this.#block.subarray(this.#from, this.#to)));
    stream.resume();
  }

  /** The whole lines of the block, or all of it when nothing follows; what comes after them begins the next one. */
  #cut(): Buffer | undefined {
    const block = this.#block;
    const end = this.#isDone ? this.#rows : block.subarray(0, this.#rows).lastIndexOf(NEWLINE) + 1;
    this.#isDue = false;
    if (end === 0) return undefined;
    const rest = this.#rows - end;
    const unread = this.#isDone ? 0 : this.#to - this.#from;
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK, rest + unread) + SLACK);
    block.copy(this.#block, 0, end, this.#rows);
    block.copy(this.#block, rest, this.#from, this.#from + unread);
    this.#rows = rest;
    this.#from = rest;
    this.#to = rest + unread;
    return block.subarray(0, end);
  }

  /** Closes the gap that unpacking has left, and only then grows: a row can be larger than a block. */
  #makeRoom(count: number): void {
    if (this.#to + count <= this.#block.length) return;
    const unread = this.#to - this.#from;
    const needed = this.#rows + unread + count;
    const target = needed <= this.#block.length ? this.#block : Buffer.allocUnsafeSlow(needed * 2);
    if (target !== this.#block) this.#block.copy(target, 0, 0, this.#rows);
    this.#block.copy(target, this.#rows, this.#from, this.#to);
    this.#block = target;
    this.#from = this.#rows;
    this.#to = this.#rows + unread;
  }
}
