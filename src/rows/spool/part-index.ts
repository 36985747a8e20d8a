// Numbers the parts of a split: rows whose encoded cells in the split columns are equal are one part.

import { ReportError } from '../../core/errors.js';
import type { Cell, EncodedRows } from '../../core/table.js';
import { decodeCell } from '../encoded-rows.js';

/** Each part becomes a file: a split into more names the wrong column. */
const MAX_PARTS = 100_000;
const TAB = 9;

export class PartIndex {
  /** The values of each part, in the order of their first rows. */
  readonly parts: (readonly Cell[])[] = [];
  readonly #by: readonly string[];
  readonly #indices: readonly number[];
  readonly #width: number;
  /** A hash table with open addressing: 1 + the number of a part; 0 is free. A Map would allocate a string for every row. */
  #table = new Int32Array(1 << 10);
  readonly #hashes: number[] = [];
  /** The encoded cells of each part, each with a tab behind it. */
  readonly #keys: Buffer[] = [];

  /** @param columns names of all columns. @param by names of the split columns */
  constructor(columns: readonly string[], by: readonly string[]) {
    this.#by = by;
    this.#indices = by.map((name) => columns.indexOf(name));
    this.#width = columns.length;
  }

  /** Writes the number of each row's part into `parts`, from `at` on. @throws ReportError `contract` for too many parts */
  assign(rows: EncodedRows, parts: Int32Array, at: number): void {
    const width = this.#width;
    const rowCount = rows.ends.length / width;
    let last = -1;
    for (let row = 0; row < rowCount; row++) {
      const cell = row * width;
      if (last === -1 || !this.#equalsPrevious(rows, cell)) last = this.#partOf(rows, cell);
      parts[at + row] = last;
    }
  }

  /** Whether the row has the values of the row before it: common, and cheaper to find than by the hash. */
  #equalsPrevious({ bytes, ends }: EncodedRows, cell: number): boolean {
    const width = this.#width;
    for (const index of this.#indices) {
      const here = cell + index;
      const start = (ends[here - 1] as number) + 1;
      const before = here === width ? 0 : (ends[here - width - 1] as number) + 1;
      const length = (ends[here] as number) - start;
      if ((ends[here - width] as number) - before !== length) return false;
      // From the end, where most texts differ.
      for (let at = length - 1; at >= 0; at--) if (bytes[start + at] !== bytes[before + at]) return false;
    }
    return true;
  }

  #partOf(rows: EncodedRows, cell: number): number {
    const hash = this.#hash(rows, cell);
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let entry = this.#table[slot] as number; entry !== 0; entry = this.#table[slot] as number) {
      if (this.#hashes[entry - 1] === hash && this.#isKey(this.#keys[entry - 1] as Buffer, rows, cell)) {
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
    return this.#add(rows, cell, hash);
  }

  /** FNV-1a over the bytes of the cells (draft-eastlake-fnv). */
  #hash({ bytes, ends }: EncodedRows, cell: number): number {
    let hash = 0x811c9dc5 | 0;
    for (const index of this.#indices) {
      const here = cell + index;
      const end = ends[here] as number;
      for (let at = here === 0 ? 0 : (ends[here - 1] as number) + 1; at < end; at++) {
        hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
      }
      hash = Math.imul(hash ^ TAB, 0x01000193);
    }
    // Fold the high bits in: keys that differ in their last bytes only differ in few low bits.
    return hash ^ (hash >>> 15);
  }

  #isKey(key: Buffer, { bytes, ends }: EncodedRows, cell: number): boolean {
    let place = 0;
    for (const index of this.#indices) {
      const here = cell + index;
      const end = ends[here] as number;
      for (let at = here === 0 ? 0 : (ends[here - 1] as number) + 1; at < end; at++) {
        if (key[place++] !== bytes[at]) return false;
      }
      if (key[place++] !== TAB) return false;
    }
    return place === key.length;
  }

  /** @throws ReportError `contract` */
  #add({ bytes, ends }: EncodedRows, cell: number, hash: number): number {
    const part = this.parts.length;
    if (part === MAX_PARTS) {
      throw new ReportError(
        'contract',
        `splitting by ${this.#by.map((name) => `"${name}"`).join(', ')}: there are more than ${MAX_PARTS} values`,
        { hint: 'Each would be a file. Split by a column with fewer values.' },
      );
    }
    const cells = this.#indices.map((index) => {
      const here = cell + index;
      return bytes.subarray(here === 0 ? 0 : (ends[here - 1] as number) + 1, ends[here]);
    });
    this.parts.push(cells.map((coded) => decodeCell(coded.toString())));
    this.#keys.push(Buffer.concat(cells.flatMap((coded) => [coded, Buffer.of(TAB)])));
    this.#hashes.push(hash);
    if (2 * this.parts.length > this.#table.length) {
      this.#table = new Int32Array(4 * this.#table.length);
      for (let each = 0; each < part; each++) this.#enter(each);
    }
    this.#enter(part);
    return part;
  }

  #enter(part: number): void {
    const mask = this.#table.length - 1;
    let slot = (this.#hashes[part] as number) & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = part + 1;
  }
}
