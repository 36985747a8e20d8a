// A CSV file in the words of Data Package v2: Table Schema and Table Dialect.
import type { FieldType, FileDescription } from '../../core/format.js';
import type { Kind } from '../../core/table.js';
import { type CsvOptions, type Dialect, dialect } from './dialect.js';
import { headerSpelling } from './formulas.js';

/** @throws ReportError `usage` for options that CSV does not take */
export function describeCsv(options: CsvOptions): FileDescription {
  const chosen = dialect(options);
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
    headerSpelling: headerSpelling(chosen),
    fieldType: (kind, timezone) => fieldType(kind, chosen, timezone),
  };
}

function fieldType(kind: Kind, { decimal, booleans, brazilianDates }: Dialect, timezone: string): FieldType {
  switch (kind) {
    case 'integer':
      return { type: 'integer' };
    case 'decimal':
      return { type: 'number', decimalChar: decimal };
    case 'boolean':
      return {
        type: 'boolean',
        trueValues: [booleans?.true ?? 'true'],
        falseValues: [booleans?.false ?? 'false'],
      };
    case 'date':
      return { type: 'date', format: brazilianDates ? '%d/%m/%Y' : 'default' };
    case 'timestamp':
      // No pattern of Table Schema has an optional fraction, and `any` would read the day as the month.
      return brazilianDates
        ? {
            type: 'string',
            description: `DD/MM/YYYY HH:MM:SS[,ffffff] in ${timezone}, without the offset`,
          }
        : {
            type: 'datetime',
            format: 'any',
            description: `YYYY-MM-DD HH:MM:SS[.ffffff]±HH[:MM] in ${timezone}; without the offset where the source has none`,
          };
    case 'json':
      return { type: 'string', description: 'JSON' };
    default:
      return { type: 'string' };
  }
}
