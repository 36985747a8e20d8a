// The lines that status prints: a table of periods that fits the terminal, and below a period what is wrong with it.
import { spellInstant, spellPeriod } from '../../core/calendar.js';
import { printable } from '../../core/foreign-text.js';
import { FAULTS, type PeriodLine, type PeriodStatus } from '../../publish/status.js';
import type { Report } from '../../reports/report.js';
import type { CommandSession } from '../shared/context.js';
import { type Paint, painter, terminalWidth } from '../shared/screen.js';
import { fitTable, hiddenNote, type TextColumn, wrap } from '../shared/table.js';

/** @param reports of the lines: times are in their zones */
export function statusLines(
  lines: readonly PeriodLine[],
  reports: readonly Report[],
  session: Pick<CommandSession, 'stdout' | 'config'>,
): string[] {
  const width = terminalWidth(session);
  const shown = mergeGaps(lines);
  const zones = new Map(reports.map(({ name, timezone }) => [name, timezone]));
  const local = (line: PeriodLine, instant: string) => spellInstant(instant, zones.get(line.report) ?? 'UTC');
  const details = shown.map((line) => printable(detailOf(line, local)));
  const columns = periodColumns(shown, local, painter(session));
  const whole = fitTable([...columns, { header: 'DETAIL', cells: details, isWhole: true, rank: 9 }], width);
  if (whole.hidden.length === 0) return [whole.header, ...whole.rows];
  const table = fitTable(columns, width);
  const below = (detail: string) => (detail === '' ? [] : wrap(detail, (width ?? 0) - INDENT.length));
  return [
    table.header,
    ...table.rows.flatMap((row, at) => [row, ...below(details[at] ?? '').map((text) => INDENT + text)]),
    ...hiddenNote(columns, table, width),
  ];
}

/** Stands before a detail that has a line of its own. */
const INDENT = '    ';

function periodColumns(
  lines: readonly PeriodLine[],
  local: (line: PeriodLine, instant: string) => string,
  paint: Paint,
): TextColumn[] {
  const column = (header: string, rank: number, textOf: (line: PeriodLine) => string): TextColumn => ({
    header,
    rank,
    isWhole: true,
    cells: lines.map((line) => printable(textOf(line))),
  });
  const count = (value: number | undefined) => (value === undefined ? '-' : String(value));
  return [
    column('REPORT', 0, ({ report }) => report),
    column('PERIOD', 1, ({ period }) => spellPeriod(period)),
    {
      ...column('STATUS', 2, ({ status }) => status),
      paint: (text, row) => paint(toneOf(lines[row]?.status ?? 'due'), text),
    },
    column('ROWS', 4, ({ rows }) => count(rows)),
    column('FINISHED', 3, (line) => (line.finished === undefined ? '-' : local(line, line.finished))),
    column('REVISION', 5, ({ revision }) => count(revision)),
  ];
}

function toneOf(status: PeriodStatus): Parameters<Paint>[0] {
  if (FAULTS.includes(status)) return 'bad';
  return status === 'due' || status === 'running' ? 'waiting' : 'good';
}

function detailOf(line: PeriodLine, local: (line: PeriodLine, instant: string) => string): string {
  const { detail, status, expectedBy } = line;
  if (detail !== '' || expectedBy === undefined) return detail;
  return status === 'due' || status === 'late' ? `expected by ${local(line, expectedBy)}` : '';
}

/** This many missing or late periods in a row become one line. */
const MIN_GAP_PERIODS = 4;

const GAP_STATUSES: readonly PeriodStatus[] = ['missing', 'late'];

/** Replaces each long run of periods that have the same status, missing or late, by one line. */
function mergeGaps(lines: readonly PeriodLine[]): PeriodLine[] {
  const shown: PeriodLine[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as PeriodLine;
    let end = at;
    const isSame = (other: PeriodLine | undefined) =>
      other?.report === line.report && other.status === line.status && !other.detail;
    while (GAP_STATUSES.includes(line.status) && isSame(lines[end])) end += 1;
    const last = lines[end - 1];
    if (end - at >= MIN_GAP_PERIODS && last !== undefined) {
      const period = { ...line.period, to: last.period.to, lastDay: last.period.lastDay };
      shown.push({ ...line, period, detail: `${end - at} periods` });
      at = end;
    } else {
      shown.push(line);
      at += 1;
    }
  }
  return shown;
}
