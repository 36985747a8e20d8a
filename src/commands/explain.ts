// reportctl explain: what would run, how its filters are met, how many rows to expect; with --funnel what each filter leaves.
import { Command } from 'commander';
import type { Filter } from '../core/filter.js';
import { printable } from '../core/log.js';
import type { Estimate, FilterPlan, Prepared, Request, Source } from '../core/source.js';
import { prepareAll } from '../export/export.js';
import { withSources } from '../export/with-sources.js';
import { loadReport } from '../reports/load-report.js';
import { requestOf } from '../reports/request.js';
import { estimatedTime, lastRun, type PastRun, type TimeEstimate } from './explain/rate.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { addRowOptions, choiceOf, inOrder, type RowOptions, spellFilter } from './shared/filter-options.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';

interface ExplainOptions extends CommonOptions, RowOptions {
  readonly funnel?: true;
}

export function explainCommand(context: Context): Command {
  const command = new Command('explain')
    .description('what would run, which index serves each filter, an estimate')
    .argument('<report>', 'a name in queries/, or the path of a report file')
    .option('--funnel', 'count the rows that each filter leaves, in one query that reads them all');
  addRowOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: ExplainOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config);
    const request = inOrder(requestOf(report, choiceOf(options, report, context.now)));
    const filters = request.filters.map(({ filter, column }) => ({
      dimension: filter.dimension,
      values: filter.values,
      column,
    }));
    await withSources(session, report, async (sources) => {
      const prepared = await prepareAll(sources, request);
      if (options.funnel) {
        const funnels = await funnelsOf(sources, prepared);
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
        explained.push(await explainedOf(sources[index]?.label ?? '', each, run));
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

async function explainedOf(source: string, prepared: Prepared, run: PastRun | undefined): Promise<Explained> {
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
    time: estimatedTime(rows, run),
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
    seconds === undefined ? `time unknown: ${basis}` : `${about} ${spellSeconds(seconds)}, ${basis}`;
  printLines(stdout, [
    `-- ${source}: ${about} ${formatRows(rows)}, ${formatBytes(bytes)} (an estimate)`,
    `-- ${duration}`,
    ...filters.map((filter, index) => {
      const where = pushedDown ? 'pushed down to' : 'tested on every document at';
      const plan = pushedDown ? `: ${spellPlan(plans[index] ?? { how: 'unknown' }, noun)}` : '';
      return printable(`-- ${spellFilter(filter)}: ${where} ${filter.column}${plan}`);
    }),
    typeof request.query === 'string' ? `${statement};` : statement,
  ]);
}

function spellPlan(plan: FilterPlan, noun: 'row' | 'document'): string {
  switch (plan.how) {
    case 'index':
      return `index ${plan.name}`;
    case 'after-index':
      return `no index of its own, tested on what the index ${plan.name} finds`;
    case 'scan':
      return `no index, every ${noun} of ${plan.name} is looked at`;
    case 'result':
      return 'no index, tested on the rows that the query makes';
    case 'never':
      return 'nothing can pass, so nothing is read';
    case 'unknown':
      return 'index unknown, the engine does not say';
  }
}

/** `0.4 s`, `40 s`, `12 min` */
function spellSeconds(seconds: number): string {
  if (seconds >= 120) return `${Math.round(seconds / 60)} min`;
  return seconds >= 10 ? `${Math.round(seconds)} s` : `${seconds.toFixed(1)} s`;
}

interface Funnel {
  readonly source: string;
  /** Without filters, with the first, with the first two, …. */
  readonly rows: readonly number[];
}

async function funnelsOf(sources: readonly Source[], prepared: readonly Prepared[]): Promise<Funnel[]> {
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
    const gone = (rows[index - 1] ?? 0) - (rows[index] ?? 0);
    const left =
      filter === undefined
        ? 'without filters'
        : `${spellFilter(filter)} (${gone.toLocaleString('en-US')} gone)`;
    return printable(`${count.padStart(width)}  ${left}`);
  });
}
