// Gates: conditions on the finished counters that must hold before anything is published.
import { ReportError } from '../core/errors.js';
import type { Batch, Column } from '../core/table.js';
import type { Gates, Report } from '../reports/report.js';
import { compareDecimals, isWithinPercent } from '../rows/compare-decimals.js';
import { type Duplicates, keysAreNeighbours, UniqueKeys } from '../rows/unique/unique-keys.js';

export interface GateResult {
  /** The word of the report file, with the column where there is one: `not-null "id"`. */
  readonly gate: string;
  readonly expected: string;
  readonly found: string;
  readonly ok: boolean;
  /** Of `unique`: the columns whose values together are different in every row. */
  readonly columns?: readonly string[];
}

/** The counters over all rows. */
interface Counted {
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** Column name to the number of its nulls. */
  readonly nulls: Readonly<Record<string, number>>;
}

/** The last published period, for `change`. */
interface Former {
  readonly rows: number;
  readonly period: { readonly lastDay: string };
}

export interface Counts extends Counted {
  /** Duplicates in the columns of `unique`. */
  readonly duplicates: Duplicates | undefined;
  readonly former: Former | undefined;
}

export interface GateOptions {
  /** The exported columns, where not all are: gates over other columns are not tested. */
  readonly columns?: readonly Column[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The gates of one export: what they need to count, and whether they hold at the end. */
export class GateKeeper {
  /** The names of the columns to sum: the report's totals, and those that a gate asks for. */
  readonly totals: readonly string[];
  /** Each must see every batch once. */
  readonly observers: readonly { add(batch: Batch): Promise<void> }[];
  readonly #report: Pick<Report, 'gates' | 'onEmpty'>;
  readonly #former: Former | undefined;
  readonly #keys: UniqueKeys | undefined;

  constructor(
    report: Report,
    former: Former | undefined,
    { columns = report.columns, signal }: GateOptions = {},
  ) {
    const gates = gatesOver(report.gates, columns);
    const key = gates.unique;
    const summed = new Set([...report.totals, ...Object.keys(gates.total)]);
    this.totals = [...summed].filter((name) => columns.some((column) => column.name === name));
    this.#report = { gates, onEmpty: report.onEmpty };
    this.#former = former;
    this.#keys =
      key.length === 0
        ? undefined
        : new UniqueKeys({ columns, key, neighbours: keysAreNeighbours(key, report), signal });
    this.observers = this.#keys === undefined ? [] : [this.#keys];
  }

  /** After the last batch, once. @throws ReportError `source` without room for a temporary file, the signal's reason */
  async test({ rows, totals, nulls }: Counted): Promise<GateResult[]> {
    const duplicates = await this.#keys?.finish();
    return gateResults(this.#report, { rows, totals, nulls, duplicates, former: this.#former });
  }

  /** Releases everything; safe to call at any time, and again. */
  async close(): Promise<void> {
    await this.#keys?.close();
  }
}

/** The gates that these columns can answer. */
function gatesOver(gates: Gates, columns: readonly Column[]): Gates {
  const has = (name: string) => columns.some((column) => column.name === name);
  return {
    ...gates,
    notNull: gates.notNull.filter(has),
    unique: gates.unique.every(has) ? gates.unique : [],
    total: Object.fromEntries(Object.entries(gates.total).filter(([name]) => has(name))),
  };
}

/** The results of all gates, in the order of docs/en/report-file.md. A gate without the counts that it needs does not hold. */
export function gateResults(
  { gates, onEmpty }: Pick<Report, 'gates' | 'onEmpty'>,
  { rows, totals, nulls, duplicates, former }: Counts,
): GateResult[] {
  const { minRows, maxRows, notNull, unique, total, change } = gates;
  const results: GateResult[] = [];
  const add = (
    gate: string,
    expected: string,
    found: string | number | undefined,
    ok: boolean,
    more: Pick<GateResult, 'columns'> = {},
  ) => results.push({ gate, expected, found: `${found ?? 'nothing that was counted'}`, ok, ...more });
  if (onEmpty === 'fail') add('on-empty', 'at least 1 row', rows, rows > 0);
  if (minRows !== undefined) add('min-rows', `at least ${minRows}`, rows, rows >= minRows);
  if (maxRows !== undefined) add('max-rows', `at most ${maxRows}`, rows, rows <= maxRows);
  for (const name of notNull) add(`not-null "${name}"`, 'no nulls', nulls[name], nulls[name] === 0);
  if (unique.length > 0) {
    const names = unique.map((name) => `"${name}"`).join(', ');
    const found = duplicates && foundOf(duplicates);
    add(`unique ${names}`, 'no duplicates', found, duplicates?.rows === 0, { columns: unique });
  }
  for (const [name, { min, max }] of Object.entries(total)) {
    const sum = totals[name];
    const bounds = [...(min ? [`at least ${min}`] : []), ...(max ? [`at most ${max}`] : [])];
    const ok =
      sum !== undefined &&
      (!min || compareDecimals(min, sum) <= 0) &&
      (!max || compareDecimals(sum, max) <= 0);
    add(`total "${name}"`, bounds.join(' and '), sum, ok);
  }
  if (change !== undefined && former === undefined) {
    const found = `${rows}, with nothing to compare it to`;
    add('change rows', `within ${change.rows}% of the last published period`, found, true);
  } else if (change !== undefined && former !== undefined) {
    const expected = `within ${change.rows}% of the ${former.rows} of ${former.period.lastDay}`;
    add('change rows', expected, rows, isWithinPercent(change.rows, former.rows, rows));
  }
  return results;
}

/** Characters of an example in a message. */
const MAX_EXAMPLE_LENGTH = 200;

function foundOf({ rows, example }: Duplicates): string {
  if (rows === 0) return '0';
  const text = JSON.stringify(example);
  const shown = text.length > MAX_EXAMPLE_LENGTH ? `${text.slice(0, MAX_EXAMPLE_LENGTH)}…` : text;
  return `${rows} duplicate ${rows === 1 ? 'row' : 'rows'}, such as ${shown}`;
}

/** One sentence for each gate that does not hold: which gate, expected, found. */
export function failedGates(results: readonly GateResult[]): string[] {
  return results
    .filter(({ ok }) => !ok)
    .map(({ gate, expected, found }) => `gate ${gate}: expected ${expected}, found ${found}`);
}

/**
 * The error `gate` that names every gate that does not hold; undefined when all do.
 * @param hint what to do, where a gate that failed has advice of its own
 */
export function refusal(
  report: string,
  results: readonly GateResult[],
  hint = 'Look at the source; a gate that is wrong is changed in the report file.',
): ReportError | undefined {
  const failed = failedGates(results);
  if (failed.length === 0) return undefined;
  return new ReportError('gate', `"${report}" is not published: ${failed.join('; ')}`, { hint });
}
