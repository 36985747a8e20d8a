// What a report was asked for, in the words of a locale, else in English and ISO 8601: its days and its filters.

import { addDays } from '../../core/calendar.js';
import type { DayRange, FilterTest, NumberRange, TextMatch } from '../../core/filter.js';
import type { Locale } from '../../core/format.js';
import type { About, ReportedDays, ReportedFilter } from '../../core/writer.js';

const PORTUGUESE = {
  between: (from: string, to: string) => `de ${from} a ${to}`,
  from: (from: string) => `a partir de ${from}`,
  least: (from: string) => `a partir de ${from}`,
  to: (to: string) => `até ${to}`,
  containing: (part: string) => `o que contém “${part}”`,
  except: (texts: string) => `exceto ${texts}`,
  or: ' ou ',
  condition: 'Condição',
  parameter: 'Parâmetro',
  true: 'sim',
  false: 'não',
  none: '(sem valor)',
  dimensions: {
    date: 'Data',
    organization: 'Organização',
    product: 'Produto',
    'product-type': 'Tipo de produto',
    quantity: 'Quantidade',
    price: 'Preço',
  },
} as const;

const ENGLISH: Words = {
  between: (from, to) => `from ${from} to ${to}`,
  from: (from) => `from ${from}`,
  least: (from) => `at least ${from}`,
  to: (to) => `up to ${to}`,
  containing: (part) => `what contains “${part}”`,
  except: (texts) => `except ${texts}`,
  or: ' or ',
  condition: 'Condition',
  parameter: 'Parameter',
  true: 'true',
  false: 'false',
  none: '(no value)',
  dimensions: {
    date: 'Date',
    organization: 'Organization',
    product: 'Product',
    'product-type': 'Product type',
    quantity: 'Quantity',
    price: 'Price',
  },
};

interface Words {
  readonly between: (from: string, to: string) => string;
  readonly from: (from: string) => string;
  /** The same of numbers. */
  readonly least: (from: string) => string;
  readonly to: (to: string) => string;
  readonly containing: (part: string) => string;
  readonly except: (texts: string) => string;
  readonly or: string;
  /** The label of a condition that is shown as typed. */
  readonly condition: string;
  readonly parameter: string;
  readonly true: string;
  readonly false: string;
  /** For null. */
  readonly none: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

function wordsOf(locale: Locale | undefined): Words {
  return locale === 'pt-BR' ? PORTUGUESE : ENGLISH;
}

/** What stands for null in that language. */
export function noValue(locale: Locale | undefined): string {
  return wordsOf(locale).none;
}

/** A dimension's name; any other word as it is. */
export function dimensionName(word: string, locale: Locale | undefined): string {
  return wordsOf(locale).dimensions[word] ?? word;
}

/** `01/04/1998` or `1998-04-01`. @param day `YYYY-MM-DD` */
export function dayText(day: string, locale: Locale | undefined): string {
  return locale === 'pt-BR' ? day.split('-').reverse().join('/') : day;
}

/** Such as `de 01/04/1998 a 30/04/1998`, one day alone, or the empty text for all days. */
export function daysText({ from, last }: ReportedDays, locale: Locale | undefined): string {
  const shown = (day: string | undefined) => day && dayText(day, locale);
  return rangeText(shown(from), shown(last), wordsOf(locale));
}

/** The filters in words, and the params: labels and values. @param except words of filters that are left out */
export function conditionTexts(
  { filters = [], params = {} }: About,
  locale: Locale | undefined,
  except: readonly string[] = [],
): [string, string][] {
  const asked = filters.filter(({ word }) => !except.includes(word)).map((one) => filterText(one, locale));
  const given = Object.entries(params).map(([name, value]): [string, string] => {
    return [`${wordsOf(locale).parameter} ${name}`, value];
  });
  return [...asked, ...given];
}

/** What is filtered, and the values that pass, such as `Quantidade` and `de 10 a 100`. */
export function filterText(
  { word, title, test, typed }: ReportedFilter,
  locale: Locale | undefined,
): [string, string] {
  const words = wordsOf(locale);
  if (typed !== undefined) return [words.condition, typed];
  const label = title ?? dimensionName(word, locale);
  if (test === 'null') return [label, words.none];
  switch (test.of) {
    case 'texts':
      return [label, textsText(test, words)];
    case 'numbers':
      return [label, test.anyOf.map((range) => numbersText(range, locale)).join(words.or)];
    case 'dates':
      return [label, test.anyOf.map((range) => daysText(daysOf(range), locale)).join(words.or)];
    case 'booleans':
      return [label, test.anyOf.map((value) => words[value]).join(words.or)];
  }
}

function textsText({ anyOf, noneOf = [] }: Extract<FilterTest, { of: 'texts' }>, words: Words): string {
  const joined = (matches: readonly TextMatch[]) =>
    matches
      .map((match) => (typeof match === 'string' ? match : words.containing(match.containing)))
      .join(words.or);
  const parts = [joined(anyOf), noneOf.length === 0 ? '' : words.except(joined(noneOf))];
  return parts.filter((part) => part !== '').join(', ');
}

function daysOf({ from, to }: DayRange): ReportedDays {
  return { from: from?.date, last: to && addDays(to.date, -1) };
}

function numbersText({ from, to }: NumberRange, locale: Locale | undefined): string {
  const shown = (number: string | undefined) => (locale === 'pt-BR' ? number?.replace('.', ',') : number);
  const words = wordsOf(locale);
  return rangeText(shown(from), shown(to), { ...words, from: words.least });
}

function rangeText(from: string | undefined, to: string | undefined, words: Words): string {
  if (from === undefined) return to === undefined ? '' : words.to(to);
  if (to === undefined) return words.from(from);
  return from === to ? from : words.between(from, to);
}
