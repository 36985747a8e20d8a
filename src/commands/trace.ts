// reportctl trace: explains why the rows with a key are in a report or not: each filter and gate, with the values it tested.
import { Command } from 'commander';
import { isClosed, type Period, parseDates, periodContaining, todayIn } from '../core/calendar.js';
import { errorSentence, ReportError } from '../core/errors.js';
import { printable } from '../core/foreign-text.js';
import type { KeyPart, Request } from '../core/source.js';
import { withDestination } from '../destinations/for-session.js';
import { prepareAll } from '../export/export.js';
import { withSources } from '../export/with-sources.js';
import { periodFilter } from '../filters/index.js';
import { periodKeys } from '../publish/bookkeeping.js';
import type { RunRecord } from '../publish/documents.js';
import { loadReport } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { readRecord } from '../verify/verify.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import {
  addFilterOptions,
  addNameValue,
  parseChoice,
  type RowOptions,
  withSortedFilters,
} from './shared/filter-options.js';
import { formatPeriod, formatRows, printJson, printLines } from './shared/print.js';
import { formatKey } from './trace/format-key.js';
import { type FailedGate, failedGates } from './trace/gates.js';
import { exclusionReasons, type TracedSource, traceLines } from './trace/lines.js';

interface TraceOptions extends CommonOptions, RowOptions {
  readonly key: Readonly<Record<string, string>>;
  readonly date?: readonly string[];
}

const MAX_ROWS_PER_SOURCE = 10;

export function traceCommand(context: Context): Command {
  const command = new Command('trace')
    .description('why a row is, or is not, in a report: which filter or gate, with the values')
    .argument('<report>', 'a name in queries/, or the path of a report file')
    .requiredOption(
      '--key <name=value>',
      'a column of the query and the value to look for; several together',
      addNameValue,
    );
  addFilterOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: TraceOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config);
    const today = todayIn(report.timezone, context.now);
    const choice = parseChoice(options, report, context.now);
    const isByDateOnly = choice.filters.length === 1 && choice.where === undefined;
    const period = isByDateOnly ? periodOfDates(report, options.date ?? [], today) : undefined;
    const filters = period === undefined ? choice.filters : [periodFilter(period, report.timezone)];
    const request = withSortedFilters(requestOf(report, { ...choice, filters }));
    const key = keyParts(report, options.key);
    const traced = await traceAll(session, report, request, key);
    const isIn = traced.some(({ trace }) => trace.selected > 0);
    const record = period && (await findRecord(session, report, period));
    const where = period === undefined ? report.name : `${report.name} ${formatPeriod(period)}`;
    const reasons = traced.flatMap(({ trace }) => exclusionReasons(trace, request, key));
    if (session.json) {
      printJson(session.stdout, {
        report: report.name,
        period: period ?? null,
        key: options.key,
        in: isIn,
        reasons: isIn ? [] : reasons,
        sources: traced.map((each) => ({ ...each, trace: jsonTrace(each.trace, request) })),
        published: record === undefined || typeof record === 'string' ? null : jsonRecord(record),
      });
    } else {
      const verdict = isIn
        ? `in ${where}: ${formatKey(key)}`
        : `not in ${where}: ${[...new Set(reasons)].join('; ')}`;
      printLines(
        session.stdout,
        [
          verdict,
          ...traced.flatMap((each) => traceLines(each, request, { isSeveral: traced.length > 1 })),
          ...publishedLines(record, period, today),
        ].map(printable),
      );
    }
    if (!isIn) throw new ReportError('contract', `trace: no row with ${formatKey(key)} is in ${where}`);
  });
}

/**
 * The period that `run` would publish, when the dates are one day or days within one period of a report with outputs; else undefined.
 * @param today `YYYY-MM-DD` in the report's time zone
 */
function periodOfDates(report: Report, dates: readonly string[], today: string): Period | undefined {
  const [date, ...more] = dates;
  if (
    date === undefined ||
    more.length > 0 ||
    report.filters.date === undefined ||
    report.outputs.length === 0
  )
    return undefined;
  const span = parseDates(date, today);
  if (span.from === undefined || span.to === undefined) return undefined;
  const period = periodContaining(report.period, span.from);
  return span.to <= period.to ? period : undefined;
}

function keyParts(report: Report, values: Readonly<Record<string, string>>): KeyPart[] {
  return Object.entries(values).map(([name, value]) => ({
    column: report.columns.find((column) => column.name === name) ?? { name, kind: 'text' },
    value,
  }));
}

async function traceAll(
  session: CommandSession,
  report: Report,
  request: Request,
  key: readonly KeyPart[],
): Promise<TracedSource[]> {
  return withSources(session, report, async (sources) => {
    const traced: TracedSource[] = [];
    for (const [index, prepared] of (await prepareAll(sources, request)).entries()) {
      const trace = await prepared.trace(key, MAX_ROWS_PER_SOURCE);
      const gates: FailedGate[] = await failedGates(report, request, prepared, trace);
      traced.push({ source: sources[index]?.label ?? '', trace, gates });
    }
    return traced;
  });
}

/** The run record; undefined when there is none; an error message when it cannot be read. */
async function findRecord(
  session: CommandSession,
  report: Report,
  period: Period,
): Promise<RunRecord | string | undefined> {
  try {
    const { record } = periodKeys(report.name, period);
    return await withDestination(session, (destination) => readRecord(destination, record));
  } catch (error) {
    session.signal.throwIfAborted();
    return errorSentence(error);
  }
}

function publishedLines(
  record: RunRecord | string | undefined,
  period: Period | undefined,
  today: string,
): string[] {
  if (period === undefined) return [];
  if (typeof record === 'string') return [`  cannot tell whether it is published: ${record}`];
  if (record !== undefined) {
    const { revision, started, finished, rows } = record;
    return [
      `  published ${finished}, revision ${revision}, ${formatRows(rows)}; changes to the source after ${started} are not in it`,
    ];
  }
  return [isClosed(period, today) ? '  not published' : `  not published: the ${period.kind} is not over`];
}

function jsonRecord({ revision, started, finished, rows }: RunRecord) {
  return { revision, started, finished, rows };
}

/** The trace with the names of columns and dimensions instead of their positions. */
function jsonTrace(trace: TracedSource['trace'], { columns, filters }: Request) {
  return {
    ...trace,
    filters: trace.filters.map((each, index) => ({ dimension: filters[index]?.filter.dimension, ...each })),
    rows: trace.rows.map(({ cells, filters: tested }) => ({
      cells: Object.fromEntries(columns.map(({ name }, index) => [name, cells[index] ?? null])),
      filters: tested.map((each, index) => ({ dimension: filters[index]?.filter.dimension, ...each })),
    })),
  };
}
