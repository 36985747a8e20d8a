// What a word of `split-by` or `group-by` means: an exported column.
import { didYouMean } from '../core/errors.js';
import { isDimension } from '../core/filter.js';
import type { Column } from '../core/table.js';

interface Known {
  readonly columns: readonly Column[];
  /** What each word of `filters` is mapped to: a column's name, an SQL expression, or a path in documents. */
  readonly mapped: Readonly<Record<string, string>>;
}

/**
 * The name of the exported column that a word of `filters`, or a column's name, means.
 * @throws the error that `complaint` makes for a word that names none
 */
export function exportedColumn(
  word: string,
  { columns, mapped }: Known,
  complaint: (message: string) => Error,
): string {
  const names = columns.map(({ name }) => name);
  const at = Object.hasOwn(mapped, word) ? mapped[word] : undefined;
  if (at === undefined) {
    if (names.includes(word)) return word;
    if (isDimension(word)) throw complaint(`"${word}" is no exported column, and filters does not map it`);
    const known = [...new Set([...Object.keys(mapped), ...names])];
    throw complaint(
      `found "${word}", which is no word of filters and no exported column; ${didYouMean(word, known)}`,
    );
  }
  // For documents, both filters and columns may name paths.
  const column =
    columns.find(({ name, path }) => (path ?? name) === at) ?? columns.find(({ name }) => name === at);
  if (column !== undefined) return column.name;
  // A word of the report's own may test an expression and still be the name of a column.
  if (!isDimension(word) && names.includes(word)) return word;
  throw complaint(
    `"${word}" is "${at}" in filters, which is no exported column: what is not in the rows cannot divide them; export it, or name a column that has the same values`,
  );
}
