// Compares two published files by key: rows that were added, gone or changed, and the difference in totals.

import { messageOf, ReportError } from '../core/errors.js';
import type { Cell } from '../core/table.js';
import type { Tolerance } from '../rows/compare-decimals.js';
import { sorted } from '../rows/sort.js';
import { joined, OutOfOrder, sortKeys } from './diff/join.js';
import { type Chosen, type Layout, layoutOf } from './diff/layout.js';
import { comparedRows, type Side } from './diff/side.js';
import { haveSameSums, type RowChange, type Tallied, Tally } from './diff/tally.js';

export interface DiffOptions extends Chosen {
  /** For each column of the key, whether the files are in its descending order. */
  readonly descending: readonly boolean[];
  readonly signal: AbortSignal;
  /** Numbers of rows with the same key, or sums where no key is in both files, that are no further apart count as the same. */
  readonly tolerance?: Tolerance | undefined;
  /** Compares sums only: the rows are not matched, and there needs to be no key. */
  readonly onlySums?: boolean | undefined;
  /** Gets every change, in the order of the key. Called a second time, from the start, when the files are not in that order. */
  readonly take?:
    | ((changes: AsyncIterable<readonly RowChange[]>, layout: Layout) => Promise<void>)
    | undefined;
}

export interface Differences extends Tallied {
  /** Names of columns. */
  readonly key: readonly string[];
  readonly by: string | undefined;
  /** Columns that only one of the files has. */
  readonly columns: { readonly added: readonly string[]; readonly gone: readonly string[] };
  /** Whether a key is in both files; null where sums only were compared. With false, and with null, the sums decide what is the same. */
  readonly keysMeet: boolean | null;
  /** `0.01` or `5%`; null where none was given. */
  readonly tolerance: string | null;
  readonly isSame: boolean;
}

/** Limits of the sort of one file. Measured with 300,000 rows each: 250 MB in order, 390 MB with two sorts, mostly garbage that V8 has not collected. */
const HELD = { most: { rows: 30_000, characters: 8 * 1024 ** 2 }, readAhead: 4 * 1024 ** 2 };

/**
 * Reads each file once if both are in the order of the key; otherwise reads them again and sorts them in temporary files.
 * @throws ReportError `usage` for a key that is no key, `contract` for a file that is not what its manifest says, and what
 * `take` throws
 */
export async function diffFiles(before: Side, after: Side, options: DiffOptions): Promise<Differences> {
  const layout = layoutOf(before.manifest, after.manifest, options);
  if (options.onlySums === true) return comparedSums(before, after, layout, options);
  try {
    return await compared(before, after, layout, options, (rows) => rows);
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error;
  }
  const { signal, descending } = options;
  const keys = sortKeys(layout, descending);
  return compared(before, after, layout, options, (rows) =>
    withRoomErrors(sorted(rows, { keys, signal, ...HELD })),
  );
}

type Rows = AsyncIterable<readonly (readonly Cell[])[]>;

async function compared(
  before: Side,
  after: Side,
  layout: Layout,
  { descending, signal, tolerance, take = drain }: DiffOptions,
  inOrder: (rows: Rows) => Rows,
): Promise<Differences> {
  const tally = new Tally(layout, tolerance);
  const names = [before.location, after.location] as const;
  const pairs = joined(
    inOrder(comparedRows(before, after, layout)),
    inOrder(comparedRows(after, before, layout)),
    { keys: sortKeys(layout, descending), names },
  );
  async function* changes() {
    for await (const batch of pairs) {
      signal.throwIfAborted();
      const found = batch.flatMap((pair) => tally.add(pair) ?? []);
      if (found.length > 0) yield found;
    }
  }
  await take(changes(), layout);
  const { rows, added, gone } = tally.counts();
  const isDisjoint = rows.before > 0 && rows.after > 0 && gone === rows.before && added === rows.after;
  return differencesOf(tally, layout, !isDisjoint, tolerance);
}

/** Reads each file once, in any order. */
async function comparedSums(
  before: Side,
  after: Side,
  layout: Layout,
  { signal, tolerance }: DiffOptions,
): Promise<Differences> {
  const tally = new Tally(layout, tolerance);
  for await (const rows of comparedRows(before, after, layout)) {
    signal.throwIfAborted();
    for (const row of rows) tally.add({ before: row, after: undefined });
  }
  for await (const rows of comparedRows(after, before, layout)) {
    signal.throwIfAborted();
    for (const row of rows) tally.add({ before: undefined, after: row });
  }
  return differencesOf(tally, layout, null, tolerance);
}

function differencesOf(
  tally: Tally,
  { columns, keys, by, added, gone }: Layout,
  keysMeet: boolean | null,
  tolerance: Tolerance | undefined,
): Differences {
  const result = tally.result(keysMeet !== true);
  const all = columns.map(({ name }) => name);
  const count = result.added + result.gone + result.changed;
  // Sums alone are the same where they are; rows of different keys only where somebody says how far apart the sums may be.
  const areSums = keysMeet === null || (keysMeet === false && tolerance !== undefined);
  const hasSame = areSums
    ? haveSameSums(result, tolerance) && (result.groups ?? []).length === 0
    : count === 0;
  return {
    key: all.slice(0, keys),
    by: by === undefined ? undefined : all[by],
    columns: { added, gone },
    keysMeet,
    tolerance: tolerance === undefined ? null : `${tolerance.amount}${tolerance.isPercent ? '%' : ''}`,
    isSame: hasSame && added.length + gone.length === 0,
    ...result,
  };
}

async function drain(changes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of changes);
}

/** A sort's error is about the rows of a source; makes it one about the room for two files. */
async function* withRoomErrors(rows: Rows): Rows {
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof ReportError && error.code === 'source')) throw error;
    throw new ReportError('destination', `diff: ${messageOf(error)}`, {
      hint: 'Set TMPDIR to a folder with room for the rows of both files.',
      cause: error,
    });
  }
}
