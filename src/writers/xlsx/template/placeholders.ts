// Fills `{title}`, `{period}` and `{filters}` in the texts of a template: cells, the head and foot of a page, charts, text boxes.

import type { Locale } from '../../../core/format.js';
import type { About } from '../../../core/writer.js';
import { daysText } from '../../words/asked.js';
import { titleOf } from '../../words/facts.js';
import { labelsOf } from '../labels.js';
import { filtersText } from '../summary.js';
import { fitting, spelled } from '../text.js';
import { type Package, textOf } from './package.js';
import { attributeOf, elementsOf, escapedText, unescaped } from './xml.js';

/** By the word in the braces, which may be written in upper case, too. None is empty. */
export type Placeholders = Readonly<Record<'title' | 'period' | 'filters', string>>;

const WORDS = /\{(title|period|filters)\}/gi;
/** One word in braces, such as a misspelt one. */
const ANY_WORD = /\{\p{L}[\p{L}_-]{0,30}\}/gu;
const PAGE_WORDS = /(&amp;\d+)?\{(title|period|filters)\}/gi;
/** Excel repairs a workbook with a longer one ("Excel specifications and limits"). */
const PAGE_TEXT_LENGTH = 255;
const PAGE_TEXTS = elementsOf('(?:odd|even|first)(?:Header|Footer)');

/** What the place-holders stand for, in the words of the locale. */
export function placeholdersOf(about: About, locale: Locale | undefined): Placeholders {
  const period = about.period === undefined ? '' : daysText(about.period, locale);
  return {
    title: titleOf(about, locale),
    period: period === '' ? labelsOf(locale).allDays : period,
    filters: filtersText(about, locale),
  };
}

/** The template with its place-holders filled. The columns of its tables keep their names: formulas refer to them. */
export function withPlaceholders(pack: Package, values: Placeholders): Package {
  const parts = new Map(pack.parts);
  const change = (name: string, fill: (xml: string) => string) => {
    const before = textOf(parts, name);
    const after = before.includes('{') ? fill(before) : before;
    if (after !== before) parts.set(name, Buffer.from(after));
  };
  const columns = tableColumns(pack);
  const fill = (element: string) => (columns.has(joined(element)) ? element : filledRuns(element, values));
  if (pack.sharedStrings !== undefined) {
    change(pack.sharedStrings, (xml) => xml.replace(elementsOf('si'), fill));
  }
  for (const { part } of pack.sheets) {
    change(part, (xml) =>
      xml.replace(elementsOf('is'), fill).replace(PAGE_TEXTS, (element) => filledPage(element, values)),
    );
  }
  for (const part of [...pack.charts, ...pack.drawings]) {
    change(part, (xml) =>
      xml.replace(elementsOf('a:p'), (paragraph) => filledRuns(paragraph, values, 'a:t')),
    );
  }
  return { ...pack, parts };
}

/** Words in braces that are no place-holders, wherever those are filled, each once. */
export function unknownPlaceholders({ parts, sharedStrings, sheets, charts, drawings }: Package): string[] {
  const textsIn = (part: string, name: string, runs?: 'a:t') =>
    (textOf(parts, part).match(elementsOf(name)) ?? []).map((element) => joined(element, runs));
  const texts = [
    ...textsIn(sharedStrings ?? '', 'si'),
    ...sheets.flatMap(({ part }) => [
      ...textsIn(part, 'is'),
      ...(textOf(parts, part).match(PAGE_TEXTS) ?? []).map(textOfRun),
    ]),
    ...[...charts, ...drawings].flatMap((part) => textsIn(part, 'a:p', 'a:t')),
  ];
  const found = texts.flatMap((text) => text.match(ANY_WORD) ?? []);
  return [...new Set(found)].filter((word) => word.replace(WORDS, '') !== '');
}

/**
 * The text runs of an element with the place-holders filled; one that goes over several runs has the look of the first.
 * @param name of the elements with the texts
 */
function filledRuns(element: string, values: Placeholders, name: 't' | 'a:t' = 't'): string {
  if (joined(element, name).search(WORDS) === -1) return element;
  // Reading aids are of the text as it was.
  const plain = element.replace(elementsOf('rPh'), '');
  const texts = (plain.match(elementsOf(name)) ?? []).map(textOfRun);
  for (const match of [...texts.join('').matchAll(WORDS)].reverse()) {
    const word = (match[1] ?? '').toLowerCase() as keyof Placeholders;
    cut(texts, match.index, match[0].length, spelled(fitting(values[word], () => undefined)));
  }
  const tag = name === 't' ? '<t xml:space="preserve">' : `<${name}>`;
  let run = 0;
  return plain.replace(elementsOf(name), () => `${tag}${escapedText(texts[run++] ?? '')}</${name}>`);
}

/** Replaces a part of texts that belong together. */
function cut(texts: string[], from: number, length: number, by: string): void {
  let start = 0;
  let value = by;
  for (const [index, text] of texts.entries()) {
    const end = start + text.length;
    const [first, last] = [Math.max(from, start), Math.min(from + length, end)];
    if (first < last) {
      texts[index] = text.slice(0, first - start) + value + text.slice(last - start);
      value = '';
    }
    start = end;
  }
}

/** In the texts of a page `&` begins a code, and a number after `&` is a size (ECMA-376 part 1, 18.3.1.46 firstHeader). */
function filledPage(element: string, values: Placeholders): string {
  const found = element.match(PAGE_WORDS) ?? [];
  if (found.length === 0) return element;
  const rest = unescaped(element.replace(/<[^<>]*>/g, '').replace(PAGE_WORDS, ' '));
  const most = Math.max(0, Math.floor((PAGE_TEXT_LENGTH - rest.length) / found.length));
  return element.replace(PAGE_WORDS, (_, size: string | undefined, word: string) => {
    const value = values[word.toLowerCase() as keyof Placeholders].replaceAll('&', '&&').slice(0, most);
    // Half of a doubled mark, or of a character, would be left at the end.
    const whole = value.replace(/(?<!&)((?:&&)*)&$/, '$1').replace(/[\ud800-\udbff]$/, '');
    return (size === undefined ? '' : `${size} `) + escapedText(whole);
  });
}

function tableColumns({ parts, allTables }: Package): Set<string> {
  const columns = allTables.flatMap((table) => textOf(parts, table).match(elementsOf('tableColumn')) ?? []);
  return new Set(columns.map((column) => unescaped(attributeOf(column, 'name') ?? '')));
}

function joined(element: string, name = 't'): string {
  const runs = element.replace(elementsOf('rPh'), '').match(elementsOf(name)) ?? [];
  return runs.map(textOfRun).join('');
}

function textOfRun(run: string): string {
  return unescaped(run.replace(/<[^<>]*>/g, ''));
}
