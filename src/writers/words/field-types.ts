// The types of Table Schema for cells that are text in a file: an option of the format says how they are spelled.
import type { BooleanWords, DescribedColumn, FieldType } from '../../core/format.js';

export function booleanType(words: BooleanWords | undefined): FieldType {
  return {
    type: 'boolean',
    trueValues: [words?.true ?? 'true'],
    falseValues: [words?.false ?? 'false'],
  };
}

/** @param isBrazilian `05/10/2024` instead of `2024-10-05` */
export function dateType(isBrazilian: boolean): FieldType {
  return { type: 'date', format: isBrazilian ? '%d/%m/%Y' : 'default' };
}

/** @param timezone IANA name */
export function timestampType(column: DescribedColumn, isBrazilian: boolean, timezone: string): FieldType {
  return isBrazilian ? brazilianTimestamp(column, timezone) : isoTimestamp(column, timezone);
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
