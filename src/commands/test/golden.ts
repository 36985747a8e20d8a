// A golden: the result of a report's test as two files, which people review together with the query; and the difference of two.
import { stringify } from 'yaml';
import { ReportError } from '../../core/errors.js';
import type { Batch, Cell, Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';
import type { GateResult } from '../../export/gates.js';

/** Replaces the values of volatile columns, which differ at every read. */
const VOLATILE = '(volatile)';

/** Nobody reviews more, and a golden is held in memory. */
const MAX_ROWS = 10_000;

/** Endings of the two files. */
export const GOLDEN_FILES = ['csv', 'yaml'] as const;
/** By ending: the rows as CSV in canonical cells, under their titles; and the counts as YAML. */
export type Golden = Readonly<Record<(typeof GOLDEN_FILES)[number], string>>;

export interface Counts {
  readonly rows: number;
  readonly totals: Readonly<Record<string, string>>;
  readonly gates: readonly GateResult[];
  /** What `run` would publish, in order. */
  readonly outputs: readonly {
    readonly key: string;
    readonly neutralised: number;
    readonly notes: readonly string[];
  }[];
}

interface Rows {
  /** For messages. */
  readonly title: string;
  readonly volatile: readonly string[];
  /** The report has an order-by. */
  readonly isOrdered: boolean;
}

/**
 * A CSV writer for the rows of a golden: replaces the volatile cells, and sorts the rows unless the report orders them.
 * encode() throws ReportError `definition` for more than MAX_ROWS rows.
 */
export function goldenWriter(csv: Writer, rows: Rows): Writer {
  const encode = (table: Table) => csv.encode({ columns: table.columns, batches: inOneBatch(table, rows) });
  return { ...csv, neutralised: 0, encode };
}

async function* inOneBatch(
  { columns, batches }: Table,
  { title, volatile, isOrdered }: Rows,
): AsyncGenerator<Batch> {
  const hidden = columns.map(({ name }) => volatile.includes(name));
  const rows: Cell[][] = [];
  for await (const batch of batches) {
    for (const row of batch.rows()) rows.push(row.map((cell, index) => (hidden[index] ? VOLATILE : cell)));
    if (rows.length > MAX_ROWS)
      throw new ReportError('definition', `the test ${title} finds more than ${MAX_ROWS} rows`, {
        hint: 'People review goldens: add filters or a limit to the test.',
      });
  }
  if (!isOrdered) rows.sort(compareRows);
  if (rows.length > 0) yield { rowCount: rows.length, rows: () => rows };
}

/** Compares two rows cell by cell, by UTF-16 code units, nulls first. */
function compareRows(one: readonly Cell[], other: readonly Cell[]): number {
  const at = one.findIndex((cell, index) => cell !== other[index]);
  const [a, b] = [one[at] ?? null, other[at] ?? null];
  if (at === -1) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The YAML file of a golden. */
export function countsText({ rows, totals, gates, outputs }: Counts): string {
  const shown = gates.map(
    ({ gate, expected, found, ok }) =>
      `${ok ? 'ok' : 'FAILED'} ${gate}: expected ${expected}, found ${found}`,
  );
  const document = {
    rows,
    ...(Object.keys(totals).length > 0 && { totals }),
    ...(shown.length > 0 && { gates: shown }),
    ...(outputs.length > 0 && {
      outputs: outputs.map(({ key, neutralised, notes }) => ({
        key,
        ...(neutralised > 0 && { neutralised }),
        ...(notes.length > 0 && { notes }),
      })),
    }),
  };
  return stringify(document, { lineWidth: 0 });
}

const MAX_SHOWN_LINES = 10;

/**
 * The difference of two texts for people to read: the first line, then the first ten `-` and `+` lines with their numbers. Empty
 * when the texts are equal. Lines are matched by content, not by position: an added line does not make the following ones differ.
 */
export function differences(golden: string, found: string): string[] {
  if (golden === found) return [];
  const before = golden.split('\n');
  const after = found.split('\n');
  const removed = surplus(before, after);
  const added = surplus(after, before);
  const changes: string[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (removed.has(i)) changes.push(`- ${++i}: ${before[i - 1]}`);
    else if (added.has(j)) changes.push(`+ ${++j}: ${after[j - 1]}`);
    else {
      i += 1;
      j += 1;
    }
  }
  if (changes.length === 0) return orderDifference(before, after);
  const more = changes.length - MAX_SHOWN_LINES;
  const header = removed.has(0) || before.length < 2 ? [] : [`  1: ${before[0]}`];
  return [...header, ...changes.slice(0, MAX_SHOWN_LINES), ...(more > 0 ? [`… ${more} more`] : [])];
}

function orderDifference(before: readonly string[], after: readonly string[]): string[] {
  const at = before.findIndex((line, index) => line !== after[index]);
  return [
    'the same lines in another order, starting at',
    `- ${at + 1}: ${before[at]}`,
    `+ ${at + 1}: ${after[at]}`,
  ];
}

/** The indexes of the lines in `here` that `there` does not have, or has less often. */
function surplus(here: readonly string[], there: readonly string[]): Set<number> {
  const left = new Map<string, number>();
  for (const line of there) left.set(line, (left.get(line) ?? 0) + 1);
  const found = new Set<number>();
  for (const [index, line] of here.entries()) {
    const count = left.get(line) ?? 0;
    if (count === 0) found.add(index);
    else left.set(line, count - 1);
  }
  return found;
}
