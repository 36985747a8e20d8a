// A buffer that collects rows and sorts them by part, together with the positions at which their cells end.

import type { EncodedRows } from '../../core/table.js';
import { longEnough } from '../encoded-rows.js';
import type { PartIndex } from './part-index.js';

/** Bytes of rows that wait to be sorted. */
const ROOM = 6 * 1024 ** 2;
/** Narrow cells are limited too: the end of a cell takes four bytes, twice. */
const MAX_CELLS = ROOM / 8;

/** By the number of a part: the length and start of its bytes, the count and start of its cells. */
export interface Shares {
  readonly lengths: Int32Array;
  readonly starts: Int32Array;
  readonly cellCounts: Int32Array;
  readonly cells: Int32Array;
}

export class SortingRoom {
  readonly #width: number;
  readonly #index: PartIndex;
  /** Waiting rows in its first half, sorted rows in its second. */
  #bytes = Buffer.allocUnsafe(2 * ROOM);
  /** The ends of cells: in the first half; and in the second half, relative to the start of the part. */
  #ends = new Int32Array(1 << 16);
  #sortedEnds = new Int32Array(1 << 16);
  #rowParts = new Int32Array(1 << 14);
  #length = 0;
  #rows = 0;

  /** @param width cells of a row */
  constructor(width: number, index: PartIndex) {
    this.#width = width;
    this.#index = index;
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** Whether there is room for these rows too. */
  has({ bytes, ends }: EncodedRows): boolean {
    return (
      this.#length + bytes.length <= this.#bytes.length / 2 &&
      this.#rows * this.#width + ends.length <= MAX_CELLS
    );
  }

  /** Adds rows. Rows larger than the whole room get a larger one, and the sorted rows are lost. */
  add({ bytes, ends }: EncodedRows): void {
    if (bytes.length > this.#bytes.length / 2) this.#bytes = Buffer.allocUnsafe(2 * bytes.length);
    const first = this.#rows * this.#width;
    const rows = this.#rows + ends.length / this.#width;
    this.#ends = longEnough(this.#ends, first + ends.length);
    this.#rowParts = longEnough(this.#rowParts, rows);
    this.#index.assign({ bytes, ends }, this.#rowParts, this.#rows);
    for (let cell = 0; cell < ends.length; cell++) {
      this.#ends[first + cell] = this.#length + (ends[cell] as number);
    }
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
    this.#rows = rows;
  }

  /**
   * Moves every waiting row to its part, in order; neighbours of one part move in one step.
   * @param ahead the number of first parts for which the ends of cells are moved too
   * @returns the sorted rows, valid until the next call
   */
  sort(ahead: number): Shares & EncodedRows {
    const [width, bytes, ends, rowParts] = [this.#width, this.#bytes, this.#ends, this.#rowParts];
    const shares = this.#shares();
    const half = bytes.length / 2;
    this.#sortedEnds = longEnough(this.#sortedEnds, this.#rows * width);
    const sortedEnds = this.#sortedEnds;
    const places = shares.starts.slice();
    const cellPlaces = shares.cells.slice();
    for (let row = 0, start = 0; row < this.#rows; ) {
      const part = rowParts[row] as number;
      const first = row * width;
      do row++;
      while (row < this.#rows && rowParts[row] === part);
      const behind = row * width;
      const end = (ends[behind - 1] as number) + 1;
      const place = places[part] as number;
      // copyWithin() in one buffer: copy() between two allocates an object each time and takes three times as long.
      bytes.copyWithin(half + place, start, end);
      places[part] = place + end - start;
      if (part < ahead) {
        const moved = place - (shares.starts[part] as number) - start;
        let to = cellPlaces[part] as number;
        for (let cell = first; cell < behind; cell++) sortedEnds[to++] = (ends[cell] as number) + moved;
        cellPlaces[part] = to;
      }
      start = end;
    }
    const sorted = bytes.subarray(half, half + this.#length);
    this.#length = 0;
    this.#rows = 0;
    return { ...shares, bytes: sorted, ends: sortedEnds };
  }

  /** Frees the memory. */
  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#ends = this.#sortedEnds = this.#rowParts = new Int32Array(0);
  }

  #shares(): Shares {
    const parts = this.#index.parts.length;
    const width = this.#width;
    const lengths = new Int32Array(parts);
    const cellCounts = new Int32Array(parts);
    for (let row = 0, start = 0; row < this.#rows; row++) {
      const end = (this.#ends[(row + 1) * width - 1] as number) + 1;
      const part = this.#rowParts[row] as number;
      lengths[part] = (lengths[part] as number) + end - start;
      cellCounts[part] = (cellCounts[part] as number) + width;
      start = end;
    }
    return { lengths, cellCounts, starts: sumsBefore(lengths), cells: sumsBefore(cellCounts) };
  }
}

function sumsBefore(counts: Int32Array): Int32Array {
  const sums = new Int32Array(counts.length);
  for (let index = 1; index < sums.length; index++) {
    sums[index] = (sums[index - 1] as number) + (counts[index - 1] as number);
  }
  return sums;
}
