// The rows of one read on disk, part by part: written once as they come, then read again one part after the other.
import { tmpdir } from 'node:os';
import { CopyText, cellEnds, encodeRows } from '../copy-text.js';
import type { Batch, Cell, Column } from '../table.js';
import { TemporaryFile } from '../temporary-file.js';
import { PartIndex } from './part-index.js';

const NEWLINE = 10;
/** Bytes of rows that are put in order of their parts and written in one go; there are two buffers of so many. */
const ROOM = 8 * 1024 ** 2;
/** Bytes of a batch that is read again. */
const PIECE = 256 * 1024;

/** Who takes the rows of the first parts as they come, so that these need not be on disk. */
export interface Ahead {
  /** How many. */
  readonly parts: number;
  /** Whole rows of one part, in their order; the bytes of the batch are used again when this has resolved. */
  take(part: number, batch: Batch): Promise<void>;
}

/**
 * Memory depends on the number of parts, not of rows: each part has one piece in every 8 MiB that were written, and where
 * these are is what is remembered. Within a part the rows keep their order.
 */
export class Spool {
  readonly #width: number;
  readonly #index: PartIndex;
  readonly #file: TemporaryFile;
  readonly #ahead: Ahead | undefined;
  #waiting = Buffer.allocUnsafe(ROOM);
  #sorted = Buffer.allocUnsafe(ROOM);
  #length = 0;
  #rows = 0;
  /** What is made of the sorted rows, while the next ones are read; it never rejects. */
  #handedOut: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);
  #rowEnds = new Int32Array(1 << 14);
  #rowParts = new Int32Array(1 << 14);
  /** Of each part, position and length in turn. */
  readonly #pieces: number[][] = [];

  /** @param by names of columns */
  constructor(columns: readonly Column[], by: readonly string[], ahead?: Ahead) {
    this.#width = columns.length;
    this.#ahead = ahead;
    this.#index = new PartIndex(
      columns.map(({ name }) => name),
      by,
    );
    this.#file = new TemporaryFile(tmpdir(), {
      name: 'split',
      code: 'destination',
      doing: 'splitting the report',
      room: 'all rows need, and all files that are split',
    });
  }

  /** The values of each part; a part is known by its place among them. */
  get parts(): readonly (readonly Cell[])[] {
    return this.#index.parts;
  }

  /** @throws ReportError `destination` without room for the temporary file, `contract` for too many parts */
  async take(batches: AsyncIterable<Batch>): Promise<void> {
    try {
      for await (const batch of batches) await this.#add(batch);
      await this.#flush();
    } finally {
      await this.#handedOut;
      // What comes now needs other memory.
      this.#waiting = this.#sorted = Buffer.alloc(0);
    }
    await this.#settle();
  }

  /** The rows of one part that nobody took ahead, in their order. @throws ReportError `destination` */
  async *batches(part: number): AsyncGenerator<Batch> {
    const pieces = this.#pieces[part] ?? [];
    let left = 0;
    for (let each = 1; each < pieces.length; each += 2) left += pieces[each] as number;
    let buffer = Buffer.allocUnsafe(Math.min(PIECE, left));
    let filled = 0;
    for (let each = 0; each < pieces.length; each += 2) {
      let from = pieces[each] as number;
      const end = from + (pieces[each + 1] as number);
      while (from < end) {
        const length = Math.min(end - from, buffer.length - filled);
        this.#file.readInto(buffer.subarray(filled, filled + length), from);
        [from, filled, left] = [from + length, filled + length, left - length];
        if (filled < buffer.length) continue;
        // A line feed in a cell is escaped: these end rows.
        const whole = buffer.lastIndexOf(NEWLINE) + 1;
        const rest = buffer.subarray(whole);
        if (whole > 0) yield this.#batch(buffer.subarray(0, whole));
        const next = Buffer.allocUnsafe(rest.length + Math.min(Math.max(PIECE, rest.length), left));
        rest.copy(next);
        [buffer, filled] = [next, rest.length];
      }
    }
  }

  /** Safe to call at any time, and again. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  #batch(bytes: Buffer): Batch {
    return new CopyText({ bytes, ends: cellEnds(bytes) }, this.#width);
  }

  async #add(batch: Batch): Promise<void> {
    const bytes = batch.encoded?.bytes ?? encodeRows(batch.rows());
    const ends = batch.encoded?.ends ?? cellEnds(bytes);
    if (this.#length + bytes.length > this.#waiting.length) await this.#flush();
    if (bytes.length > this.#waiting.length) {
      await this.#settle();
      this.#waiting = Buffer.allocUnsafe(bytes.length);
      this.#sorted = Buffer.allocUnsafe(bytes.length);
    }
    const rows = this.#rows + batch.rowCount;
    if (rows > this.#rowEnds.length) {
      this.#rowEnds = longer(this.#rowEnds, rows);
      this.#rowParts = longer(this.#rowParts, rows);
    }
    this.#index.assign({ bytes, ends }, this.#rowParts, this.#rows);
    for (let row = this.#rows, last = this.#width - 1; row < rows; row++, last += this.#width) {
      this.#rowEnds[row] = this.#length + (ends[last] as number) + 1;
    }
    bytes.copy(this.#waiting, this.#length);
    this.#length += bytes.length;
    this.#rows = rows;
  }

  /** Puts what waits in order of the parts, and lets it go while others wait. */
  async #flush(): Promise<void> {
    await this.#settle();
    if (this.#rows === 0) return;
    while (this.#pieces.length < this.parts.length) this.#pieces.push([]);
    const lengths = this.#lengths();
    const starts = new Int32Array(lengths.length);
    for (let part = 1; part < starts.length; part++) {
      starts[part] = (starts[part - 1] as number) + (lengths[part - 1] as number);
    }
    this.#sort(starts.slice());
    this.#handedOut = this.#handOut(this.#sorted.subarray(0, this.#length), starts, lengths).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    this.#length = 0;
    this.#rows = 0;
  }

  /** The buffer of sorted rows is free from now on. @throws what handing them out met */
  async #settle(): Promise<void> {
    const failure = await this.#handedOut;
    if (failure !== undefined) throw failure.error;
  }

  /** To who takes them ahead, and the others to disk. */
  async #handOut(sorted: Buffer, starts: Int32Array, lengths: Int32Array): Promise<void> {
    const ahead = Math.min(lengths.length, this.#ahead?.parts ?? 0);
    for (let part = 0; part < ahead; part++) {
      const start = starts[part] as number;
      await this.#give(part, sorted.subarray(start, start + (lengths[part] as number)));
    }
    const taken = starts[ahead] ?? sorted.length;
    if (taken === sorted.length) return;
    const { from } = await this.#file.append(sorted.subarray(taken));
    for (let part = ahead; part < lengths.length; part++) {
      const length = lengths[part] as number;
      if (length > 0) this.#pieces[part]?.push(from + (starts[part] as number) - taken, length);
    }
  }

  async #give(part: number, bytes: Buffer): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const whole = bytes.lastIndexOf(NEWLINE, Math.min(start + PIECE, bytes.length) - 1) + 1;
      const end = whole > start ? whole : bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
      await this.#ahead?.take(part, this.#batch(bytes.subarray(start, end)));
      start = end;
    }
  }

  /** The bytes of each part. */
  #lengths(): Int32Array {
    const lengths = new Int32Array(this.parts.length);
    for (let row = 0, start = 0; row < this.#rows; row++) {
      const end = this.#rowEnds[row] as number;
      const part = this.#rowParts[row] as number;
      lengths[part] = (lengths[part] as number) + end - start;
      start = end;
    }
    return lengths;
  }

  /** Copies every row to the place of its part; neighbours of one part in one step. */
  #sort(places: Int32Array): void {
    for (let row = 0, start = 0; row < this.#rows; ) {
      const part = this.#rowParts[row] as number;
      let end = this.#rowEnds[row++] as number;
      while (row < this.#rows && this.#rowParts[row] === part) end = this.#rowEnds[row++] as number;
      this.#waiting.copy(this.#sorted, places[part], start, end);
      places[part] = (places[part] as number) + end - start;
      start = end;
    }
  }
}

function longer(numbers: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(Math.max(least, numbers.length * 2));
  more.set(numbers);
  return more;
}
