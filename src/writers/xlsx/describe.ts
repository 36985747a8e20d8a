// A workbook in the words of Data Package v2: Table Schema and Table Dialect.
import type { DescribedColumn, FieldType, FileDescription, SpelledOptions } from '../../core/format.js';
import { DATA_SHEET, sheetOf } from './options.js';

/** @throws ReportError `usage` for a sheet's name that Excel does not take */
export function describeXlsx({ sheet, template }: SpelledOptions): FileDescription {
  const name = typeof sheet === 'string' ? sheet : undefined;
  // The sheets of a template have the names that its designer gave them.
  return {
    dialect: { sheetName: template === undefined ? sheetOf({ sheet: name }) : (name ?? DATA_SHEET) },
    headerSpelling: (title) => title,
    fieldType,
  };
}

function fieldType({ kind, offset }: DescribedColumn, timezone: string): FieldType {
  switch (kind) {
    case 'integer':
    case 'boolean':
      return { type: kind };
    case 'decimal':
      return { type: 'number' };
    case 'date':
      return { type: 'date', format: 'default' };
    case 'timestamp':
      return { type: 'datetime', description: offset === 'never' ? 'of no zone' : `in ${timezone}` };
    case 'json':
      return { type: 'string', description: 'JSON' };
    default:
      return { type: 'string' };
  }
}
