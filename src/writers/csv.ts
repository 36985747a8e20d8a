// CSV as a format: its options, and what they mean for writing, reading and describing a file.
import type { Kind } from '../core/table.js';
import { type Dialect, dialect } from './csv/dialect.js';
import { neutraliser } from './csv/formulas.js';
import { csvOptions } from './csv/options.js';
import { commonFieldType, type Description, type FieldType, type Format } from './format.js';

export const csv: Format = {
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  options: csvOptions,
  isCompressed: false,
  isLight: true,
  load: ({ template: _, ...options }) => options,
  check: (options) => void dialect(options),
  create: async (options) => (await import('./csv/write.js')).createCsvWriter(options),
  async *read(bytes, file) {
    const { readCsv } = await import('./csv/read.js');
    yield* readCsv(bytes, file);
  },
  spelling(options) {
    const { brazilianDates, booleans, neutralise, delimiter } = dialect(options);
    return {
      booleans,
      dates: brazilianDates ? 'brazilian' : 'iso',
      neutralise: neutralise ? neutraliser(delimiter) : undefined,
      separator: neutralise ? delimiter : undefined,
    };
  },
  describe: (options, timezone) => describe(dialect(options), timezone),
};

function describe(chosen: Dialect, timezone: string): Description {
  return {
    missingValues: [chosen.null],
    encoding: 'utf-8',
    bom: chosen.bom,
    dialect: {
      delimiter: chosen.delimiter,
      lineTerminator: chosen.eol,
      quoteChar: '"',
      doubleQuote: true,
      nullSequence: chosen.null,
      skipInitialSpace: false,
    },
    fieldType: (kind) => ({ ...commonFieldType(kind), ...fieldTypeOf(kind, chosen, timezone) }),
  };
}

function fieldTypeOf(
  kind: Kind,
  { decimal, booleans, brazilianDates }: Dialect,
  timezone: string,
): Partial<FieldType> {
  switch (kind) {
    case 'decimal':
      return { decimalChar: decimal };
    case 'boolean':
      return { trueValues: [booleans?.true ?? 'true'], falseValues: [booleans?.false ?? 'false'] };
    case 'date':
      return brazilianDates ? { format: '%d/%m/%Y' } : {};
    case 'timestamp':
      // No pattern of Table Schema has an optional fraction, and `any` would take the day for the month.
      return brazilianDates
        ? {
            type: 'string',
            description: `DD/MM/YYYY HH:MM:SS[,ffffff] in ${timezone}, without the offset`,
          }
        : {
            format: 'any',
            description: `YYYY-MM-DD HH:MM:SS[.ffffff]±HH[:MM] in ${timezone}; without the offset where the source has none`,
          };
    default:
      return {};
  }
}
