// A golden: what a test of a report found, as two files that people review beside the query, and how two of them differ.
import { stringify } from 'yaml';
import { ReportError } from '../../core/errors.js';
import type { Batch, Cell, Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';
import type { GateResult } from '../../export/gates.js';

/** What stands in a golden for a value that differs at every read. */
const VOLATILE = '(volatile)';

/** More nobody reviews, and all of them are held in memory. */
const MOST_ROWS = 10_000;

/** Endings of the two files. */
export const GOLDEN_FILES = ['csv', 'yaml'] as const;
/** By ending: the rows as CSV with titles, in canonical cells; and what was counted, as YAML. */
export type Golden = Readonly<Record<(typeof GOLDEN_FILES)[number], string>>;

export interface Counted {
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
  /** Does the report say in which order they come? */
  readonly isOrdered: boolean;
}

/**
 * The CSV writer as it writes the rows of a golden: without the volatile cells, and sorted where the report promises no
 * order. It throws ReportError `definition` for more rows than a golden may have.
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
    if (rows.length > MOST_ROWS)
      throw new ReportError('definition', `the test ${title} finds more than ${MOST_ROWS} rows`, {
        hint: 'A golden is for people to read: give the test filters, or limit.',
      });
  }
  if (!isOrdered) rows.sort(byCells);
  if (rows.length > 0) yield { rowCount: rows.length, rows: () => rows };
}

/** By code units, nulls first. */
function byCells(one: readonly Cell[], other: readonly Cell[]): number {
  const at = one.findIndex((cell, index) => cell !== other[index]);
  const [a, b] = [one[at] ?? null, other[at] ?? null];
  if (at === -1) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The second file. */
export function countedText({ rows, totals, gates, outputs }: Counted): string {
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

/** Of a difference, in lines. */
const MOST_SHOWN = 10;

/**
 * How a text became another, as people read it: `-` and `+` lines with their numbers under the first line, the first ten of
 * them. Empty when they are the same. Lines are told apart by what they hold, so that one that was added moves no other.
 */
export function differences(golden: string, found: string): string[] {
  if (golden === found) return [];
  const before = golden.split('\n');
  const after = found.split('\n');
  const gone = surplus(before, after);
  const come = surplus(after, before);
  const changes: string[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (gone.has(i)) changes.push(`- ${++i}: ${before[i - 1]}`);
    else if (come.has(j)) changes.push(`+ ${++j}: ${after[j - 1]}`);
    else {
      i += 1;
      j += 1;
    }
  }
  if (changes.length === 0) return orderDifference(before, after);
  const more = changes.length - MOST_SHOWN;
  const header = gone.has(0) || before.length < 2 ? [] : [`  1: ${before[0]}`];
  return [...header, ...changes.slice(0, MOST_SHOWN), ...(more > 0 ? [`… ${more} more`] : [])];
}

function orderDifference(before: readonly string[], after: readonly string[]): string[] {
  const at = before.findIndex((line, index) => line !== after[index]);
  return ['the same lines in another order, from', `- ${at + 1}: ${before[at]}`, `+ ${at + 1}: ${after[at]}`];
}

/** The indexes of lines that are here more often than there. */
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
