// One file for each value of some columns: from the spooled rows of the one read, every file staged and counted for itself.
import { tmpdir } from 'node:os';
import pLimit from 'p-limit';
import { atOnce } from './at-once.js';
import { shared } from './broadcast.js';
import { ContentHash, DecimalSum, observed, RowCounter } from './counters.js';
import { ReportError } from './errors.js';
import type { Part } from './split/part.js';
import type { Spool } from './split/spool.js';
import { WaitingFile, type WaitingRoom } from './split/waiting-file.js';
import type { Batch, Cell, Column } from './table.js';
import { type FilledTarget, fill, type Target } from './target.js';
import { TemporaryFile } from './temporary-file.js';

/** Parts that are encoded at the same time: what one waits for, disk or a thread that compresses, others use. */
const ENCODING = 2;
/** Large files that are sent at the same time; each takes about four of S3's parts of memory. */
const SENDING_LARGE = 2;

export interface Split {
  /** The names of the exported columns by whose values the rows are split. */
  readonly by: readonly string[];
  /** The names of columns that are no part of a part's content. */
  readonly volatile: readonly string[];
  readonly signal: AbortSignal;
  /**
   * Called once, after the last row: the files of each part, none for a part that is only counted.
   * @param parts the values of each, in the order of `by`
   */
  targetsOf(parts: readonly (readonly Cell[])[]): Promise<readonly (readonly Target[])[]>;
}

/** What was counted over all rows. */
interface Counted {
  readonly rows: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly nulls: Readonly<Record<string, number>>;
}

interface PartsPlan {
  readonly columns: readonly Column[];
  /** The spooled rows; closed at the end. */
  readonly spool: Spool;
  /** To which the parts have to add up. */
  readonly whole: Counted;
}

/**
 * Every split with its spooled rows, one after the other.
 * @param onStaged called with each file, which is the caller's to discard from then on, also when this throws
 */
export async function stageSplits(
  splits: readonly Split[],
  spools: readonly Spool[],
  plan: Omit<PartsPlan, 'spool'>,
  onStaged: (file: Pick<FilledTarget, 'staged'>) => void,
): Promise<FilledTarget[]> {
  const files: FilledTarget[] = [];
  for (const [index, split] of splits.entries()) {
    const spool = spools[index];
    if (spool !== undefined) files.push(...(await stageParts(split, { ...plan, spool }, onStaged)));
  }
  return files;
}

async function stageParts(
  split: Split,
  { columns, spool, whole }: PartsPlan,
  onStaged: (file: Pick<FilledTarget, 'staged'>) => void,
): Promise<FilledTarget[]> {
  let room: WaitingRoom | undefined;
  try {
    const order = inOrder(spool.parts);
    const targets = await split.targetsOf(order.map(({ values }) => values));
    room = waitingRoom(targets.flat().length);
    const stage = stagedIn(room, onStaged);
    const staged = await atOnce(ENCODING, order, async ({ values, number }, index) => {
      const counter = new RowCounter(columns, Object.keys(whole.totals));
      const content = new ContentHash(columns, split.volatile);
      const rows = observed(spool.batches(number), [counter, content], split.signal);
      const files = await shared(
        rows,
        (targets[index] ?? []).map((target) => (batches) => stage(target, columns, batches)),
      );
      const part: Part = {
        values: Object.fromEntries(split.by.map((name, column) => [name, values[column] ?? null])),
        rows: counter.rows,
        totals: counter.totals(),
        nulls: counter.nulls(),
        content: content.digest(),
      };
      return { part, files: files.map((file) => ({ ...file, part })) };
    });
    assertAddUp(
      split.by,
      staged.map(({ part }) => part),
      whole,
    );
    return staged.flatMap(({ files }) => files);
  } catch (error) {
    await room?.file.close();
    throw error;
  } finally {
    await spool.close();
  }
}

/** The same whatever the order of the rows: by the values, null last. */
function inOrder(parts: readonly (readonly Cell[])[]): { values: readonly Cell[]; number: number }[] {
  const known = parts.map((values, number) => ({ values, number, sorted: JSON.stringify(values) }));
  return known.sort((a, b) => (a.sorted < b.sorted ? -1 : 1));
}

function waitingRoom(count: number): WaitingRoom {
  const file = new TemporaryFile(tmpdir(), {
    name: 'parts',
    code: 'destination',
    doing: 'staging the parts of the report',
    room: 'all rows need, and all files that are split',
  });
  let left = count;
  const leave = async () => {
    left -= 1;
    if (left === 0) await file.close();
  };
  return { file, large: pLimit(SENDING_LARGE), leave };
}

function stagedIn(room: WaitingRoom, onStaged: (file: Pick<FilledTarget, 'staged'>) => void) {
  return async (target: Target, columns: readonly Column[], batches: AsyncIterable<Batch>) => {
    let waiting: WaitingFile | undefined;
    const stage: Target['destination']['stage'] = async (key, how) => {
      waiting = new WaitingFile(room, target.destination, key, how);
      return waiting;
    };
    const elsewhere = { ...target, destination: { ...target.destination, stage } };
    const filled = await fill(
      elsewhere,
      { columns, batches },
      { onStaged: (staged) => onStaged({ staged }), onBytes: () => undefined },
    );
    await waiting?.rest();
    return { ...filled, target };
  };
}

/** @throws ReportError `unexpected` when rows, totals or nulls of the parts are not those of the whole */
function assertAddUp(by: readonly string[], parts: readonly Part[], whole: Counted): void {
  const wrong: string[] = [];
  const compare = (what: string, expected: string | number, found: string | number) => {
    if (`${expected}` !== `${found}`) wrong.push(`${what}: ${found} instead of ${expected}`);
  };
  compare(
    'rows',
    whole.rows,
    parts.reduce((sum, { rows }) => sum + rows, 0),
  );
  for (const [name, expected] of Object.entries(whole.totals)) {
    const sum = new DecimalSum();
    for (const { totals } of parts) sum.add(totals[name] ?? null);
    compare(`total ${name}`, expected, sum.toString());
  }
  for (const [name, expected] of Object.entries(whole.nulls)) {
    compare(
      `nulls ${name}`,
      expected,
      parts.reduce((sum, { nulls }) => sum + (nulls[name] ?? 0), 0),
    );
  }
  if (wrong.length === 0) return;
  throw new ReportError(
    'unexpected',
    `the parts by ${by.join(', ')} do not add up to the whole: ${wrong.join('; ')}`,
    { hint: 'Nothing was published. Run it again, and tell the makers of reportctl if it stays.' },
  );
}
