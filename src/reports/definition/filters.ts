// `filters` of a definition: the dimensions and the words of the report's own, each with what it tests.
import * as z from 'zod';
import { DIMENSIONS, type Dimension, type FilterKind, isDimension } from '../../core/filter.js';
import type { DocumentQuery } from '../../core/source.js';
import { type Column, KINDS, type Kind } from '../../core/table.js';
import { ALL_OPTIONS } from '../../writers/index.js';
import type { YamlText } from './yaml-text.js';

const text = z.string().min(1);
const kind = z.enum(KINDS);

const sqlField = z.union([text, z.strictObject({ column: text, kind: kind.optional() })]);
const documentField = z.union([
  text,
  z.strictObject({ path: text, kind: kind.optional(), stored: z.enum(['text']).optional() }),
]);

function byDimension<Field extends z.ZodType>(field: Field) {
  return Object.fromEntries(DIMENSIONS.map((word) => [word, field.optional()]));
}

/** A dimension of an SQL report has its test by itself, so it takes no kind. */
export const sqlFilters = z.object(byDimension(text)).catchall(sqlField).default({});
export const documentFilters = z.object(byDimension(documentField)).catchall(documentField).default({});

type Field = z.infer<typeof sqlField> | z.infer<typeof documentField>;

/** What a report keeps of its filters, and what the query over documents keeps of them. */
interface Filters {
  readonly filters: Readonly<Record<string, string>>;
  readonly filterKinds: Readonly<Record<string, FilterKind>>;
  readonly fields: DocumentQuery['fields'];
}

/** The kind of a dimension's values in documents unless the report gives one. */
const FIELD_KINDS: Readonly<Record<Dimension, Kind>> = {
  date: 'timestamp',
  organization: 'text',
  product: 'text',
  'product-type': 'text',
  quantity: 'decimal',
  price: 'decimal',
};

/** @throws ReportError `definition` for a word that cannot be an option, and for a column that no filter can test */
export function parseFilters(
  given: Readonly<Record<string, Field | undefined>>,
  columns: readonly Column[],
  document: YamlText,
): Filters {
  const filters: Record<string, string> = {};
  const filterKinds: Record<string, FilterKind> = {};
  const fields: Record<string, DocumentQuery['fields'][string]> = {};
  const own = document.keys(['filters']).filter((word) => !isDimension(word));
  for (const word of [...DIMENSIONS, ...own]) {
    const field = given[word];
    if (field === undefined) continue;
    const {
      place,
      kind: named,
      stored,
    } = typeof field === 'string' ? namedPlace(field, columns) : partsOf(field);
    filters[word] = place;
    if (isDimension(word)) {
      fields[word] = { kind: named ?? FIELD_KINDS[word], stored };
      continue;
    }
    const fault = wordFault(word);
    if (fault !== undefined) throw document.complaint(['filters', word], fault);
    const found = named ?? columns.find(({ name, path }) => (path ?? name) === place)?.kind ?? 'text';
    if (found === 'json')
      throw document.complaint(['filters', word], `"${place}" is json, which no filter can test`);
    filterKinds[word] = found;
    fields[word] = { kind: found, stored };
  }
  const misspelt = own.find((word) => /^dat[ae]?s?$/.test(word));
  if (misspelt !== undefined && filters.date === undefined)
    throw document.complaint(
      ['filters', misspelt],
      `without date the report would have no periods: call "${misspelt}" date, or otherwise if a snapshot is meant`,
    );
  return { filters, filterKinds, fields };
}

/**
 * What a filter without braces names: the column of the contract, whose path is elsewhere in the document, or the path itself. Read as
 * a path only, the name of such a column would be a field that no document has, and every row would be left out in silence.
 */
function namedPlace(name: string, columns: readonly Column[]): ReturnType<typeof partsOf> {
  const isPath = columns.some((column) => column.path === name);
  const path = isPath ? undefined : columns.find((column) => column.name === name)?.path;
  return { place: path ?? name };
}

/** The column (or SQL expression, or path) and what else the report says of it. */
export function partsOf(field: Field): {
  readonly place: string;
  readonly kind?: Kind | undefined;
  readonly stored?: 'text' | undefined;
} {
  if (typeof field === 'string') return { place: field };
  return 'column' in field ? { ...field, place: field.column } : { ...field, place: field.path };
}

/**
 * The options of the commands that take filters, and the keys of tests: a word of a report's own is one of both.
 * `test/commands/help.test.ts` holds that none is missing.
 */
const TAKEN: readonly string[] = [
  ...Object.keys(ALL_OPTIONS),
  'columns',
  'compress',
  'deadline',
  'format',
  'funnel',
  'help',
  'json',
  'key',
  'limit',
  'log-format',
  'manifest',
  'mask',
  'name',
  'order-by',
  'otel',
  'output',
  'overwrite',
  'param',
  'params',
  'plain',
  'quiet',
  'run',
  'source',
  'sql',
  'version',
  'vertical',
  'where',
];

/** Bytes. */
const LONGEST_WORD = 64;

/** Why a word cannot be an option of its own, or undefined. */
function wordFault(word: string): string | undefined {
  const isWord = /^\p{Ll}[\p{Ll}\p{N}_]*(?:-\p{Ll}[\p{Ll}\p{N}_]*)*$/u.test(word);
  if (!isWord || word.normalize('NFC') !== word || Buffer.byteLength(word) > LONGEST_WORD)
    return `"${word}" cannot be the option --${word}; a lower-case letter comes first and after each "-", then also digits and "_", such as tipo-cliente`;
  if (TAKEN.includes(word)) return `--${word} is an option already; call the filter otherwise`;
  // Commander stores an option under its name in camel case, and reads --no-… as the opposite of another one.
  if (word.startsWith('no-') || camelCase(word) in {})
    return `--${word} has a meaning of its own on command lines; call the filter otherwise`;
  return undefined;
}

/** The attribute under which commander stores the option `--product-type`: `productType`. */
export function camelCase(word: string): string {
  return word.replace(/-(.)/gu, (_, letter: string) => letter.toUpperCase());
}
