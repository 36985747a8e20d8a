// Finds the lines that stood there before: among neighbours, or among all of them in bounded memory.
import { TemporaryFile } from '../temporary-file.js';
import { eachKey } from './key-lines.js';
import { KeyPartitions } from './key-partitions.js';
import { KeyTable } from './key-table.js';

const NEWLINE = 10;

/** Called once for each line that stood there before. */
export type Found = (lines: Buffer, start: number, end: number) => void;

export interface DuplicateLines {
  /** Takes whole lines. @throws ReportError `source` when neither memory nor the temporary folder holds them */
  take(lines: Buffer): Promise<void>;
  /** After the last line, once: then all were found. @throws as `take` does, and the signal's reason */
  finish(): Promise<void>;
  /** Releases everything; safe to call at any time, and again. */
  close(): Promise<void>;
}

/** Of lines that are side by side when they are equal. */
export class NeighbouringLines implements DuplicateLines {
  readonly #found: Found;
  #last: Buffer = Buffer.alloc(0);

  constructor(found: Found) {
    this.#found = found;
  }

  async take(lines: Buffer): Promise<void> {
    let former = this.#last;
    let formerStart = 0;
    for (let start = 0; start < lines.length; ) {
      let isSame = true;
      let at = start;
      for (let other = formerStart; ; at++, other++) {
        const byte = lines[at];
        if (isSame && byte !== former[other]) isSame = false;
        if (byte === NEWLINE) break;
      }
      if (isSame) this.#found(lines, start, at);
      former = lines;
      formerStart = start;
      start = at + 1;
    }
    // A copy, which does not keep the whole batch in memory.
    this.#last = Buffer.from(former.subarray(formerStart));
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}
}

export interface ScatteredOptions {
  /** Bytes in memory at most; a line that is longer is held all the same. */
  readonly memory: number;
  /** For the temporary file. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

/** Of lines in any order. What memory does not hold is partitioned by a hash, and each part is looked at by itself. */
export class ScatteredLines implements DuplicateLines {
  readonly #file: TemporaryFile;
  readonly #top: Level;

  constructor(found: Found, { memory, folder, signal }: ScatteredOptions) {
    this.#file = new TemporaryFile(folder, {
      name: 'unique',
      code: 'source',
      doing: 'testing the gate unique',
      room: 'the unique columns of all rows need',
    });
    const table = new KeyTable(memory);
    this.#top = new Level({ found, signal, file: this.#file, table, buffers: memory / 4 }, 0);
  }

  take(lines: Buffer): Promise<void> {
    return this.#top.take(lines);
  }

  async finish(): Promise<void> {
    await this.#top.finish();
    await this.close();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** What all levels use, one after the other. */
interface Shared {
  readonly found: Found;
  readonly signal: AbortSignal | undefined;
  readonly file: TemporaryFile;
  /** Empty when a level begins and when it ends. */
  readonly table: KeyTable;
  /** Bytes for what a level has not yet written. */
  readonly buffers: number;
}

/**
 * Levels with a table; there are more parts on the last than keys can be told apart by hashes of 32 bits. What is left
 * then are keys that have one hash under every seed, or are longer than the table.
 */
const LEVELS = 5;

class Level {
  readonly #shared: Shared;
  readonly #depth: number;
  readonly #seed: number;
  #partitions: KeyPartitions | undefined;
  /** Instead of the table, where no partition helps. */
  readonly #rest = new Set<string>();

  constructor(shared: Shared, depth: number) {
    this.#shared = shared;
    this.#depth = depth;
    this.#seed = 0x811c9dc5 ^ Math.imul(depth, 0x9e3779b9);
  }

  async take(lines: Buffer): Promise<void> {
    const { file, table, buffers } = this.#shared;
    const from = this.#partitions === undefined ? eachKey(lines, 0, this.#seed, this.#compare(lines)) : 0;
    if (from === lines.length) return;
    if (this.#partitions === undefined) {
      this.#partitions = new KeyPartitions(file, this.#seed, buffers);
      await this.#partitions.add(table.clear(), 0);
    }
    await this.#partitions.add(lines, from);
  }

  async finish(): Promise<void> {
    const { table, signal } = this.#shared;
    table.clear();
    for (const part of this.#partitions?.parts() ?? []) {
      const level = new Level(this.#shared, this.#depth + 1);
      for await (const lines of part) {
        signal?.throwIfAborted();
        await level.take(lines);
      }
      await level.finish();
    }
  }

  #compare(lines: Buffer): (start: number, end: number, hash: number) => boolean {
    const { found, table } = this.#shared;
    if (this.#depth < LEVELS) {
      return (start, end, hash) => {
        const known = table.add(lines, start, end, hash);
        if (known) found(lines, start, end);
        return known !== undefined;
      };
    }
    return (start, end) => {
      // Each byte becomes one character: no two keys become the same.
      const key = lines.toString('latin1', start, end);
      if (this.#rest.has(key)) found(lines, start, end);
      else this.#rest.add(key);
      return true;
    };
  }
}
