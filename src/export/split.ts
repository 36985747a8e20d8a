// One file for each value of some columns: from the spooled rows of the one read, every file staged and counted for itself.
import { tmpdir } from 'node:os';
import pLimit from 'p-limit';
import { ReportError } from '../core/errors.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Batch, Cell, Column } from '../core/table.js';
import { shared } from '../rows/broadcast.js';
import { ContentHash, DecimalSum, observed, RowCounter } from '../rows/counters.js';
import { Spool } from '../rows/spool.js';
import { TemporaryFile } from '../rows/temporary-file.js';
import { Handover } from './split/handover.js';
import type { Part } from './split/part.js';
import { WaitingFile, type WaitingRoom } from './split/waiting-file.js';
import { type FilledTarget, fill, type Target } from './target.js';

/** Parts that are encoded at the same time: what one waits for, disk or a thread that compresses, others use. */
const ENCODING = 2;
/** Parts whose keys are looked at at the same time. */
const LOOKING = 8;
/** Large files that are sent at the same time; each takes about four of S3's parts of memory. */
const SENDING_LARGE = 2;

export interface Split {
  /** The names of the exported columns by whose values the rows are split. */
  readonly by: readonly string[];
  /** The names of columns that are no part of a part's content. */
  readonly volatile: readonly string[];
  readonly signal: AbortSignal;
  /** How many parts are encoded while the rows are read: until the last one each has memory of its own. */
  readonly ahead: number;
  /** Called once for each part: its files, none where it is only counted. @param values in the order of `by` */
  targetsOf(values: readonly Cell[]): Promise<readonly Target[]>;
}

/** What was counted over all rows. */
interface Counted {
  readonly rows: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly nulls: Readonly<Record<string, number>>;
}

interface Options {
  readonly columns: readonly Column[];
  /** Names of the columns to sum. */
  readonly totals: readonly string[];
  /** Called with each file, which is the caller's to discard from then on. */
  readonly onStaged: (staged: FilledTarget['staged']) => void;
}

interface StagedPart {
  readonly part: Part;
  readonly files: readonly FilledTarget[];
}

/** A part that is encoded while the rows are read. */
interface Begun {
  readonly rows: Handover<Batch>;
  readonly waiting: readonly WaitingFile[];
  /** Never rejects alone: `rows` is told first. */
  readonly staged: Promise<StagedPart>;
}

/** One split on its way: `take` all rows, then `finish`; `stop` when anything fails, and `close` in the end. */
export class Splitting {
  readonly #split: Split;
  readonly #options: Options;
  readonly #spool: Spool;
  readonly #room = waitingRoom();
  readonly #begun: Begun[] = [];

  constructor(split: Split, options: Options) {
    this.#split = split;
    this.#options = options;
    const take = (part: number, batch: Batch) => this.#takeAhead(part, batch);
    this.#spool = new Spool(options.columns, split.by, { parts: split.ahead, take });
  }

  /** @throws ReportError `destination` without room on disk or for a key that is taken, `contract` for too many parts */
  async take(batches: AsyncIterable<Batch>): Promise<void> {
    await this.#spool.take(batches);
  }

  /**
   * After the last row: every part staged, in the order of their values.
   * @throws ReportError `unexpected` when the parts do not add up to the whole
   */
  async finish(whole: Counted): Promise<FilledTarget[]> {
    for (const { rows } of this.#begun) rows.end();
    const order = inOrder(this.#spool.parts);
    const left = order.filter(({ number }) => number >= this.#begun.length);
    const targets = await mapConcurrently(LOOKING, left, ({ values }) => this.#split.targetsOf(values));
    const later = await mapConcurrently(ENCODING, left, ({ values, number }, index) =>
      this.#stage(values, this.#spool.batches(number), targets[index] ?? []),
    );
    const begun = await Promise.all(this.#begun.map(({ staged }) => staged));
    const byNumber = new Map([
      ...begun.map((part, number) => [number, part] as const),
      ...left.map(({ number }, index) => [number, later[index]] as const),
    ]);
    const staged = order.flatMap(({ number }) => byNumber.get(number) ?? []);
    await this.#spool.close();
    assertAddUp(
      this.#split.by,
      staged.map(({ part }) => part),
      whole,
    );
    return staged.flatMap(({ files }) => files);
  }

  /** What is under way ends; then every file is known to `onStaged`. @param error why */
  async stop(error: unknown): Promise<void> {
    for (const { rows } of this.#begun) rows.fail(error);
    await Promise.allSettled(this.#begun.map(({ staged }) => staged));
    await this.#room.file.close();
  }

  /** Safe to call at any time, and again; what is staged stays. */
  async close(): Promise<void> {
    await this.#spool.close();
  }

  async #takeAhead(number: number, batch: Batch): Promise<void> {
    if (number >= this.#begun.length) await this.#begin();
    const part = this.#begun[number] as Begun;
    await part.rows.put(batch);
    // Of many parts even a little each is much, and the bytes are not ours for longer.
    for (const file of part.waiting) await file.rest();
  }

  /** Those that are known by now. */
  async #begin(): Promise<void> {
    const { parts } = this.#spool;
    const added = parts.slice(this.#begun.length, this.#split.ahead);
    const targets = await mapConcurrently(LOOKING, added, (values) => this.#split.targetsOf(values));
    for (const [index, values] of added.entries()) {
      const rows = new Handover<Batch>();
      const waiting: WaitingFile[] = [];
      const staged = this.#stage(values, rows, targets[index] ?? [], waiting);
      staged.catch((error: unknown) => rows.fail(error));
      this.#begun.push({ rows, waiting, staged });
    }
  }

  /** @param waiting gets the files */
  async #stage(
    values: readonly Cell[],
    batches: AsyncIterable<Batch>,
    targets: readonly Target[],
    waiting: WaitingFile[] = [],
  ): Promise<StagedPart> {
    const { columns, totals, onStaged } = this.#options;
    const { by, volatile, signal } = this.#split;
    const counter = new RowCounter(columns, totals);
    const content = new ContentHash(columns, volatile);
    const rows = observed(batches, [counter, content], signal);
    const files = await shared(
      rows,
      targets.map((target) => async (copies: AsyncIterable<Batch>) => {
        const stage: Target['destination']['stage'] = async (key, how) => {
          const file = new WaitingFile(this.#room, target.destination, key, how);
          waiting.push(file);
          return file;
        };
        const elsewhere = { ...target, destination: { ...target.destination, stage } };
        const filled = await fill(
          elsewhere,
          { columns, batches: copies },
          { onStaged, onBytes: () => undefined },
        );
        return { ...filled, target };
      }),
    );
    for (const file of waiting) await file.rest();
    const part: Part = {
      values: Object.fromEntries(by.map((name, column) => [name, values[column] ?? null])),
      rows: counter.rows,
      totals: counter.totals(),
      nulls: counter.nulls(),
      content: content.digest(),
    };
    return { part, files: files.map((file) => ({ ...file, part })) };
  }
}

/** The same whatever the order of the rows: by the values, null last. */
function inOrder(parts: readonly (readonly Cell[])[]): { values: readonly Cell[]; number: number }[] {
  const known = parts.map((values, number) => ({ values, number, sorted: JSON.stringify(values) }));
  return known.sort((a, b) => (a.sorted < b.sorted ? -1 : 1));
}

function waitingRoom(): WaitingRoom {
  const file = new TemporaryFile(tmpdir(), {
    name: 'parts',
    code: 'destination',
    doing: 'staging the parts of the report',
    room: 'all rows need, and all files that are split',
  });
  let inside = 0;
  const enter = () => {
    inside += 1;
  };
  const leave = async () => {
    inside -= 1;
    if (inside === 0) await file.close();
  };
  return { file, large: pLimit(SENDING_LARGE), enter, leave };
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
