// Splits the rows of one read into parts on disk: written once in the order of arrival, then read part by part.
import { tmpdir } from 'node:os';
import type { Batch, Cell, Column, EncodedRows } from '../core/table.js';
import { CopyText, cellEnds, encodeRows } from './encoded-rows.js';
import { PartIndex } from './spool/part-index.js';
import { SortingRoom } from './spool/sorting-room.js';
import { TemporaryFile } from './temporary-file.js';

const NEWLINE = 10;
/** Bytes of a batch that is read back. */
const PIECE = 256 * 1024;

/** A consumer of the first parts, whose rows do not go to disk. */
export interface Ahead {
  /** The number of these parts. */
  readonly parts: number;
  /** Gets rows of one part, in order. The bytes of the batch are reused when it resolves. */
  take(part: number, batch: Batch): Promise<void>;
}

/**
 * Memory depends on the number of parts, not of rows: each part has one piece in every 6 MiB of rows, and memory holds the
 * positions of the pieces. Within a part the rows keep their order.
 */
export class Spool {
  readonly #width: number;
  readonly #index: PartIndex;
  readonly #file: TemporaryFile;
  readonly #ahead: Ahead | undefined;
  readonly #room: SortingRoom;
  /** The hand-over of sorted rows, which runs while the next ones are read; it never rejects. */
  #handedOut: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);
  /** For each part, positions and lengths in turn. */
  readonly #pieces: number[][] = [];

  /** @param by names of columns */
  constructor(columns: readonly Column[], by: readonly string[], ahead?: Ahead) {
    this.#width = columns.length;
    this.#ahead = ahead;
    this.#index = new PartIndex(
      columns.map(({ name }) => name),
      by,
    );
    this.#room = new SortingRoom(columns.length, this.#index);
    this.#file = new TemporaryFile(tmpdir(), {
      name: 'split',
      code: 'destination',
      doing: 'splitting the report',
      room: 'all rows need, and all files that are split',
    });
  }

  /** The values of each part; the index is the part's number. */
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
      this.#room.clear();
    }
    await this.#settle();
  }

  /** The rows of a part that went to disk, in order. @throws ReportError `destination` */
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
        // Line feeds in cells are escaped: every other one ends a row.
        const whole = buffer.lastIndexOf(NEWLINE) + 1;
        const rest = buffer.subarray(whole);
        if (whole > 0) yield this.#batch(buffer.subarray(0, whole));
        const next = Buffer.allocUnsafe(rest.length + Math.min(Math.max(PIECE, rest.length), left));
        rest.copy(next);
        [buffer, filled] = [next, rest.length];
      }
    }
  }

  /** May be called at any time, and twice. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  #batch(bytes: Buffer, ends = cellEnds(bytes)): Batch {
    return new CopyText({ bytes, ends }, this.#width);
  }

  async #add(batch: Batch): Promise<void> {
    const bytes = batch.encoded?.bytes ?? encodeRows(batch.rows());
    const rows = { bytes, ends: batch.encoded?.ends ?? cellEnds(bytes) };
    if (!this.#room.has(rows)) {
      await this.#flush();
      // The batch is larger than the room, which is replaced: wait until nothing reads it.
      if (!this.#room.has(rows)) await this.#settle();
    }
    this.#room.add(rows);
  }

  /** Sorts the waiting rows by part, and starts handing them over. */
  async #flush(): Promise<void> {
    await this.#settle();
    if (this.#room.isEmpty) return;
    while (this.#pieces.length < this.parts.length) this.#pieces.push([]);
    const ahead = Math.min(this.parts.length, this.#ahead?.parts ?? 0);
    this.#handedOut = this.#handOut(this.#room.sort(ahead), ahead).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** Waits until the sorted rows are handed over. @throws the error of handing them over */
  async #settle(): Promise<void> {
    const failure = await this.#handedOut;
    if (failure !== undefined) throw failure.error;
  }

  /** Gives the first parts to `ahead`, and writes the others to disk. */
  async #handOut(sorted: ReturnType<SortingRoom['sort']>, ahead: number): Promise<void> {
    const { starts, lengths, cells, cellCounts, bytes, ends } = sorted;
    for (let part = 0; part < ahead; part++) {
      const [start, cell] = [starts[part] as number, cells[part] as number];
      await this.#give(part, {
        bytes: bytes.subarray(start, start + (lengths[part] as number)),
        ends: ends.subarray(cell, cell + (cellCounts[part] as number)),
      });
    }
    const taken = starts[ahead] ?? bytes.length;
    if (taken === bytes.length) return;
    const { from } = await this.#file.append(bytes.subarray(taken));
    for (let part = ahead; part < lengths.length; part++) {
      const length = lengths[part] as number;
      if (length > 0) this.#pieces[part]?.push(from + (starts[part] as number) - taken, length);
    }
  }

  /** Gives the rows to `ahead` in batches. */
  async #give(part: number, { bytes, ends }: EncodedRows): Promise<void> {
    const width = this.#width;
    for (let cell = 0, start = 0; cell < ends.length; ) {
      const first = cell;
      let end = start;
      do {
        cell += width;
        end = (ends[cell - 1] as number) + 1;
      } while (cell < ends.length && end - start < PIECE);
      const own = ends.subarray(first, cell);
      if (start > 0) for (let each = 0; each < own.length; each++) own[each] = (own[each] as number) - start;
      await this.#ahead?.take(part, this.#batch(bytes.subarray(start, end), own));
      start = end;
    }
  }
}
