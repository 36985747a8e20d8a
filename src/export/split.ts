// One file for each value of some columns: rows are spooled by value during the one read, and every file is staged and counted.
import { tmpdir } from 'node:os';
import pLimit from 'p-limit';
import { ReportError } from '../core/errors.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Batch, Cell, Column } from '../core/table.js';
import { readByAll } from '../rows/broadcast.js';
import { ContentHash, DecimalSum, observed, RowCounter } from '../rows/counters.js';
import { Spool } from '../rows/spool.js';
import { TemporaryFile } from '../rows/temporary-file.js';
import { Channel } from './split/channel.js';
import type { Part } from './split/part.js';
import { type SharedSpool, SpooledFile } from './split/spooled-file.js';
import { type FilledTarget, fill, type Target } from './target.js';

/** How many parts are encoded at the same time: while one waits for the disk or for compression, another encodes. */
const MAX_PARALLEL_ENCODERS = 2;
/** How many keys of parts are looked up at the same time. */
const MAX_PARALLEL_LOOKUPS = 8;
/** How many large files are sent at the same time; each takes two of S3's parts of memory. */
const MAX_PARALLEL_LARGE_FILES = 2;

export interface Split {
  /** The names of the exported columns by whose values the rows are split. */
  readonly by: readonly string[];
  /** The names of columns that are left out of a part's content hash. */
  readonly volatile: readonly string[];
  readonly signal: AbortSignal;
  /** How many parts are encoded while the rows are read; each needs memory of its own until the last row. */
  readonly ahead: number;
  /** Called once for each part; returns its files, none for a part that is only counted. @param values in the order of `by` */
  targetsOf(values: readonly Cell[]): Promise<readonly Target[]>;
}

/** The counters over all rows. */
interface Counted {
  readonly rows: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly nulls: Readonly<Record<string, number>>;
}

interface Options {
  readonly columns: readonly Column[];
  /** Names of the columns to sum. */
  readonly totals: readonly string[];
  /** Called with each staged file; from then on the caller discards it. */
  readonly onStaged: (staged: FilledTarget['staged']) => void;
}

interface StagedPart {
  readonly part: Part;
  readonly files: readonly FilledTarget[];
}

/** A part that is encoded while the rows are read. */
interface StartedPart {
  readonly rows: Channel<Batch>;
  readonly spooled: readonly SpooledFile[];
  /** When it rejects, `rows` has failed with the same error. */
  readonly staged: Promise<StagedPart>;
}

/** Stages one split: `take` all rows, then `finish`; `stop` when anything fails, and `close` at the end. */
export class SplitStage {
  readonly #split: Split;
  readonly #options: Options;
  readonly #spool: Spool;
  readonly #sharedSpool = createSharedSpool();
  readonly #started: StartedPart[] = [];

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
    for (const { rows } of this.#started) rows.end();
    const order = inOrder(this.#spool.parts);
    const remaining = order.filter(({ number }) => number >= this.#started.length);
    const targets = await mapConcurrently(MAX_PARALLEL_LOOKUPS, remaining, ({ values }) =>
      this.#split.targetsOf(values),
    );
    const later = await mapConcurrently(MAX_PARALLEL_ENCODERS, remaining, ({ values, number }, index) =>
      this.#stage(values, this.#spool.batches(number), targets[index] ?? []),
    );
    const started = await Promise.all(this.#started.map(({ staged }) => staged));
    const byNumber = new Map([
      ...started.map((part, number) => [number, part] as const),
      ...remaining.map(({ number }, index) => [number, later[index]] as const),
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

  /** Ends what is in progress; afterwards `onStaged` knows every file. @param error the reason */
  async stop(error: unknown): Promise<void> {
    for (const { rows } of this.#started) rows.fail(error);
    await Promise.allSettled(this.#started.map(({ staged }) => staged));
    await this.#sharedSpool.file.close();
  }

  /** Safe to call at any time, and again; what is staged stays. */
  async close(): Promise<void> {
    await this.#spool.close();
  }

  async #takeAhead(number: number, batch: Batch): Promise<void> {
    if (number >= this.#started.length) await this.#startParts();
    const part = this.#started[number] as StartedPart;
    await part.rows.put(batch);
    // Many parts with a little memory each take much memory, and the writer reuses its chunk.
    for (const file of part.spooled) await file.flush();
  }

  /** Starts the parts that are known by now. */
  async #startParts(): Promise<void> {
    const { parts } = this.#spool;
    const added = parts.slice(this.#started.length, this.#split.ahead);
    const targets = await mapConcurrently(MAX_PARALLEL_LOOKUPS, added, (values) =>
      this.#split.targetsOf(values),
    );
    for (const [index, values] of added.entries()) {
      const rows = new Channel<Batch>();
      const spooled: SpooledFile[] = [];
      const staged = this.#stage(values, rows, targets[index] ?? [], spooled);
      staged.catch((error: unknown) => rows.fail(error));
      this.#started.push({ rows, spooled, staged });
    }
  }

  /** @param spooled receives the files of the part */
  async #stage(
    values: readonly Cell[],
    batches: AsyncIterable<Batch>,
    targets: readonly Target[],
    spooled: SpooledFile[] = [],
  ): Promise<StagedPart> {
    const { columns, totals, onStaged } = this.#options;
    const { by, volatile, signal } = this.#split;
    const counter = new RowCounter(columns, totals);
    const content = new ContentHash(columns, volatile);
    const rows = observed(batches, [counter, content], signal);
    const files = await readByAll(
      rows,
      targets.map((target) => async (copies: AsyncIterable<Batch>) => {
        const stage: Target['destination']['stage'] = async (key, how) => {
          const file = new SpooledFile(this.#sharedSpool, target.destination, key, how);
          spooled.push(file);
          return file;
        };
        const spooledTarget = { ...target, destination: { ...target.destination, stage } };
        const filled = await fill(
          spooledTarget,
          { columns, batches: copies },
          { onStaged, onBytes: () => undefined },
        );
        return { ...filled, target };
      }),
    );
    for (const file of spooled) await file.flush();
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

/** The parts by their values, null last: the same order whatever the order of the rows. */
function inOrder(parts: readonly (readonly Cell[])[]): { values: readonly Cell[]; number: number }[] {
  const known = parts.map((values, number) => ({ values, number, sorted: JSON.stringify(values) }));
  return known.sort((a, b) => (a.sorted < b.sorted ? -1 : 1));
}

function createSharedSpool(): SharedSpool {
  const file = new TemporaryFile(tmpdir(), {
    name: 'parts',
    code: 'destination',
    doing: 'staging the parts of the report',
    room: 'all rows need, and all files that are split',
  });
  let users = 0;
  const acquire = () => {
    users += 1;
  };
  const release = async () => {
    users -= 1;
    if (users === 0) await file.close();
  };
  return { file, largeFiles: pLimit(MAX_PARALLEL_LARGE_FILES), acquire, release };
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
    { hint: 'Nothing was published. Run it again; if it happens again, report it as a fault of reportctl.' },
  );
}
