// The words for what every report says of itself, which several formats show.
import type { Locale } from '../../core/format.js';
import type { About } from '../../core/writer.js';

export const FACTS = {
  'pt-BR': {
    untitled: 'Relatório',
    period: 'Período',
    filters: 'Filtros',
    limit: 'Limite de linhas',
    source: 'Fonte',
    sources: 'Fontes',
  },
  en: {
    untitled: 'Report',
    period: 'Period',
    filters: 'Filters',
    limit: 'Limit of rows',
    source: 'Source',
    sources: 'Sources',
  },
} as const;

/** The title, else the report's name. */
export function titleOf({ title, report }: About, locale: Locale | undefined): string {
  return title ?? report ?? FACTS[locale ?? 'en'].untitled;
}
