// Reads the PDF files that write.ts writes, and nothing else: what could be read in two ways is refused.
import { LOCALES, type SpelledOptions, type WrittenFile } from '../../core/format.js';
import type { Cell } from '../../core/table.js';
import { damaged } from './read/damaged.js';
import { pageContents } from './read/objects.js';
import { PageTable } from './read/table.js';
import { Window } from './read/window.js';

/**
 * Rows as cells, the titles first. Numbers are canonical; dates and booleans are as the file spells them. The file is read once
 * from its beginning to its end, and memory holds one page of it.
 * @throws ReportError `contract` when it is no file of ours, also when somebody changed it later, and what `bytes` throws
 */
export async function* readPdf(
  bytes: AsyncIterable<Buffer>,
  { options, columns }: Pick<WrittenFile, 'options' | 'columns'>,
): AsyncGenerator<Cell[][]> {
  const table = new PageTable(columns, groupBy(options), localeOf(options));
  const chunks = bytes[Symbol.asyncIterator]();
  let isEmpty = true;
  try {
    for await (const content of pageContents(new Window(chunks))) {
      const rows = table.add(content);
      if (rows.length > 0) yield rows;
      isEmpty = false;
    }
  } finally {
    await chunks.return?.();
  }
  if (isEmpty) throw damaged('it has no pages of rows');
}

function groupBy({ 'group-by': names = [] }: SpelledOptions): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw damaged(`its rows are grouped by ${JSON.stringify(names)}`);
}

function localeOf({ locale }: SpelledOptions) {
  const found = LOCALES.find((known) => known === locale);
  if (found === undefined && locale !== undefined) throw damaged(`its locale is ${JSON.stringify(locale)}`);
  return found;
}
