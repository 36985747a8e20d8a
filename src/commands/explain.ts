// reportctl explain: what would run, what is pushed down, what the planner expects; reads nothing else.
import { Command } from 'commander';
import { prepareAll } from '../export.js';
import { loadReport } from '../report.js';
import { requestOf } from '../request.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './context.js';
import { addRowOptions, choiceOf, type RowOptions } from './filter-options.js';
import { formatBytes, formatRows, printJson, printLines } from './print.js';
import { withSources } from './sources.js';

export function explainCommand(context: Context): Command {
  const command = new Command('explain')
    .description('the SQL that would run, what is pushed down, the estimate')
    .argument('<report>', 'a name in queries/, or the path of a report file');
  addRowOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: CommonOptions & RowOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config.queries);
    const request = requestOf(report, choiceOf(options, report, context.now));
    await withSources(session, report, async (sources) => {
      const results: { source: string; statement: string; rows: number; bytes: number }[] = [];
      for (const [index, prepared] of (await prepareAll(sources, request)).entries()) {
        const { rows, rowBytes } = await prepared.estimate();
        const source = sources[index]?.label ?? '';
        results.push({ source, statement: prepared.statement, rows, bytes: rows * rowBytes });
      }
      const pushedDown = request.filters.map(({ filter, column }) => ({
        dimension: filter.dimension,
        values: filter.values,
        column,
      }));
      if (session.json)
        return printJson(session.stdout, { report: report.name, pushedDown, sources: results });
      for (const { source, statement, rows, bytes } of results) {
        printLines(session.stdout, [
          `-- ${source}: about ${formatRows(rows)}, ${formatBytes(bytes)} (the planner's estimate)`,
          ...pushedDown.map(
            ({ dimension, values, column }) =>
              `-- --${dimension} ${values.map((value) => JSON.stringify(value)).join(' or ')}: pushed down to ${column}`,
          ),
          `${statement};`,
        ]);
      }
    });
  });
}
