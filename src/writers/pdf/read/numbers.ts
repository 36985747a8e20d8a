// Numbers as a locale spells them.
import type { Locale } from '../../../core/format.js';

const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** These are spelled as they are. A limit to the exponent: one of millions would become a sum of millions of digits. */
const UNCHANGED = /^(?:-?\d{1,400}(?:\.\d{1,400})?[eE][+-]?\d{1,4}|NaN|-?Infinity)$/;

/** The canonical text of a number; undefined for a text that is none in that locale. */
export function canonicalNumber(text: string, locale: Locale | undefined): string | undefined {
  const [decimal, thousands] = locale === 'pt-BR' ? [COMMA, DOT] : [DOT, COMMA];
  const first = text.charCodeAt(0) === MINUS ? 1 : 0;
  let at = endOfDigits(text, first);
  const isGrouped = at <= first + 3 && text.charCodeAt(at) === thousands;
  let isNumber = at > first;
  while (isGrouped && text.charCodeAt(at) === thousands) {
    const end = endOfDigits(text, at + 1);
    isNumber &&= end === at + 4;
    at = end;
  }
  const hasFraction = text.charCodeAt(at) === decimal;
  if (hasFraction) {
    const end = endOfDigits(text, at + 1);
    isNumber &&= end > at + 1;
    at = end;
  }
  if (!isNumber || at < text.length) return UNCHANGED.test(text) ? text : undefined;
  if (decimal === DOT) return isGrouped ? text.replaceAll(',', '') : text;
  const whole = isGrouped ? text.replaceAll('.', '') : text;
  return hasFraction ? whole.replace(',', '.') : whole;
}

function endOfDigits(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at += 1;
  return at;
}
