// The options of the format: those of the command line, else those of the report's own output, else the locale of the environment.
import { Option } from 'commander';
import type { Config } from '../../core/config.js';
import { ReportError } from '../../core/errors.js';
import type { SpelledOptions } from '../../core/format.js';
import type { Request } from '../../core/source.js';
import { exportedColumn } from '../../reports/exported-column.js';
import type { Report } from '../../reports/report.js';
import { formatOf, optionFlags, readOptions, type WriterOptions } from '../../writers/index.js';
import { groupByFault } from '../../writers/pdf/check.js';

export interface Chosen {
  readonly format: string;
  readonly compress: string | undefined;
  /** `--plain`: nothing of the report's own output, and no locale of the environment. */
  readonly isPlain: boolean;
  /** Whether all columns of the report are exported. */
  readonly isWhole: boolean;
  readonly request: Pick<Request, 'columns' | 'orderBy'>;
}

/**
 * @param given the options of the command line
 * @throws ReportError `usage` for an option of another format, and for one that does not fit the columns or their order;
 * `definition` for a file that cannot be read
 */
export function formatOptions(report: Report, given: object, chosen: Chosen, config: Config): WriterOptions {
  const { format, compress, isPlain, request } = chosen;
  const spelled = spelledOptions(given);
  const known = { columns: report.columns, mapped: report.filters };
  const usage = (message: string) => new ReportError('usage', message);
  const context = {
    folder: config.cwd,
    most: config.maxTemplateSize,
    columnOf: (word: string) => exportedColumn(word, known, usage),
  };
  const read = readOptions(format, spelled, context, compress);
  const hasLocale = 'locale' in formatOf(format).options;
  const locale = hasLocale && config.locale !== undefined ? { locale: config.locale } : {};
  const replacesLocale = spelled.locale !== undefined;
  const own = isPlain ? {} : { ...locale, ...ownOptions(report, chosen, replacesLocale) };
  const options = { ...own, ...read };
  formatOf(format).check(options, request.columns, request.orderBy);
  return options;
}

/** What a file is made of, which no other locale changes. */
const CONTENT = ['sheet', 'page', 'overflow', 'logo', 'attach', 'tagged'] as const;

/** The options of the report's first output of the format. */
function ownOptions(
  { outputs, scheduledOutputs }: Report,
  { format, isWhole, request: { columns, orderBy } }: Chosen,
  replacesLocale: boolean,
): WriterOptions {
  const own = [...outputs, ...scheduledOutputs].find((output) => output.format === format)?.dialect ?? {};
  const { template, 'group-by': groups, ...dialect } = own;
  const content = Object.fromEntries(Object.entries(dialect).filter(([name]) => isContent(name)));
  return {
    // Another locale is another dialect as a whole.
    ...(replacesLocale ? content : dialect),
    // The header of a template has every column.
    ...(template !== undefined && isWhole && { template }),
    // Fewer columns, or another order, may leave no groups.
    ...(groups !== undefined &&
      groupByFault(groups, columns, orderBy) === undefined && { 'group-by': groups }),
  };
}

function isContent(name: string): boolean {
  return CONTENT.some((each) => each === name);
}

/** The options of formats that the command line has, by name. */
function spelledOptions(options: object): SpelledOptions {
  const given = options as Readonly<Record<string, unknown>>;
  const values = optionFlags().map(({ name, flags }) => [name, given[new Option(flags).attributeName()]]);
  return Object.fromEntries(values);
}
