// The options of the format: those of the command line, else those of the report's own output, else the locale of the environment.
import { Option } from 'commander';
import type { Config } from '../../core/config.js';
import type { SpelledOptions } from '../../core/format.js';
import type { Report } from '../../reports/report.js';
import { formatOf, optionFlags, readOptions, type WriterOptions } from '../../writers/index.js';

export interface Chosen {
  readonly format: string;
  readonly compress: string | undefined;
  /** `--plain`: nothing of the report's own output, and no locale of the environment. */
  readonly isPlain: boolean;
  /** Whether all columns of the report are exported. */
  readonly isWhole: boolean;
}

/**
 * @param given the options of the command line
 * @throws ReportError `usage` for an option of another format, `definition` for a file that cannot be read
 */
export function formatOptions(
  report: Report,
  given: object,
  { format, compress, isPlain, isWhole }: Chosen,
  config: Config,
): WriterOptions {
  const spelled = spelledOptions(given);
  const files = { folder: config.cwd, most: config.maxTemplateSize };
  const read = readOptions(format, spelled, files, compress);
  if (isPlain) return read;
  const hasLocale = 'locale' in formatOf(format).options;
  const locale = hasLocale && config.locale !== undefined ? { locale: config.locale } : {};
  return {
    ...locale,
    ...ownOptions(report, format, { isWhole, replacesLocale: spelled.locale !== undefined }),
    ...read,
  };
}

/** The options of the report's first output of the format. */
function ownOptions(
  { outputs, scheduledOutputs }: Report,
  format: string,
  { isWhole, replacesLocale }: { readonly isWhole: boolean; readonly replacesLocale: boolean },
): WriterOptions {
  const own = [...outputs, ...scheduledOutputs].find((output) => output.format === format)?.dialect ?? {};
  const { template, sheet, ...dialect } = own;
  return {
    // Another locale is another dialect as a whole.
    ...(replacesLocale ? {} : dialect),
    ...(sheet !== undefined && { sheet }),
    // The header of a template has every column.
    ...(template !== undefined && isWhole && { template }),
  };
}

/** The options of formats that the command line has, by name. */
function spelledOptions(options: object): SpelledOptions {
  const given = options as Readonly<Record<string, unknown>>;
  const values = optionFlags().map(({ name, flags }) => [name, given[new Option(flags).attributeName()]]);
  return Object.fromEntries(values);
}
