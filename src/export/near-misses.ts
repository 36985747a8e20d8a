// After a read without rows: which value of the data a filter on texts may have meant.
import { nearestWord } from '../core/errors.js';
import { textsOf } from '../core/filter.js';
import { foldedText } from '../core/folded-text.js';
import type { Request, RequestFilter, Source } from '../core/source.js';
import type { Column } from '../core/table.js';
import { literalText } from '../filters/text-values.js';

/** Different values of a column that are compared with the wanted ones. */
const MAX_VALUES = 1000;

/**
 * One line for each text that a filter wants exactly and that was not found, but for case, accents or a few letters. Each source
 * is asked for one column after the other, and gives up soon by itself. Never throws: a suggestion is worth no failure.
 * @param columns all columns of the report: a masked one is masked here, too, when the request leaves it out
 */
export async function nearMisses(
  sources: readonly Source[],
  request: Request,
  columns: readonly Column[],
): Promise<string[]> {
  const others = columns.filter(({ name }) => !request.columns.some((column) => column.name === name));
  const asked = { ...request, columns: [...request.columns, ...others], filters: [] };
  const lines: string[] = [];
  for (const filter of request.filters) {
    const { dimension, values, test } = filter.filter;
    const wanted = test.of === 'texts' ? textsOf(test.anyOf).exact : [];
    if (wanted.length === 0) continue;
    const found = await valuesOf(sources, asked, filter);
    for (const text of wanted) {
      const nearest = found.includes(text) ? undefined : nearestTo(text, found);
      if (nearest === undefined) continue;
      const typed = filter.onResult === undefined ? literalText(text) : values.join(', ');
      lines.push(
        `no rows with --${dimension} ${JSON.stringify(typed)}; did you mean ${JSON.stringify(nearest)}?`,
      );
    }
  }
  return lines;
}

async function valuesOf(
  sources: readonly Source[],
  request: Request,
  { filter: { dimension }, column }: RequestFilter,
): Promise<string[]> {
  const asked = { ...request, mapped: { ...request.mapped, [dimension]: column } };
  const found: string[] = [];
  for (const source of sources) {
    const values = await source.values?.(asked, dimension, '', MAX_VALUES).catch(() => []);
    found.push(...(values ?? []));
  }
  return found;
}

function nearestTo(text: string, found: readonly string[]): string | undefined {
  const folded = foldedText(text);
  return found.find((value) => foldedText(value) === folded) ?? nearestWord(text, found);
}
