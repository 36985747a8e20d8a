// Numbers as pages show them: with the locale's decimal sign and thousands apart, exact to the last digit.
import type { Locale } from '../../core/format.js';

export interface NumberStyle {
  readonly decimalSign: string;
  /** Between thousands; empty where they are not set apart, as in codes. */
  readonly groupSign: string;
  /** The least number of decimals that are shown. */
  readonly decimals: number;
}

/** @param isGrouped whether thousands are set apart */
export function numberStyle(locale: Locale | undefined, isGrouped: boolean, decimals: number): NumberStyle {
  const isBrazilian = locale === 'pt-BR';
  const groupSign = isGrouped ? (isBrazilian ? '.' : ',') : '';
  return { decimalSign: isBrazilian ? ',' : '.', groupSign, decimals };
}

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Whether it is shown in a style; `1e+20`, `NaN` and such are shown as they are. */
export function isPlainNumber(text: string): boolean {
  return PLAIN.test(text);
}

/** @param text canonical */
export function spellNumber(text: string, { decimalSign, groupSign, decimals }: NumberStyle): string {
  const match = PLAIN.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = ''] = match;
  const shown = fraction.padEnd(decimals, '0');
  return `${sign}${inThousands(whole, groupSign)}${shown === '' ? '' : decimalSign + shown}`;
}

/** @param digits of a whole number. @param sign between thousands; empty where they are not set apart */
export function inThousands(digits: string, sign: string): string {
  if (sign === '') return digits;
  const first = digits.length % 3;
  const groups = first === 0 ? [] : [digits.slice(0, first)];
  for (let at = first; at < digits.length; at += 3) groups.push(digits.slice(at, at + 3));
  return groups.join(sign);
}
