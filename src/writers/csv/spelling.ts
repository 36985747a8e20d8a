// How a dialect spells canonical cells, before they are quoted.
import type { Kind } from '../../core/table.js';
import { wordOf } from '../words/booleans.js';
import { brazilianDate } from '../words/brazilian-date.js';
import type { Dialect } from './dialect.js';
import type { Spelling } from './encoded.js';

/** The spelling of a kind's values; undefined where the dialect leaves them as they are. Texts have none. */
export function valueSpelling(kind: Kind, { decimal, booleans, brazilianDates }: Dialect): Spelling {
  switch (kind) {
    case 'decimal':
      return decimal === ',' ? (text) => text.replace('.', ',') : undefined;
    case 'boolean':
      return booleans && ((text) => wordOf(booleans, text));
    case 'date':
    case 'timestamp':
      return brazilianDates ? brazilianDate : undefined;
    default:
      return undefined;
  }
}
