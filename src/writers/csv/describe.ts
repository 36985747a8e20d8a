// A CSV file in the words of Data Package v2: Table Schema and Table Dialect.
import type { DescribedColumn, FieldType, FileDescription } from '../../core/format.js';
import { booleanType, dateType, timestampType } from '../words/field-types.js';
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
      return booleanType(booleans);
    case 'date':
      return dateType(brazilianDates);
    case 'timestamp':
      return timestampType(column, brazilianDates, timezone);
    case 'json':
      return { type: 'string', description: 'JSON' };
    default:
      return { type: 'string' };
  }
}
