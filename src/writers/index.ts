// The registry of formats: the word that a user types to the code that writes it.
import { didYouMean, ReportError } from '../errors.js';
import type { Writer } from '../table.js';
import type { CsvOptions } from './csv/dialect.js';

export type WriterOptions = CsvOptions;

const WRITERS: Readonly<Record<string, (options: WriterOptions) => Promise<Writer>>> = {
  csv: async (options) => (await import('./csv.js')).createCsvWriter(options),
};

export const FORMATS: readonly string[] = Object.keys(WRITERS);

/** @throws ReportError `usage` for a format that there is not, or options that it does not take */
export async function createWriter(format: string, options: WriterOptions): Promise<Writer> {
  const create = Object.hasOwn(WRITERS, format) ? WRITERS[format] : undefined;
  if (create === undefined) {
    throw new ReportError('usage', `no format "${format}"`, { hint: `${didYouMean(format, FORMATS)}.` });
  }
  return create(options);
}
