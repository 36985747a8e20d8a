// The messages of COPY … TO STDOUT (PostgreSQL manual, 55.2.6 and 55.7), unpacked to blocks of bytes.
import type { Connection, Submittable } from 'pg';
import { ReportError } from '../../core/errors.js';
import type { IdleWatch } from '../../core/idle-watch.js';
import { BORROWED } from './socket.js';

const HEADER_LENGTH = 5;
const COPY_DATA = 'd'.charCodeAt(0);
const COPY_OUT_RESPONSE = 'H'.charCodeAt(0);
/** Messages that a server may send between rows: NoticeResponse, NotificationResponse, ParameterStatus. */
const NOT_ROWS = [...Buffer.from('NAS')];
const NEWLINE = 10;

/** A block of rows: about a thousand rows of a hundred bytes. */
const BLOCK_BYTES = 128 * 1024;
/** Room after the block for one read of the socket, which may bring more rows than the block needs. */
const SPARE_BYTES = 80 * 1024;
/** Rows are passed on after so long, even when they fill no block. */
const MAX_WAIT_MS = 10;

/** A file with a longer row could not be read back (writers/csv/read.ts), and each takes several times its size of memory. */
const MAX_ROW_BYTES = 64 * 1024 ** 2;

type DataListener = (chunk: Buffer) => void;

/**
 * A query for the driver's `Client.query` that reads the connection's bytes in the driver's place until the copy ends.
 * Iterating gives blocks of whole lines; only the last one may lack its line feed. Throws what the driver reports.
 *
 * Every row is a message of its own, and there are millions of them: they are moved together inside the block, without
 * creating an object for any.
 */
export class CopyOut implements Submittable, AsyncIterable<Buffer> {
  /** The server's count; known when the iteration has ended. */
  rowCount: number | undefined;
  readonly #statement: string;
  readonly #idle: IdleWatch;
  #stream: Connection['stream'] | undefined;
  /** The driver's listener, which ours replaces until the copy ends. */
  #driverListener: DataListener | undefined;
  /** Rows up to `#rows`, and messages that are not unpacked yet from `#from` to `#to`. */
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES + SPARE_BYTES);
  #rows = 0;
  #from = 0;
  #to = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The rows have waited MAX_WAIT_MS. */
  #isDue = false;
  /** No rows follow. */
  #isDone = false;
  /** The server is ready for the next query. */
  #isAnswered = false;
  #failure: { readonly error: unknown } | undefined;
  #wake = () => {};

  constructor(statement: string, idle: IdleWatch) {
    this.#statement = statement;
    this.#idle = idle;
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    const [listener] = stream.listeners('data') as DataListener[];
    if (listener === undefined) throw new Error('the driver does not listen to its connection');
    this.#stream = stream;
    this.#driverListener = listener;
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
        const lines =
          this.#isDone || this.#isDue || this.#rows >= BLOCK_BYTES ? this.#takeLines() : undefined;
        if (lines !== undefined) yield lines;
        else if (this.#isAnswered) return;
        else {
          this.#stream?.resume();
          const woken = new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          await this.#idle.during(woken);
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
    if (this.#isDone || this.#rows >= BLOCK_BYTES) {
      if (!this.#isDone) this.#stream?.pause();
      this.#wake();
    } else if (before === 0 && this.#rows > 0) this.#startTimer();
  };

  /** Wakes the reader after MAX_WAIT_MS, if there are rows then. */
  #startTimer(): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#isDue = this.#rows > 0;
        this.#wake();
      }, MAX_WAIT_MS);
    } else this.#timer.refresh();
  }

  /** Moves the rows out of whole messages, to the end of the rows before them. */
  #unpack(): void {
    const block = this.#block;
    const to = this.#to;
    let from = this.#from;
    let rows = this.#rows;
    while (to - from >= HEADER_LENGTH) {
      const code = block[from] as number;
      const length = block.readUInt32BE(from + 1);
      if (code === COPY_DATA && length > MAX_ROW_BYTES) {
        this.#refuse(length);
        break;
      }
      const end = from + 1 + length;
      if (code !== COPY_DATA && code !== COPY_OUT_RESPONSE && !NOT_ROWS.includes(code)) {
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
    if (this.#isDone) this.#returnToDriver();
  }

  #refuse(length: number): void {
    this.#stream?.pause();
    const size = `${Math.ceil(length / 1024 ** 2)} MiB`;
    this.handleError(
      new ReportError('source', `a row has ${size}; at most ${MAX_ROW_BYTES / 1024 ** 2} MiB are read`, {
        hint: 'Leave the large column out, or cut it in the query: left(name, 1000000).',
        retryable: false,
      }),
    );
  }

  /** The driver itself reads the end of the copy, or its error. */
  #returnToDriver(): void {
    const stream = this.#stream;
    const listener = this.#driverListener;
    if (stream === undefined || listener === undefined) return;
    stream.off('data', this.#onData).off(BORROWED, this.#onData);
    stream.on('data', listener);
    listener(Buffer.from(this.#block.subarray(this.#from, this.#to)));
    stream.resume();
  }

  /** The whole lines of the block, or all its rows when no more follow. The rest begins the next block. */
  #takeLines(): Buffer | undefined {
    const block = this.#block;
    const end = this.#isDone ? this.#rows : block.subarray(0, this.#rows).lastIndexOf(NEWLINE) + 1;
    this.#isDue = false;
    if (end === 0) return undefined;
    const rest = this.#rows - end;
    const unread = this.#isDone ? 0 : this.#to - this.#from;
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, rest + unread) + SPARE_BYTES);
    block.copy(this.#block, 0, end, this.#rows);
    block.copy(this.#block, rest, this.#from, this.#from + unread);
    this.#rows = rest;
    this.#from = rest;
    this.#to = rest + unread;
    return block.subarray(0, end);
  }

  /** Makes room for `count` bytes: closes the gap that unpacking has left, or grows, since a row can be larger than a block. */
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
