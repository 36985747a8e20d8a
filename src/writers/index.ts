// The registry of formats: the word that a user types to the code that writes it.
import { didYouMean, ReportError } from '../core/errors.js';
import type { Writer } from '../core/writer.js';
import type { CsvOptions } from './csv/dialect.js';
import type { About, XlsxOptions } from './xlsx/options.js';

export type { About } from './xlsx/options.js';

/** The options of every format; a format takes its own only. */
export type WriterOptions = CsvOptions & XlsxOptions;

interface Format {
  readonly options: readonly (keyof WriterOptions)[];
  /** Why the file is not compressed once more. */
  readonly isCompressed: boolean;
  create(options: WriterOptions, about: About): Promise<Writer>;
}

const WRITERS: Readonly<Record<string, Format>> = {
  csv: {
    options: ['delimiter', 'decimal', 'bom', 'eol', 'null', 'quote', 'locale', 'booleans', 'formulas'],
    isCompressed: false,
    create: async (options) => (await import('./csv.js')).createCsvWriter(options),
  },
  xlsx: {
    options: ['locale', 'booleans', 'strict', 'sheet', 'template'],
    isCompressed: true,
    create: async (options, about) => (await import('./xlsx.js')).createXlsxWriter(options, about),
  },
};

export const FORMATS: readonly string[] = Object.keys(WRITERS);

/** Of all formats together. */
export const OPTION_NAMES: readonly (keyof WriterOptions)[] = [
  ...new Set(Object.values(WRITERS).flatMap(({ options }) => options)),
];

function formatOf(name: string): Format {
  const format = Object.hasOwn(WRITERS, name) ? WRITERS[name] : undefined;
  if (format !== undefined) return format;
  throw new ReportError('usage', `no format "${name}"`, { hint: `${didYouMean(name, FORMATS)}.` });
}

/**
 * @param options those that are undefined are not given, and what is no format's option is passed over
 * @param compress a word of `--compress`
 * @throws ReportError `usage` for a format that there is not, and for an option that it does not have
 */
export function checkOptions(name: string, options: WriterOptions, compress?: string): void {
  const format = formatOf(name);
  for (const option of OPTION_NAMES) {
    if (options[option] === undefined || format.options.includes(option)) continue;
    throw new ReportError('usage', `${name} has no option "${option}"`, {
      hint: `It has: ${format.options.join(', ')}.`,
    });
  }
  if (compress === undefined || !format.isCompressed) return;
  throw new ReportError('usage', `${name} is compressed already; ${compress} would make it something else`, {
    hint: `Leave out compress for ${name}.`,
  });
}

/**
 * @param about what formats with room for it tell of the rows; csv has none
 * @throws ReportError `usage` for a format that there is not, or options that it does not take
 */
export async function createWriter(
  format: string,
  options: WriterOptions,
  about: About = {},
): Promise<Writer> {
  checkOptions(format, options);
  return formatOf(format).create(options, about);
}
