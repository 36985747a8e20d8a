// The lines of the sheets Resumo and Sobre.
import type { Column } from '../../core/table.js';
import type { About } from '../../core/writer.js';
import type { Changes } from './changes.js';
import { type Group, type Groups, MOST_GROUPS, type NamedGroup } from './groups.js';
import type { XlsxOptions } from './options.js';
import type { DataSheet } from './sheet.js';
import type { Line, Shown } from './shell.js';

const BLANK: Line = { cells: [], look: 'plain' };
const DIMENSIONS: Readonly<Record<string, string>> = {
  date: 'Data',
  organization: 'Organização',
  product: 'Produto',
  'product-type': 'Tipo de produto',
  quantity: 'Quantidade',
  price: 'Preço',
};
const NO_NAME = '(sem valor)';

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

export function titleOf({ title, report }: About): string {
  return title ?? report ?? 'Relatório';
}

export function summaryLines(
  about: About,
  groups: Groups,
  { totals, by }: Summed,
  sheets: readonly DataSheet[],
): Line[] {
  const titles = totals.map(({ title, name }) => title ?? name);
  const all = groups.all();
  const lines: Line[] = [
    { cells: [titleOf(about)], look: 'title' },
    BLANK,
    ...fact('Período', about.period),
    ...fact('Linhas', all.rows),
    ...(sheets.length > 1 ? fact('Planilhas', sheets.map(({ name }) => name).join(', ')) : []),
  ];
  const line = (name: string, group: Group, look: Line['look']) => lineOf(name, group, totals, look);
  if (totals.length > 0) {
    lines.push(BLANK, heading('Totais', titles), line('Todas as linhas', all, 'plain'));
  }
  for (const [index, { dimension }] of by.entries()) {
    lines.push(BLANK, heading(DIMENSIONS[dimension] ?? dimension, titles));
    const named = groups.by(index);
    lines.push(...named.map(([name, group]) => line(nameOf(name), group, 'plain')));
    lines.push(line('Total', all, 'strong'));
  }
  return lines;
}

export function aboutLines(about: About, changes: Changes, options: XlsxOptions, now: Date): Line[] {
  const { filters = {}, params = {}, sources = [], started, timezone } = about;
  const asked = Object.entries(filters).map(([dimension, values]): Line => {
    return { cells: [DIMENSIONS[dimension] ?? dimension, values.join('; ')], look: 'plain' };
  });
  const given = Object.entries(params).map(
    ([name, value]): Line => ({ cells: [`Parâmetro ${name}`, value], look: 'plain' }),
  );
  const changed = changes.shown();
  return [
    { cells: ['Sobre este arquivo'], look: 'title' },
    BLANK,
    ...fact('Relatório', about.report),
    ...fact('Título', about.title),
    ...fact('Período', about.period),
    ...fact(sources.length === 1 ? 'Fonte' : 'Fontes', sources.length === 0 ? undefined : sources.join(', ')),
    ...fact('Revisão', about.revision === undefined ? undefined : `${about.revision}`),
    ...fact('Início da leitura', started && clock(new Date(started), timezone, options)),
    ...fact('Fim da leitura', started && clock(now, timezone, options)),
    ...fact('Fuso horário', timezone),
    ...fact('Limite de linhas', about.limit),
    ...fact('Definição (SHA-256)', about.definition),
    ...fact('Programa', about.tool),
    BLANK,
    { cells: ['Filtros', ''], look: 'heading' },
    ...(asked.length + given.length === 0 ? [{ cells: ['Nenhum'], look: 'plain' } as const] : []),
    ...asked,
    ...given,
    BLANK,
    { cells: ['Células', 'O que o Excel não comporta como está'], look: 'heading' },
    ...(changed.length === 0 ? [{ cells: ['Nada foi alterado'], look: 'plain' } as const] : []),
    ...changed.map(([what, count]): Line => ({ cells: [count, what], look: 'plain' })),
  ];
}

function fact(label: string, value: string | number | undefined): Line[] {
  return value === undefined ? [] : [{ cells: [label, value], look: 'plain' }];
}

function heading(first: string, titles: readonly string[]): Line {
  return { cells: [first, 'Linhas', ...titles], look: 'totals' };
}

function lineOf(name: string, { rows, sums }: Group, totals: readonly Column[], look: Line['look']): Line {
  const decimals = sums.map((sum, index): Shown => {
    return { decimal: sum.toString(), currency: totals[index]?.currency };
  });
  return { cells: [name, rows, ...decimals], look };
}

function nameOf(name: NamedGroup[0]): string {
  if (name === undefined) return `Demais, além dos primeiros ${MOST_GROUPS.toLocaleString('pt-BR')}`;
  return name === null || name === '' ? NO_NAME : name;
}

/** A time in the report's time zone. */
function clock(moment: Date, timeZone: string | undefined, { locale }: XlsxOptions): string {
  const format = new Intl.DateTimeFormat(locale ?? 'sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: timeZone ?? 'UTC',
  });
  return format.format(moment).replace(',', '');
}
