// Finds repeated lines: among neighbours, or among all lines in bounded memory.
import { TemporaryFile } from '../temporary-file.js';
import { eachKey } from './key-lines.js';
import { KeyPartitions } from './key-partitions.js';
import { KeyTable } from './key-table.js';

const NEWLINE = 10;

/** Called for each line that equals an earlier one. */
export type Found = (lines: Buffer, start: number, end: number) => void;

export interface DuplicateLines {
  /** Takes whole lines. @throws ReportError `source` when neither memory nor the temporary folder holds them */
  take(lines: Buffer): Promise<void>;
  /** Call once, after the last line: every repeated line has been reported when it resolves. @throws as `take` does, and the signal's reason */
  finish(): Promise<void>;
  /** Releases everything. May be called at any time, and twice. */
  close(): Promise<void>;
}

/** For input in which equal lines follow each other. */
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
    // Copy it: a slice would keep the whole batch in memory.
    this.#last = Buffer.from(former.subarray(formerStart));
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}
}

export interface ScatteredOptions {
  /** The most bytes in memory; a single longer line is held anyway. */
  readonly memory: number;
  /** For the temporary file. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}

/** For lines in any order: a hash table, and where it is full, partitions on disk by hash, each handled on its own. */
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

/** What the levels share; one uses it at a time. */
interface Shared {
  readonly found: Found;
  readonly signal: AbortSignal | undefined;
  readonly file: TemporaryFile;
  /** Empty when a level begins and when it ends. */
  readonly table: KeyTable;
  /** Bytes of a level's write buffers. */
  readonly buffers: number;
}

/**
 * The number of levels with a table. 64 partitions each make more parts than a hash of 32 bits has values: what the last
 * level gets are keys with the same hash under every seed, or longer than the table.
 */
const LEVELS = 5;

class Level {
  readonly #shared: Shared;
  readonly #depth: number;
  readonly #seed: number;
  #partitions: KeyPartitions | undefined;
  /** The keys of the last level, where partitions do not help. */
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
      // latin1 maps each byte to one character: different keys stay different.
      const key = lines.toString('latin1', start, end);
      if (this.#rest.has(key)) found(lines, start, end);
      else this.#rest.add(key);
      return true;
    };
  }
}
