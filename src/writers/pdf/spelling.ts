// Values as pages show them.
import type { BooleanWords, Locale } from '../../core/format.js';
import { isNumeric, type Kind } from '../../core/table.js';
import { wordOf } from '../words/booleans.js';
import { brazilianDate } from '../words/brazilian-date.js';
import { type NumberStyle, spellNumber } from './numbers.js';

/** The words and signs of a file. */
export interface Language {
  readonly locale: Locale | undefined;
  readonly booleans: BooleanWords | undefined;
}

/** @param text canonical. @param style of numbers */
export function shownText(
  kind: Kind,
  text: string,
  style: NumberStyle,
  { locale, booleans }: Language,
): string {
  if (isNumeric(kind)) return spellNumber(text, style);
  if (kind === 'boolean') return booleans === undefined ? text : wordOf(booleans, text);
  return (kind === 'date' || kind === 'timestamp') && locale !== undefined ? brazilianDate(text) : text;
}

/** A text of at most so many characters, or its beginning with an ellipsis. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.floor(most)).replace(/[\ud800-\udbff]$/, '')}…`;
}
