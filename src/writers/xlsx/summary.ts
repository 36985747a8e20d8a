// The lines of the sheets Resumo and Sobre.

import type { Locale } from '../../core/format.js';
import type { Column } from '../../core/table.js';
import type { About } from '../../core/writer.js';
import { conditionTexts, dimensionName, noValue } from '../words/asked.js';
import { clock } from '../words/clock.js';
import { titleOf } from '../words/facts.js';
import type { Changes } from './changes.js';
import { type Group, type Groups, MOST_GROUPS, type NamedGroup } from './groups.js';
import { type Labels, labelsOf } from './labels.js';
import type { DataSheet } from './sheet.js';
import type { Line, Shown } from './shell.js';

const BLANK: Line = { cells: [], look: 'plain' };

/** A column that is summed. */
interface Total extends Column {
  /** The format of the sums. */
  readonly code: string;
}

/** The columns by which the summary sums and groups; columns that are not exported are left out. */
export interface Summed {
  readonly totals: readonly Column[];
  readonly by: readonly { readonly dimension: string; readonly column: Column }[];
}

export function summedOf(columns: readonly Column[], { totals = [], dimensions = {} }: About): Summed {
  const find = (name: string | undefined) => columns.find((column) => column.name === name) ?? [];
  return {
    totals: [...new Set(totals)].flatMap(find),
    by: (['organization', 'product-type'] as const).flatMap((dimension) => {
      const column = [find(dimensions[dimension])].flat();
      return column.map((found) => ({ dimension, column: found }));
    }),
  };
}

export function summaryLines(
  about: About,
  groups: Groups,
  { totals, by }: Omit<Summed, 'totals'> & { readonly totals: readonly Total[] },
  sheets: readonly DataSheet[],
  locale: Locale | undefined,
): Line[] {
  const labels = labelsOf(locale);
  const titles = totals.map(({ title, name }) => title ?? name);
  const all = groups.all();
  const lines: Line[] = [
    { cells: [titleOf(about, locale)], look: 'title' },
    BLANK,
    ...periodLine(about, labels),
    ...conditions(about, locale, about.period === undefined ? [] : ['date']),
    ...fact(labels.limit, about.limit),
    ...fact(labels.rows, all.rows),
    ...(sheets.length > 1 ? fact(labels.sheets, sheets.map(({ name }) => name).join(', ')) : []),
  ];
  const line = (name: string, group: Group, look: Line['look']) => lineOf(name, group, totals, look);
  const heading = (first: string): Line => ({ cells: [first, labels.rows, ...titles], look: 'totals' });
  if (totals.length > 0) {
    lines.push(BLANK, heading(labels.totals), line(labels.allRows, all, 'plain'));
  }
  for (const [index, { dimension, column }] of by.entries()) {
    lines.push(BLANK, heading(column.title ?? dimensionName(dimension, locale)));
    const named = groups.by(index);
    lines.push(...named.map(([name, group]) => line(nameOf(name, locale), group, 'plain')));
    lines.push(line(labels.total, all, 'strong'));
  }
  return lines;
}

/** The first and the last day as dates, one day once; an open end in words. */
function periodLine({ period }: About, { period: label, from, to }: Labels): Line[] {
  if (period === undefined) return [];
  const first: Shown[] = period.from === undefined ? [to] : [{ day: period.from }];
  const isOneDay = period.from === period.last;
  const last: Shown[] = isOneDay ? [] : period.last === undefined ? [from] : [{ day: period.last }];
  return [{ cells: [label, ...first, ...last], look: 'plain' }];
}

function conditions(about: About, locale: Locale | undefined, except?: readonly string[]): Line[] {
  return conditionTexts(about, locale, except).map((cells): Line => ({ cells, look: 'plain' }));
}

/** The filters, params and limit as one text; the period stands elsewhere. */
export function filtersText(about: About, locale: Locale | undefined): string {
  const labels = labelsOf(locale);
  const asked = [
    ...conditions(about, locale, about.period === undefined ? [] : ['date']),
    ...fact(labels.limit, about.limit),
  ];
  return asked.length === 0 ? labels.noFilters : asked.map(({ cells }) => cells.join(': ')).join('; ');
}

export function aboutLines(about: About, changes: Changes, locale: Locale | undefined, now: Date): Line[] {
  const { sources = [], started, timezone } = about;
  const labels = labelsOf(locale);
  const asked = conditions(about, locale);
  const changed = changes.shown(locale);
  return [
    { cells: [labels.about], look: 'title' },
    BLANK,
    ...fact(labels.report, about.report),
    ...fact(labels.title, about.title),
    ...periodLine(about, labels),
    ...fact(
      sources.length === 1 ? labels.source : labels.sources,
      sources.length === 0 ? undefined : sources.join(', '),
    ),
    ...fact(labels.revision, about.revision === undefined ? undefined : `${about.revision}`),
    ...fact(labels.began, started && clock(new Date(started), timezone, locale)),
    ...fact(labels.ended, started && clock(now, timezone, locale)),
    ...fact(labels.timezone, timezone),
    ...fact(labels.limit, about.limit),
    ...fact(labels.definition, about.definition),
    ...fact(labels.program, about.tool),
    BLANK,
    { cells: [labels.filters, ''], look: 'heading' },
    ...(asked.length === 0 ? [{ cells: [labels.noFilters], look: 'plain' } as const] : asked),
    BLANK,
    { cells: [labels.cells, labels.changes], look: 'heading' },
    ...(changed.length === 0 ? [{ cells: [labels.noChanges], look: 'plain' } as const] : []),
    ...changed.map(([what, count]): Line => ({ cells: [count, what], look: 'plain' })),
  ];
}

function fact(label: string, value: string | number | undefined): Line[] {
  return value === undefined ? [] : [{ cells: [label, value], look: 'plain' }];
}

function lineOf(name: string, { rows, sums }: Group, totals: readonly Total[], look: Line['look']): Line {
  const decimals = sums.map((sum, index): Shown => {
    const { code = '', float, longNumbers } = totals[index] ?? {};
    return { decimal: sum.toString(), code, isRounded: float === true || longNumbers === 'number' };
  });
  return { cells: [name, rows, ...decimals], look };
}

function nameOf(name: NamedGroup[0], locale: Locale | undefined): string {
  if (name === undefined) return `${labelsOf(locale).others} ${MOST_GROUPS.toLocaleString(locale ?? 'en')}`;
  return name === null || name === '' ? noValue(locale) : name;
}
