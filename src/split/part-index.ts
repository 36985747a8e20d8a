// Which part each row belongs to, by the cells of the split columns as they are encoded.
import { decodeCell } from '../copy-text.js';
import { ReportError } from '../errors.js';
import type { Cell, EncodedRows } from '../table.js';

/** More than anybody wants files: the split names the wrong column. */
const MOST_PARTS = 100_000;

export class PartIndex {
  /** The values of each part, in the order in which they came. */
  readonly parts: (readonly Cell[])[] = [];
  readonly #by: readonly string[];
  readonly #indices: readonly number[];
  readonly #width: number;
  /** By the encoded cells, as latin1, with tabs between. */
  readonly #known = new Map<string, number>();

  /** @param columns names. @param by those of them that split */
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
      if (last === -1 || !this.#isAsBefore(rows, cell)) last = this.#partOf(this.#key(rows, cell));
      parts[at + row] = last;
    }
  }

  /** Neighbours often belong together, and to see it costs less than to look them up. */
  #isAsBefore({ bytes, ends }: EncodedRows, cell: number): boolean {
    const width = this.#width;
    for (const index of this.#indices) {
      const here = cell + index;
      const start = (ends[here - 1] as number) + 1;
      const before = here === width ? 0 : (ends[here - width - 1] as number) + 1;
      const length = (ends[here] as number) - start;
      if ((ends[here - width] as number) - before !== length) return false;
      for (let at = 0; at < length; at++) if (bytes[start + at] !== bytes[before + at]) return false;
    }
    return true;
  }

  #key({ bytes, ends }: EncodedRows, cell: number): string {
    let key = '';
    for (const index of this.#indices) {
      const here = cell + index;
      const text = bytes.toString('latin1', here === 0 ? 0 : (ends[here - 1] as number) + 1, ends[here]);
      key = key === '' && index === this.#indices[0] ? text : `${key}\t${text}`;
    }
    return key;
  }

  #partOf(key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.parts.length === MOST_PARTS) {
      throw new ReportError(
        'contract',
        `splitting by ${this.#by.map((name) => `"${name}"`).join(', ')}: there are more than ${MOST_PARTS} values`,
        { hint: 'Each would be a file. Split by a column with fewer values.' },
      );
    }
    const part = this.parts.length;
    this.#known.set(key, part);
    this.parts.push(key.split('\t').map((text) => decodeCell(Buffer.from(text, 'latin1').toString())));
    return part;
  }
}
