// A CSV file in the words of Data Package v2: Table Schema and Table Dialect.
import type { DescribedColumn, FieldType, FileDescription } from '../../core/format.js';
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
    fieldType: (column, timezone) => fieldType(column, chosen, timezone),
  };
}

function fieldType(column: DescribedColumn, chosen: Dialect, timezone: string): FieldType {
  const { decimal, booleans, brazilianDates } = chosen;
  switch (column.kind) {
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
      return brazilianDates ? brazilianTimestamp(column, timezone) : isoTimestamp(column, timezone);
    case 'json':
      return { type: 'string', description: 'JSON' };
    default:
      return { type: 'string' };
  }
}

/** No pattern of Table Schema has an optional fraction, and `any` would read the day as the month. */
function brazilianTimestamp({ offset }: DescribedColumn, timezone: string): FieldType {
  const place = offset === 'never' ? 'of no zone' : `in ${timezone}, without the offset`;
  return { type: 'string', description: `DD/MM/YYYY HH:MM:SS[,ffffff] ${place}` };
}

function isoTimestamp({ offset }: DescribedColumn, timezone: string): FieldType {
  const local = 'YYYY-MM-DD HH:MM:SS[.ffffff]';
  const zoned = `${local}±HH[:MM] in ${timezone}`;
  switch (offset) {
    case 'always':
      return { type: 'datetime', format: 'any', description: zoned };
    case 'never':
      return { type: 'datetime', format: 'any', description: `${local} of no zone` };
    default:
      return {
        type: 'datetime',
        format: 'any',
        description: `${zoned}; without the offset where the source has none`,
      };
  }
}
