// The lines that a terminal shows for a comparison of two files.

import { printable } from '../../core/foreign-text.js';
import type { Cell } from '../../core/table.js';
import type { Side } from '../../verify/diff/side.js';
import { type Counts, countChange, type Example, type Group, type Total } from '../../verify/diff/tally.js';
import type { Differences } from '../../verify/diff.js';
import { alignedLines, formatPeriod, formatRows } from '../shared/print.js';
import { fitTable, hiddenNote, type TextColumn } from '../shared/table.js';

const MAX_GROUPS = 20;
const MAX_VALUE_CHARACTERS = 60;

/** @param width of the terminal; without it nothing is cut */
export function differenceLines(
  before: Side,
  after: Side,
  differences: Differences,
  width: number | undefined,
): string[] {
  const { key, keysMeet } = differences;
  return [
    ...alignedLines([
      ['before', ...describe(before)],
      ['after', ...describe(after)],
      ...(keysMeet === null ? [] : [['key', key.join(', ')]]),
    ]),
    '',
    ...countLines(differences, width),
    ...changeLines(differences),
    ...groupLines(differences, width),
    ...(keysMeet === true ? exampleLines(differences) : []),
  ];
}

function describe({ location, manifest }: Side): string[] {
  const { period, revision } = manifest;
  return [location, period === null ? 'an ad-hoc export' : `${formatPeriod(period)}, revision ${revision}`];
}

interface NamedSum extends Total {
  readonly name: string;
}

function countLines({ rows, totals }: Counts, width: number | undefined): string[] {
  const named = Object.entries(totals).map(([name, total]) => ({ name: `total ${name}`, ...total }));
  return tableOf('', [{ name: 'rows', ...countChange(rows) }, ...named], [], width);
}

/** A table with one line for each sum. @param more columns after those of the sums */
function tableOf(
  title: string,
  sums: readonly NamedSum[],
  more: readonly TextColumn[],
  width: number | undefined,
): string[] {
  const number = (header: string, rank: number, textOf: (sum: NamedSum) => string): TextColumn => ({
    header,
    cells: sums.map(textOf),
    alignRight: true,
    isWhole: true,
    rank,
  });
  const columns = [
    { header: printable(title), cells: sums.map(({ name }) => printable(name)) },
    number('BEFORE', 3, ({ before }) => before),
    number('AFTER', 2, ({ after }) => after),
    number('DIFFERENCE', 0, ({ difference }) => signed(difference)),
    number('%', 1, (sum) => formatPercent(sum)),
    ...more,
  ];
  const table = fitTable(columns, width);
  return [table.header, ...table.rows, ...hiddenNote(columns, table, width)];
}

function formatPercent({ percent, difference }: Total): string {
  if (percent !== null) return signed(percent);
  return /^-?0*(\.0*)?$/.test(difference) ? '-' : 'new';
}

function signed(number: string): string {
  return /^-|^NaN$|^0(\.0*)?$/.test(number) ? number : `+${number}`;
}

function changeLines(differences: Differences): string[] {
  const { rows, added, gone, changed, changedColumns, columns, isSame, keysMeet, tolerance } = differences;
  const counts = Object.entries(changedColumns).map(([name, count]) => `${name} in ${count}`);
  const lines: string[] = [];
  if (keysMeet === false)
    lines.push(
      `no key is in both files (${formatRows(rows.before)}, then ${formatRows(rows.after)}): only numbers and sums are compared`,
    );
  if (isSame) lines.push(tolerance === null ? 'no differences' : `no differences of more than ${tolerance}`);
  else if (keysMeet)
    lines.push(
      `${added} added, ${gone} gone, ${changed} changed${counts.length === 0 ? '' : ` (${counts.join(', ')})`}`,
    );
  if (columns.added.length > 0) lines.push(`columns added: ${columns.added.join(', ')}`);
  if (columns.gone.length > 0) lines.push(`columns gone: ${columns.gone.join(', ')}`);
  return lines.length === 0 ? [] : ['', ...lines.map(printable)];
}

/** The groups that differ: of each the first total, or the rows where there is none, and how the other totals changed. */
function groupLines(differences: Differences, width: number | undefined): string[] {
  const { groups, groupsAreCut, by = '', totals, keysMeet } = differences;
  if (groups === undefined || groups.length === 0) return [];
  const [value, ...others] = Object.keys(totals);
  const shown = groups.slice(0, MAX_GROUPS);
  const sums = shown.map(({ value: name, rows, ...group }) => ({
    name: formatValue(name),
    ...((value === undefined ? undefined : group.totals[value]) ?? countChange(rows)),
  }));
  const number = (header: string, textOf: (group: Group) => string): TextColumn => ({
    header: printable(header),
    cells: shown.map(textOf),
    alignRight: true,
    isWhole: true,
    rank: 4,
  });
  const more = [
    ...(value === undefined ? [] : [number('ROWS', ({ rows }) => signed(countChange(rows).difference))]),
    ...(keysMeet === true
      ? [
          number('ADDED', ({ added }) => String(added)),
          number('GONE', ({ gone }) => String(gone)),
          number('CHANGED', ({ changed }) => String(changed)),
        ]
      : []),
    ...others.map((name) =>
      number(name.toUpperCase(), (group) => signed(group.totals[name]?.difference ?? '0')),
    ),
  ];
  const left = groups.length - MAX_GROUPS;
  return [
    '',
    printable(`${value === undefined ? 'rows' : `total ${value}`} by ${by}, the largest difference first:`),
    ...tableOf(by.toUpperCase(), sums, more, width),
    ...(left > 0 ? [`… and ${left} more; --json has all`] : []),
    ...(groupsAreCut ? [`too many values of ${by}: the later ones are not listed`] : []),
  ];
}

function exampleLines({ examples, added, gone, changed }: Differences): string[] {
  const counts = { added, gone, changed };
  return (['added', 'gone', 'changed'] as const).flatMap((kind) => {
    const some = examples[kind];
    const more = counts[kind] - some.length;
    if (some.length === 0) return [];
    return [
      '',
      ...some.map((example) => exampleLine(kind, example)),
      ...(more > 0 ? [`… and ${more} more ${kind}`] : []),
    ];
  });
}

const SIGNS = { added: '+', gone: '-', changed: '~' } as const;

function exampleLine(kind: keyof typeof SIGNS, { key, columns }: Example): string {
  const cells = Object.entries(columns).map(([name, { before, after }]) =>
    kind === 'changed'
      ? `${name} ${formatValue(before)} to ${formatValue(after)}`
      : `${name} ${formatValue(kind === 'added' ? after : before)}`,
  );
  return printable(`${SIGNS[kind]} ${Object.values(key).map(formatValue).join(', ')}: ${cells.join(', ')}`);
}

/** A value for the terminal. The texts '' and 'null' are quoted, so that they differ from null. */
function formatValue(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return 'null';
  if (cell === '' || cell === 'null') return JSON.stringify(cell);
  return cell.length > MAX_VALUE_CHARACTERS ? `${cell.slice(0, MAX_VALUE_CHARACTERS)}…` : cell;
}
