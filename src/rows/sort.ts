// Sorts more rows than memory holds: sorted runs go to a temporary file and are merged. Stable.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, ReportError } from '../core/errors.js';
import type { Cell } from '../core/table.js';
import { merged } from './sort/merge.js';
import { comparison, type Sortable, type SortKey, sortable } from './sort/order.js';

type Rows = readonly (readonly Cell[])[];

export interface SortOptions {
  readonly keys: readonly SortKey[];
  /** How many of the first rows are wanted; all unless told. */
  readonly limit?: number | undefined;
  readonly signal: AbortSignal;
  /** What is held in memory at most; 200,000 rows and 64 Mi characters of cells unless told. */
  readonly most?: { readonly rows: number; readonly characters: number };
  /** Bytes that all sorted parts together are read ahead by; 32 MiB unless told. */
  readonly readAhead?: number;
  /** Where the temporary file goes; the system's folder for them unless told. */
  readonly folder?: string;
}

/** A part of the temporary file. */
interface Run {
  readonly from: number;
  readonly to: number;
}

const BATCH = 1000;
const READ_AHEAD = 32 * 1024 * 1024;
/** Bytes that one run gets of it at least and at most. */
const SMALLEST_READ = 16 * 1024;
const LARGEST_READ = 1024 * 1024;

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
  let file: FileHandle | undefined;
  let held: Sortable[] = [];
  let characters = 0;
  try {
    for await (const rows of batches) {
      for (const row of rows) {
        const text = JSON.stringify(row);
        // Parsed again, because a cell may be a slice that keeps a whole chunk of its file in memory.
        held.push(sortable(JSON.parse(text) as Cell[], keys));
        characters += text.length;
        if (held.length < most.rows && characters < most.characters) continue;
        held.sort(compare);
        if (limit <= most.rows / 2 && held.length > limit) {
          held.length = limit;
          characters = held.reduce((sum, { cells }) => sum + JSON.stringify(cells).length, 0);
          if (characters < most.characters / 2) continue;
        }
        file ??= await temporaryFile(options.folder ?? tmpdir());
        runs.push(await spill(file, runs.at(-1)?.to ?? 0, held));
        held = [];
        characters = 0;
        signal.throwIfAborted();
      }
    }
    held.sort(compare);
    const size = Math.min(LARGEST_READ, Math.max(SMALLEST_READ, Math.floor(readAhead / runs.length)));
    const read = (run: Run) => (file === undefined ? inMemory([]) : readRun(file, run, size, keys));
    yield* first(limit, merged([...runs.map(read), inMemory(held)], compare), signal);
  } finally {
    await file?.close();
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

/** Its name is gone at once, so that nothing stays behind however the process ends. */
async function temporaryFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `reportctl-sort-${randomUUID()}`);
  try {
    const file = await open(path, 'wx+', 0o600);
    await rm(path, { force: true });
    return file;
  } catch (error) {
    throw noRoom(error, folder);
  }
}

function noRoom(error: unknown, folder?: string): ReportError {
  const where = folder === undefined ? '' : ` in ${folder}`;
  return new ReportError('source', `writing a temporary file${where} to sort the rows: ${messageOf(error)}`, {
    hint: 'Set TMPDIR to a folder with as much room as the sorted rows need, or take order-by out of the report.',
    cause: error,
  });
}

async function spill(file: FileHandle, from: number, rows: readonly Sortable[]): Promise<Run> {
  let to = from;
  for (let index = 0; index < rows.length; index += BATCH) {
    const lines = rows.slice(index, index + BATCH).map(({ cells }) => `${JSON.stringify(cells)}\n`);
    const bytes = Buffer.from(lines.join(''));
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written, to + written)).bytesWritten;
      }
    } catch (error) {
      throw noRoom(error);
    }
    to += bytes.length;
  }
  return { from, to };
}

async function* inMemory(rows: readonly Sortable[]): AsyncGenerator<readonly Sortable[]> {
  if (rows.length > 0) yield rows;
}

async function* readRun(
  file: FileHandle,
  { from, to }: Run,
  size: number,
  keys: readonly SortKey[],
): AsyncGenerator<readonly Sortable[]> {
  let room = size;
  for (let at = from; at < to; ) {
    const bytes = Buffer.allocUnsafe(Math.min(room, to - at));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    if (bytesRead === 0) throw new ReportError('source', 'the temporary file with sorted rows was cut');
    const behind = bytes.subarray(0, bytesRead).lastIndexOf(0x0a);
    // A row that is longer than the room.
    if (behind === -1) room *= 2;
    else {
      const lines = bytes.toString('utf8', 0, behind).split('\n');
      yield lines.map((line) => sortable(JSON.parse(line) as Cell[], keys));
      at += behind + 1;
    }
  }
}
