// A PDF in the words of Data Package v2: how its cells are spelled. Null has no text.
import type { DescribedColumn, FieldType, FileDescription, SpelledOptions } from '../../core/format.js';
import { booleanType, dateType, timestampType } from '../words/field-types.js';
import { languageOf } from './options.js';

/** @throws ReportError `usage` for booleans that are not two words */
export function describePdf(options: SpelledOptions): FileDescription {
  const { locale, booleans } = languageOf(options);
  const isBrazilian = locale === 'pt-BR';
  const [decimalChar, groupChar] = isBrazilian ? [',', '.'] : ['.', ','];
  const fieldType = (column: DescribedColumn, timezone: string): FieldType => {
    switch (column.kind) {
      case 'integer':
        return { type: 'integer', groupChar };
      case 'decimal':
        return { type: 'number', decimalChar, groupChar };
      case 'boolean':
        return booleanType(booleans);
      case 'date':
        return dateType(isBrazilian);
      case 'timestamp':
        return timestampType(column, isBrazilian, timezone);
      case 'json':
        return { type: 'string', description: 'JSON' };
      default:
        return { type: 'string' };
    }
  };
  return { dialect: {}, headerSpelling: (title) => title, fieldType };
}
