// A stable external merge sort: sorted runs go to a temporary file and are merged.
import { tmpdir } from 'node:os';
import type { Cell } from '../core/table.js';
import { merged } from './sort/merge.js';
import { comparison, type Sortable, type SortKey, sortable } from './sort/order.js';
import { TemporaryFile } from './temporary-file.js';

type Rows = readonly (readonly Cell[])[];

export interface SortOptions {
  readonly keys: readonly SortKey[];
  /** How many of the first rows are wanted; without it, all. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
  /** The most that is held in memory; without it, 200,000 rows and 64 Mi characters of cells. */
  readonly most?: { readonly rows: number; readonly characters: number };
  /** Bytes that are read ahead, of all runs together; without it, 32 MiB. */
  readonly readAhead?: number;
  /** The folder of the temporary file; without it, the system's. */
  readonly folder?: string;
}

/** Sorted rows in the temporary file: positions of its first byte and of the byte after its last. */
interface Run {
  from: number;
  to: number;
}

const BATCH = 1000;
const READ_AHEAD = 32 * 1024 * 1024;
/** The share of one run in it. */
const MIN_READ = 16 * 1024;
const MAX_READ = 1024 * 1024;

/**
 * The rows in order, in batches of about 1,000, never empty.
 * @throws ReportError `source` when the temporary file cannot be written, the signal's reason, and what `batches` throws
 */
export async function* sorted(batches: AsyncIterable<Rows>, options: SortOptions): AsyncGenerator<Rows> {
  const {
    keys,
    signal,
    limit = Number.POSITIVE_INFINITY,
    most = { rows: 200_000, characters: 64 * 1024 ** 2 },
    readAhead = READ_AHEAD,
  } = options;
  const compare = comparison(keys);
  const runs: Run[] = [];
  const file = new TemporaryFile(options.folder ?? tmpdir(), {
    name: 'sort',
    code: 'source',
    doing: 'sorting the rows',
    room: 'the sorted rows need, or take order-by out of the report',
  });
  let held: Sortable[] = [];
  let characters = 0;
  try {
    for await (const rows of batches) {
      for (const row of rows) {
        const text = JSON.stringify(row);
        // Copy the cells: a cell may be a slice of a string that keeps a whole chunk of its file in memory.
        held.push(sortable(JSON.parse(text) as Cell[], keys));
        characters += text.length;
        if (held.length < most.rows && characters < most.characters) continue;
        held.sort(compare);
        if (limit <= most.rows / 2 && held.length > limit) {
          held.length = limit;
          characters = held.reduce((sum, { cells }) => sum + JSON.stringify(cells).length, 0);
          if (characters < most.characters / 2) continue;
        }
        runs.push(await spill(file, held));
        held = [];
        characters = 0;
        signal.throwIfAborted();
      }
    }
    held.sort(compare);
    const size = Math.min(MAX_READ, Math.max(MIN_READ, Math.floor(readAhead / runs.length)));
    const read = (run: Run) => readRun(file, run, size, keys);
    yield* first(limit, merged([...runs.map(read), inMemory(held)], compare), signal);
  } finally {
    await file.close();
  }
}

async function* first(
  limit: number,
  batches: AsyncIterable<Rows>,
  signal: AbortSignal,
): AsyncGenerator<Rows> {
  let left = limit;
  for await (const rows of batches) {
    signal.throwIfAborted();
    if (left <= rows.length) {
      if (left > 0) yield rows.slice(0, left);
      return;
    }
    left -= rows.length;
    yield rows;
  }
}

/** Writes the sorted rows as one run, one JSON array a line. */
async function spill(file: TemporaryFile, rows: readonly Sortable[]): Promise<Run> {
  const run: Run = { from: Number.POSITIVE_INFINITY, to: 0 };
  for (let index = 0; index < rows.length; index += BATCH) {
    const lines = rows.slice(index, index + BATCH).map(({ cells }) => `${JSON.stringify(cells)}\n`);
    const { from, length } = await file.append(Buffer.from(lines.join('')));
    run.from = Math.min(run.from, from);
    run.to = from + length;
  }
  return run;
}

async function* inMemory(rows: readonly Sortable[]): AsyncGenerator<readonly Sortable[]> {
  if (rows.length > 0) yield rows;
}

/** @param size bytes that are read at a time */
async function* readRun(
  file: TemporaryFile,
  { from, to }: Run,
  size: number,
  keys: readonly SortKey[],
): AsyncGenerator<readonly Sortable[]> {
  let room = size;
  for (let at = from; at < to; ) {
    const bytes = await file.read({ from: at, length: Math.min(room, to - at) });
    const lastLineEnd = bytes.lastIndexOf(0x0a);
    // The row is longer than what was read.
    if (lastLineEnd === -1) room *= 2;
    else {
      const lines = bytes.toString('utf8', 0, lastLineEnd).split('\n');
      yield lines.map((line) => sortable(JSON.parse(line) as Cell[], keys));
      at += lastLineEnd + 1;
    }
  }
}
