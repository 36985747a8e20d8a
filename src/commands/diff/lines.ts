// The lines that a terminal shows for a comparison of two files.

import { printable } from '../../core/foreign-text.js';
import type { Cell } from '../../core/table.js';
import type { Side } from '../../verify/diff/side.js';
import type { Counts, Example } from '../../verify/diff/tally.js';
import type { Differences } from '../../verify/diff.js';
import { alignedLines, formatPeriod } from '../shared/print.js';

const MAX_GROUPS = 20;
const MAX_VALUE_CHARACTERS = 60;

export function differenceLines(before: Side, after: Side, differences: Differences): string[] {
  return [
    ...alignedLines([
      ['before', ...describe(before)],
      ['after', ...describe(after)],
      ['key', differences.key.join(', ')],
    ]),
    '',
    ...alignedLines(countRows(differences)),
    '',
    ...changeLines(differences),
    ...groupLines(differences),
    ...exampleLines(differences),
  ];
}

function describe({ location, manifest }: Side): string[] {
  const { period, revision } = manifest;
  return [location, period === null ? 'an ad-hoc export' : `${formatPeriod(period)}, revision ${revision}`];
}

function countRows({ rows, totals }: Counts): string[][] {
  const change = rows.after - rows.before;
  return [
    ['', 'BEFORE', 'AFTER', 'DIFFERENCE'],
    ['rows', String(rows.before), String(rows.after), signed(String(change))],
    ...Object.entries(totals).map(([name, { before, after, difference }]) => [
      `total ${name}`,
      before,
      after,
      signed(difference),
    ]),
  ];
}

function signed(number: string): string {
  return /^-|^NaN$|^0(\.0*)?$/.test(number) ? number : `+${number}`;
}

function changeLines({ added, gone, changed, changedColumns, columns, isSame }: Differences): string[] {
  if (isSame) return ['no differences'];
  const counts = Object.entries(changedColumns).map(([name, count]) => `${name} in ${count}`);
  const lines = [
    `${added} added, ${gone} gone, ${changed} changed${counts.length === 0 ? '' : ` (${counts.join(', ')})`}`,
  ];
  if (columns.added.length > 0) lines.push(`columns added: ${columns.added.join(', ')}`);
  if (columns.gone.length > 0) lines.push(`columns gone: ${columns.gone.join(', ')}`);
  return lines.map(printable);
}

function groupLines({ groups, groupsAreCut, by = '', totals }: Differences): string[] {
  if (groups === undefined || groups.length === 0) return [];
  const names = Object.keys(totals);
  const table = [
    [by.toUpperCase(), 'ROWS', 'ADDED', 'GONE', 'CHANGED', ...names.map((name) => name.toUpperCase())],
    ...groups
      .slice(0, MAX_GROUPS)
      .map((group) => [
        formatValue(group.value),
        signed(String(group.rows.after - group.rows.before)),
        String(group.added),
        String(group.gone),
        String(group.changed),
        ...names.map((name) => signed(group.totals[name]?.difference ?? '0')),
      ]),
  ];
  const more = groups.length - MAX_GROUPS;
  return [
    '',
    ...alignedLines(table),
    ...(more > 0 ? [`… and ${more} more`] : []),
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
