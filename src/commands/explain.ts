// reportctl explain: what would run, what is pushed down, how many rows to expect; reads nothing else.
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
    .description('what would run, what is pushed down, an estimate')
    .argument('<report>', 'a name in queries/, or the path of a report file');
  addRowOptions(command);
  addCommonOptions(command);
  return command.action(async (name: string, options: CommonOptions & RowOptions) => {
    const session = await openSession(context, options);
    const report = await loadReport(name, session.config.queries);
    const request = requestOf(report, choiceOf(options, report, context.now));
    await withSources(session, report, async (sources) => {
      const results: {
        source: string;
        statement: string;
        pushedDown: boolean;
        rows: number;
        bytes: number;
      }[] = [];
      for (const [index, prepared] of (await prepareAll(sources, request)).entries()) {
        const { rows, rowBytes } = await prepared.estimate();
        const source = sources[index]?.label ?? '';
        const { statement, pushedDown } = prepared;
        results.push({ source, statement, pushedDown, rows, bytes: rows * rowBytes });
      }
      const filters = request.filters.map(({ filter, column }) => ({
        dimension: filter.dimension,
        values: filter.values,
        column,
      }));
      if (session.json) return printJson(session.stdout, { report: report.name, filters, sources: results });
      for (const { source, statement, pushedDown, rows, bytes } of results) {
        printLines(session.stdout, [
          `-- ${source}: about ${formatRows(rows)}, ${formatBytes(bytes)} (an estimate)`,
          ...filters.map(({ dimension, values, column }) => {
            const value = values.map((each) => JSON.stringify(each)).join(' or ');
            return `-- --${dimension} ${value}: ${pushedDown ? 'pushed down to' : 'tested on every document at'} ${column}`;
          }),
          typeof request.query === 'string' ? `${statement};` : statement,
        ]);
      }
    });
  });
}
