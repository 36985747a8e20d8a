// The words around the rows, in the languages of the option `locale`.
import type { Locale } from '../../core/format.js';
import { FACTS } from '../words/facts.js';
import { inThousands } from './numbers.js';

const PORTUGUESE = {
  ...FACTS['pt-BR'],
  language: 'pt-BR',
  issued: 'Emitido em',
  continued: '(continuação)',
  carried: 'A transportar',
  brought: 'De transporte',
  subtotal: 'Subtotal',
  total: 'Total geral',
  row: 'linha',
  rows: 'linhas',
  noRows: 'Nenhuma linha',
  page: 'página',
  of: 'de',
  index: 'Índice',
  more: 'Demais grupos não constam do índice',
  run: 'Execução',
  revision: 'revisão',
  definition: 'Definição',
  content: 'Conteúdo (SHA-256)',
  accessible: 'Forma acessível destes dados: o arquivo CSV',
} as const;

export type Labels = Readonly<Record<keyof typeof PORTUGUESE, string>>;

const ENGLISH: Labels = {
  ...FACTS.en,
  language: 'en',
  issued: 'Issued on',
  continued: '(continued)',
  carried: 'Carried forward',
  brought: 'Brought forward',
  subtotal: 'Subtotal',
  total: 'Grand total',
  row: 'row',
  rows: 'rows',
  noRows: 'No rows',
  page: 'page',
  of: 'of',
  index: 'Index',
  more: 'Further groups are not in the index',
  run: 'Run',
  revision: 'revision',
  definition: 'Definition',
  content: 'Content (SHA-256)',
  accessible: 'Accessible form of these data: the CSV file',
};

export function labelsOf(locale: Locale | undefined): Labels {
  return locale === 'pt-BR' ? PORTUGUESE : ENGLISH;
}

/** `1.234 linhas`. */
export function rowsText(count: number, locale: Locale | undefined): string {
  const labels = labelsOf(locale);
  return `${countText(count, locale)} ${count === 1 ? labels.row : labels.rows}`;
}

export function countText(count: number, locale: Locale | undefined): string {
  return inThousands(String(count), locale === 'pt-BR' ? '.' : ',');
}
