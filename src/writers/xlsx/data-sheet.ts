// Compresses the rows of a sheet into the archive.
import { type Block, Blocks } from './block.js';
import { deflated, deflatedStart } from './deflate.js';
import { SHEET_ROWS } from './options.js';
import type { RowReader } from './reader.js';
import type { RowEncoder } from './rows.js';
import type { StreamedEntry, Zip } from './zip.js';

/** Of deflate: as fast as 1 and 5 % smaller; 3 takes 1.7 times as long for 3 % less, 6 takes 4 times as long for 11 % less. */
const LEVEL = 2;

/**
 * Rows wait for the head in so many bytes, compressed, or so many blocks of half a megabyte: about 100,000 rows of ten columns. Of
 * larger sheets the head is made of what is known by then: memory does not depend on the rows, and an upload does not wait for the last.
 */
const MOST_HELD = 8 * 1024 ** 2;
const MOST_BLOCKS_HELD = 100;

/** The parts of a sheet around its rows. */
export interface Frame {
  /** The name of the sheet's part in the archive. */
  readonly path: string;
  /** Whether rows wait for the head, which then tells what they need. */
  readonly holds: boolean;
  /** The XML up to the first row. @param isWhole whether all rows of the sheet have been encoded, or only the first of them */
  head(isWhole: boolean): string;
  /** Adds rows before the first row of data, and gives the encoder that row's number. */
  start(block: Block): void;
  readonly headerRow: number;
  /** The XML after the rows. @param last the number of the last row */
  end(last: number): string;
}

/** The data sheets of one workbook, written one after the other. */
export class DataSheets {
  readonly #zip: Zip;
  readonly #rows: RowReader;
  readonly #encoder: RowEncoder;
  readonly #blocks = new Blocks();

  constructor(zip: Zip, rows: RowReader, encoder: RowEncoder) {
    this.#zip = zip;
    this.#rows = rows;
    this.#encoder = encoder;
  }

  /** Yields the bytes of a sheet with all rows that are left, as far as they fit. @returns the number of its last row */
  async *sheet(frame: Frame): AsyncGenerator<Buffer, number> {
    const { header, entry } = this.#zip.begin(frame.path);
    yield header;
    let last = frame.headerRow;
    const xml = this.#xml(frame, (row) => {
      last = row;
    });
    const held: Buffer[] = [];
    let isBegun = false;
    let size = 0;
    for await (const bytes of deflated(xml, this.#blocks, LEVEL, entry.plain)) {
      held.push(bytes);
      size += bytes.length;
      const waits = !isBegun && frame.holds && size <= MOST_HELD && held.length <= MOST_BLOCKS_HELD;
      if (waits) continue;
      if (!isBegun) yield* this.#head(frame, entry, false);
      isBegun = true;
      for (const piece of held.splice(0)) yield entry.packed(piece);
    }
    if (!isBegun) yield* this.#head(frame, entry, true);
    for (const piece of held) yield entry.packed(piece);
    yield entry.finish();
    return last;
  }

  /** The head's bytes, which stand before all that was compressed so far. */
  async *#head(frame: Frame, entry: StreamedEntry, isWhole: boolean): AsyncGenerator<Buffer> {
    const head = Buffer.from(frame.head(isWhole));
    entry.before(head);
    yield entry.packed(await deflatedStart(head, LEVEL));
  }

  /** The XML of one sheet, block by block. @param done called with the number of its last row */
  async *#xml(frame: Frame, done: (last: number) => void): AsyncGenerator<Block> {
    const rows = this.#rows;
    let block = this.#blocks.take();
    frame.start(block);
    let last = frame.headerRow;
    while (last < SHEET_ROWS) {
      const more = await rows.more();
      if (more === undefined) break;
      const { lines, next } = more;
      const to = this.#encoder.encode(lines, next, Math.min(lines.rowCount, next + SHEET_ROWS - last), block);
      rows.readTo(to);
      last += to - next;
      if (block.isFull) {
        yield block;
        block = this.#blocks.take();
      }
    }
    block.add(frame.end(last));
    done(last);
    yield block;
  }
}
