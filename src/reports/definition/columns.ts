// The columns of a definition, and the keys that name columns.
import { didYouMean, type ReportError } from '../../core/errors.js';
import { type Column, isNumeric, type Kind, type LongNumbers, MASKS, type Mask } from '../../core/table.js';
import { numberFormatFault } from '../../writers/words/number-format.js';
import type { Definition } from './schema.js';
import type { YamlText } from './yaml-text.js';

interface ColumnDefinition {
  readonly kind: Kind;
  readonly title?: string | undefined;
  readonly currency?: string | undefined;
  readonly format?: string | undefined;
  readonly 'long-numbers'?: LongNumbers | undefined;
  /** Null is the word null as YAML reads it, or a key without a value. */
  readonly mask?: Mask | null | undefined;
  readonly path?: string | undefined;
}

/** The columns in the order of the file. @throws ReportError `definition` with the line, what was found and what is allowed */
export function parseColumns(definition: Definition, document: YamlText): Column[] {
  const columns = document.keys(['columns']).map((name): Column => {
    const value = Object.hasOwn(definition.columns, name) ? definition.columns[name] : undefined;
    if (value === undefined)
      throw document.complaint(['columns', name], 'this cannot be the name of a column');
    if (typeof value === 'string') return { name, kind: value };
    const {
      kind,
      title,
      currency,
      format,
      'long-numbers': longNumbers,
      mask: givenMask,
      path,
    }: ColumnDefinition = value;
    if (givenMask === null && document.typed(['columns', name, 'mask']) !== 'null')
      throw document.complaint(['columns', name, 'mask'], `found nothing; allowed: ${MASKS.join(', ')}`);
    const mask = givenMask === null ? 'null' : givenMask;
    if (longNumbers !== undefined && !isNumeric(kind)) {
      const complaint = `the column is ${kind}; only an integer or a decimal has long numbers`;
      throw document.complaint(['columns', name, 'long-numbers'], complaint);
    }
    if (mask !== undefined && kind !== 'text')
      throw document.complaint(['columns', name, 'mask'], `the column is ${kind}; only a text is masked`);
    assertCurrency(kind, currency, (complaint) =>
      document.complaint(['columns', name, 'currency'], complaint),
    );
    assertFormat(kind, format, (complaint) => document.complaint(['columns', name, 'format'], complaint));
    return {
      ...{ name, kind, ...(title && { title }), ...(currency && { currency }), ...(format && { format }) },
      ...{ ...(longNumbers && { longNumbers }), ...(mask && { mask }), ...(path && { path }) },
    };
  });
  if (columns.length === 0) throw document.complaint(['columns'], 'at least one column is needed');
  return columns;
}

/**
 * Checks `volatile` and `totals`.
 * @throws ReportError `definition` for a name that is no column, and for a total of a column that is no number
 */
export function assertColumnNames(
  definition: Definition,
  columns: readonly Column[],
  document: YamlText,
): void {
  const names = columns.map(({ name }) => name);
  for (const key of ['volatile', 'totals'] as const) {
    definition[key].forEach((name, index) => {
      if (!names.includes(name))
        throw document.complaint(
          [key, index],
          `found "${name}", which is no exported column; ${didYouMean(name, names)}`,
        );
    });
  }
  definition.totals.forEach((total, index) => {
    const kind = columns.find(({ name }) => name === total)?.kind;
    if (kind !== undefined && !isNumeric(kind))
      throw document.complaint(
        ['totals', index],
        `"${total}" is ${kind}; a total needs an integer or a decimal`,
      );
  });
}

/** @throws what `complaint` makes of an unknown currency, or of a currency for a column that is no number */
function assertCurrency(
  kind: Kind,
  currency: string | undefined,
  complaint: (message: string) => ReportError,
): void {
  if (currency === undefined) return;
  if (!isNumeric(kind)) {
    throw complaint(`the column is ${kind}; an amount of a currency is an integer or a decimal`);
  }
  if (Intl.supportedValuesOf('currency').includes(currency)) return;
  throw complaint(`found "${currency}"; give a code of ISO 4217, such as BRL, USD or EUR`);
}

/** @throws what `complaint` makes of a format that spreadsheets do not have, or of one for a column that is no number */
function assertFormat(
  kind: Kind,
  format: string | undefined,
  complaint: (message: string) => ReportError,
): void {
  if (format === undefined) return;
  const fault = isNumeric(kind)
    ? numberFormatFault(format)
    : `the column is ${kind}; a format shows the numbers of an integer or a decimal`;
  if (fault !== undefined) throw complaint(fault);
}
