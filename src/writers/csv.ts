// CSV (RFC 4180), in every dialect that its options ask for.
import type { Format, SpelledOptions, Spelling } from '../core/format.js';
import { describeCsv } from './csv/describe.js';
import { type CsvOptions, csvOptions, dialect } from './csv/dialect.js';
import { CSV_FILE } from './csv/file.js';
import { neutraliser } from './csv/formulas.js';
import { fromBrazilianDate } from './words/brazilian-date.js';

export const csv: Format<CsvOptions> = {
  ...CSV_FILE,
  isCompressed: false,
  isLight: true,
  options: csvOptions,
  check(options) {
    dialect(options);
  },
  async create(options) {
    const { createCsvWriter } = await import('./csv/write.js');
    return createCsvWriter(options);
  },
  async *read(bytes, file) {
    const { readCsv } = await import('./csv/read.js');
    yield* readCsv(bytes, file);
  },
  spelling,
  describe: describeCsv,
};

function spelling(options: SpelledOptions): Spelling {
  const { brazilianDates, booleans, neutralise, delimiter } = dialect(options);
  return {
    isoDate: brazilianDates ? fromBrazilianDate : undefined,
    booleans,
    formulaGuard: neutralise ? { separator: delimiter, apply: neutraliser(delimiter) } : undefined,
  };
}
