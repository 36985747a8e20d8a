// The gates of numbers that are summed and cannot be: a file holds them as text, or their sum is no number. What a reader computes
// would not be the manifest's total.
import type { Column } from '../core/table.js';
import type { Report } from '../reports/report.js';
import type { StagedReport } from './export.js';
import type { GateResult } from './gates.js';
import type { FilledTarget } from './target.js';

/** How the names of the gates begin; the column follows. */
const GATE = 'long-numbers';
const SUM_GATE = 'summable';

/**
 * The results of both gates that do not hold.
 * @param files those that would be published
 */
export function numberResults(
  report: Pick<Report, 'totals' | 'gates'>,
  { columns, totals }: Pick<StagedReport, 'columns' | 'totals'>,
  files: readonly Pick<FilledTarget, 'target'>[],
): GateResult[] {
  return [...longNumberResults(report, columns, files), ...sumResults(totals, columns)];
}

/**
 * A result for each column that a reader of the files may sum, and in which one of them has a number as text because of its
 * digits. A column is summed where it has a total, is an amount of a currency, or its file has formulas of its own. One whose
 * definition says `long-numbers` is not tested.
 */
function longNumberResults(
  { totals, gates }: Pick<Report, 'totals' | 'gates'>,
  columns: readonly Column[],
  files: readonly Pick<FilledTarget, 'target'>[],
): GateResult[] {
  return columns.flatMap(({ name, currency, longNumbers }) => {
    if (longNumbers !== undefined) return [];
    const isSummed = totals.includes(name) || Object.hasOwn(gates.total, name) || currency !== undefined;
    const found = files.flatMap(({ target: { key, format, writer } }) => {
      const numbers = writer.textNumbers?.()[name];
      return numbers?.first !== undefined && (isSummed || writer.hasFormulas === true)
        ? [{ key, format, long: numbers.long, first: numbers.first }]
        : [];
    });
    const [example] = found;
    if (example === undefined) return [];
    const count = found.reduce((sum, { long }) => sum + long, 0);
    const { key, format, first } = example;
    const many = count === 1 ? '1 with more' : `${count} with more, the first`;
    return [
      {
        gate: `${GATE} "${name}"`,
        expected: `numbers of at most 15 significant digits, which ${format} can sum`,
        found: `${many} in row ${first.row} of ${key}: ${shortened(first.value)}`,
        ok: false,
      },
    ];
  });
}

/**
 * A result for each column whose exact sum is NaN or infinite: spreadsheets and SQL clients read such a cell as text, or refuse
 * it, and sum the others. One whose definition says `long-numbers: text` is not tested.
 * @param totals the sums of the read, by column
 */
function sumResults(totals: Readonly<Record<string, string>>, columns: readonly Column[]): GateResult[] {
  return columns.flatMap(({ name, longNumbers }) => {
    const total = Object.hasOwn(totals, name) ? totals[name] : undefined;
    if (total === undefined || /\d/.test(total) || longNumbers === 'text') return [];
    return [{ gate: `${SUM_GATE} "${name}"`, expected: 'numbers with a sum', found: total, ok: false }];
  });
}

/** In characters. */
const MAX_SHOWN_NUMBER = 60;

function shortened(number: string): string {
  return number.length <= MAX_SHOWN_NUMBER ? number : `${number.slice(0, MAX_SHOWN_NUMBER)}…`;
}

/** What to do when a gate of this file does not hold; undefined when they do. */
export function numberHint(results: readonly GateResult[]): string | undefined {
  const sum = results.find(({ gate, ok }) => !ok && gate.startsWith(SUM_GATE));
  if (sum !== undefined) {
    const column = sum.gate.slice(`${SUM_GATE} `.length);
    return `Leave NaN and Infinity out in the query, for example by nullif(value, 'NaN'), take ${column} out of totals, or add to it long-numbers: text.`;
  }
  const failed = results.find(({ gate, ok }) => !ok && gate.startsWith(GATE));
  if (failed === undefined) return undefined;
  const column = failed.gate.slice(`${GATE} `.length);
  return `Round ${column} in the query, declare a code as text, or add to its column long-numbers: number (15 digits show) or long-numbers: text (no sum has them).`;
}
