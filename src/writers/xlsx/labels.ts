// The words of the sheets Resumo and Sobre, and of the page's foot, in the languages of the option `locale`.
import type { Locale } from '../../core/format.js';
import { FACTS } from '../words/facts.js';

const PORTUGUESE = {
  ...FACTS['pt-BR'],
  // A period without an end, after its first day; and one without a beginning, before its last.
  from: 'em diante',
  to: 'até',
  rows: 'Linhas',
  sheets: 'Planilhas',
  totals: 'Totais',
  allRows: 'Todas as linhas',
  total: 'Total',
  others: 'Demais, além dos primeiros',
  about: 'Sobre este arquivo',
  report: 'Relatório',
  title: 'Título',
  revision: 'Revisão',
  began: 'Início da leitura',
  ended: 'Fim da leitura',
  timezone: 'Fuso horário',
  definition: 'Definição (SHA-256)',
  program: 'Programa',
  noFilters: 'Nenhum',
  allDays: 'todos os dias',
  cells: 'Células',
  changes: 'O que o Excel não comporta como está',
  noChanges: 'Nada foi alterado',
  // &P and &N are the page's number and the number of pages (ECMA-376 part 1, 18.3.1.39 evenFooter).
  page: 'página &P de &N',
} as const;

export type Labels = Readonly<Record<keyof typeof PORTUGUESE, string>>;

const ENGLISH: Labels = {
  ...FACTS.en,
  from: 'and later',
  to: 'up to',
  rows: 'Rows',
  sheets: 'Sheets',
  totals: 'Totals',
  allRows: 'All rows',
  total: 'Total',
  others: 'Others, beyond the first',
  about: 'About this file',
  report: 'Report',
  title: 'Title',
  revision: 'Revision',
  began: 'Reading began',
  ended: 'Reading ended',
  timezone: 'Time zone',
  definition: 'Definition (SHA-256)',
  program: 'Program',
  noFilters: 'None',
  allDays: 'all days',
  cells: 'Cells',
  changes: 'What Excel cannot hold as it is',
  noChanges: 'Nothing was changed',
  page: 'page &P of &N',
};

export function labelsOf(locale: Locale | undefined): Labels {
  return locale === 'pt-BR' ? PORTUGUESE : ENGLISH;
}
