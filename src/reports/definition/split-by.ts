// `split-by` of an output: one file for each value of a dimension or column, or for each combination of several.
import * as z from 'zod';
import { MANIFEST_ENDING } from '../../core/reserved-keys.js';
import type { Column } from '../../core/table.js';
import { exportedColumn } from '../exported-column.js';
import { expandKey, type KeyValues, MAX_SEGMENT_BYTES, TOKENS } from '../key.js';

const word = z.string().min(1);
export const splitBySchema = z.union([word, z.array(word).min(1)]).optional();

/** A dimension or column by which an output is split. */
export interface SplitTerm {
  /** As the report spells it, and a token of the key. */
  readonly word: string;
  /** The name of the exported column that has the values. */
  readonly column: string;
}

interface Definition {
  readonly columns: readonly Column[];
  /** What each filter's word is mapped to: a column's name, an SQL expression, or a path in documents. */
  readonly mapped: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  readonly volatile: readonly string[];
}

/** @throws the error that `complaint` makes for a word that names no exported column, or has another meaning in keys */
export function splitTerms(
  words: readonly string[],
  definition: Definition,
  complaint: (message: string) => Error,
): SplitTerm[] {
  const terms = words.map((word) => ({ word, column: exportedColumn(word, definition, complaint) }));
  for (const [index, { word, column }] of terms.entries()) {
    if (terms.findIndex((term) => term.column === column) !== index)
      throw complaint(`"${word}" stands twice: both are the column "${column}"`);
    if (definition.volatile.includes(column))
      throw complaint(`"${column}" is volatile: its files would have other names at every read`);
    if (TOKENS.some((token) => token === word))
      throw complaint(`{${word}} has a meaning in keys already; call the column otherwise`);
    if (definition.labels.includes(word))
      throw complaint(
        `{${word}} is a label; call the label otherwise, and {${word}} is the value of the file`,
      );
  }
  return terms;
}

/** Bytes: the limit of a file name on Linux, macOS and Windows, without the ending of the manifest's name. */
const LONGEST_NAME = 255 - Buffer.byteLength(MANIFEST_ENDING);

/** What is wrong with a key for these terms, or undefined. */
export function splitKeyFault(
  key: string,
  terms: readonly SplitTerm[],
  values: KeyValues,
): string | undefined {
  const missing = terms.find(({ word }) => !key.includes(`{${word}}`));
  if (missing !== undefined)
    return `found "${key}" without {${missing.word}}: the files of the split would be one`;
  const longest = 'x'.repeat(MAX_SEGMENT_BYTES);
  const split = Object.fromEntries(terms.map(({ word }) => [word, longest]));
  const names = expandKey(key, { ...values, split }).split('/');
  return names.some((name) => Buffer.byteLength(name) > LONGEST_NAME)
    ? `found "${key}", in which a name can be longer than ${LONGEST_NAME} bytes; put a / between the tokens`
    : undefined;
}
