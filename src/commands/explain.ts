// reportctl explain: shows what would run, how each filter is applied, and an estimate; with --funnel, the rows that each filter leaves.
import { Command } from 'commander';
import type { Filter } from '../core/filter.js';
import { printable } from '../core/foreign-text.js';
import type { Estimate, FilterPlan, Prepared, Request, Source } from '../core/source.js';
import { prepareAll } from '../export/export.js';
import { withSources } from '../export/with-sources.js';
import { loadReport } from '../reports/load-report.js';
import { requestOf } from '../reports/request.js';
import { estimateTime, lastRun, type PastRun, type TimeEstimate } from './explain/rate.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import {
  addRowOptions,
  formatFilter,
  parseChoice,
  type RowOptions,
  withSortedFilters,
} from './shared/filter-options.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';

interface ExplainOptions extends CommonOptions, RowOptions {
  readonly funnel?: true;
}

export function explainCommand(context: Context): Command {
  const command = new Command('explain')
    .description('what would run, which index serves each filter, an estimate')
    .argument('<report>', 'a name in queries/, or the path of a report file')
    .option('--funnel', 'count the rows that each filter leaves, in one query that reads all rows');
  addRowOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: ExplainOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config);
    const request = withSortedFilters(requestOf(report, parseChoice(options, report, context.now)));
    const filters = request.filters.map(({ filter, column }) => ({
      dimension: filter.dimension,
      values: filter.values,
      column,
    }));
    await withSources(session, report, async (sources) => {
      const prepared = await prepareAll(sources, request);
      if (options.funnel) {
        const funnels = await countFunnels(sources, prepared);
        if (session.json) printJson(session.stdout, { report: report.name, filters, sources: funnels });
        else
          printLines(
            session.stdout,
            funnels.flatMap(({ source, rows }) => [`-- ${source}`, ...funnelLines(rows, filters)]),
          );
        return;
      }
      const run = await lastRun(report, session);
      const explained: Explained[] = [];
      for (const [index, each] of prepared.entries()) {
        explained.push(await explainSource(sources[index]?.label ?? '', each, run));
      }
      if (session.json) printJson(session.stdout, { report: report.name, filters, sources: explained });
      else for (const each of explained) printExplained(session, request, filters, each);
    });
  });
}

interface Explained extends Pick<Prepared, 'statement' | 'pushedDown'>, Pick<Estimate, 'rows' | 'isBound'> {
  readonly source: string;
  readonly bytes: number;
  readonly time: TimeEstimate;
  /** In the order of the request's filters. */
  readonly filters: readonly FilterPlan[];
}

async function explainSource(
  source: string,
  prepared: Prepared,
  run: PastRun | undefined,
): Promise<Explained> {
  const { rowBytes, ...estimate } = await prepared.estimate();
  const { statement, pushedDown } = prepared;
  const { rows } = estimate;
  const filters = await prepared.filterPlans();
  return {
    source,
    statement,
    pushedDown,
    ...estimate,
    bytes: rows * rowBytes,
    time: estimateTime(rows, run),
    filters,
  };
}

function printExplained(
  { stdout }: CommandSession,
  request: Request,
  filters: readonly (Pick<Filter, 'dimension' | 'values'> & { readonly column: string })[],
  { source, statement, pushedDown, rows, isBound, bytes, time, filters: plans }: Explained,
): void {
  const noun = typeof request.query === 'string' ? 'row' : 'document';
  const about = isBound ? 'at most about' : 'about';
  const { seconds, basis } = time;
  const duration =
    seconds === undefined ? `time unknown: ${basis}` : `${about} ${formatSeconds(seconds)}, ${basis}`;
  printLines(stdout, [
    `-- ${source}: ${about} ${formatRows(rows)}, ${formatBytes(bytes)} (an estimate)`,
    `-- ${duration}`,
    ...filters.map((filter, index) => {
      const where = pushedDown ? 'pushed down to' : 'tested on every document at';
      const plan = pushedDown ? `: ${formatPlan(plans[index] ?? { how: 'unknown' }, noun)}` : '';
      return printable(`-- ${formatFilter(filter)}: ${where} ${filter.column}${plan}`);
    }),
    typeof request.query === 'string' ? `${statement};` : statement,
  ]);
}

function formatPlan(plan: FilterPlan, noun: 'row' | 'document'): string {
  switch (plan.how) {
    case 'index':
      return `index ${plan.name}`;
    case 'after-index':
      return `no index of its own, tested on the ${noun}s that index ${plan.name} finds`;
    case 'scan':
      return `no index, reads every ${noun} of ${plan.name}`;
    case 'result':
      return 'no index, tested on the rows that the query returns';
    case 'never':
      return `no ${noun} can pass, so nothing is read`;
    case 'unknown':
      return 'index unknown, the engine does not say';
  }
}

/** `0.4 s`, `40 s`, `12 min` */
function formatSeconds(seconds: number): string {
  if (seconds >= 120) return `${Math.round(seconds / 60)} min`;
  return seconds >= 10 ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

interface Funnel {
  readonly source: string;
  /** The number of rows without filters, with the first filter, with the first two, …. */
  readonly rows: readonly number[];
}

/** One funnel per source, and for several sources one with their sums. */
async function countFunnels(sources: readonly Source[], prepared: readonly Prepared[]): Promise<Funnel[]> {
  const funnels: Funnel[] = [];
  for (const [index, each] of prepared.entries())
    funnels.push({ source: sources[index]?.label ?? '', rows: await each.funnel() });
  if (funnels.length < 2) return funnels;
  const sums = (funnels[0]?.rows ?? []).map((_, at) =>
    funnels.reduce((sum, { rows }) => sum + (rows[at] ?? 0), 0),
  );
  return [...funnels, { source: 'all sources', rows: sums }];
}

function funnelLines(
  rows: readonly number[],
  filters: readonly Pick<Filter, 'dimension' | 'values'>[],
): string[] {
  const counts = rows.map(formatRows);
  const width = Math.max(...counts.map((text) => text.length));
  return counts.map((count, index) => {
    const filter = filters[index - 1];
    const removed = (rows[index - 1] ?? 0) - (rows[index] ?? 0);
    const step =
      filter === undefined
        ? 'without filters'
        : `${formatFilter(filter)} (removes ${removed.toLocaleString('en-US')})`;
    return printable(`${count.padStart(width)}  ${step}`);
  });
}
