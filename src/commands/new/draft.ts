// A report file drafted from what a source says: its columns as they are, and guesses that its author looks at.
import { sourceVariable } from '../../core/config/variables.js';
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { FoundColumn, Outline } from '../../core/source.js';
import { guessedFilters, guessedTotals } from './guesses.js';

export interface Draft {
  /** `sql` or `yaml`. */
  readonly extension: string;
  readonly text: string;
  /** Dimension to the column that was guessed. */
  readonly guessed: Readonly<Partial<Record<Dimension, string>>>;
}

/** @param name of the report; @param source as reports call it */
export function draft(name: string, source: string, outline: Outline): Draft {
  const { query } = outline;
  const guesses = guessedFilters(outline.columns);
  const lines = definition(name, source, outline, guesses);
  const used = DIMENSIONS.flatMap((dimension) =>
    guesses[dimension] ? [[dimension, guesses[dimension].name]] : [],
  );
  const guessed: Draft['guessed'] = Object.fromEntries(used);
  if (typeof query !== 'string') return { extension: 'yaml', text: `${lines.join('\n')}\n`, guessed };
  return { extension: 'sql', text: `${['/*---', ...lines, '---*/', query].join('\n')}\n`, guessed };
}

function definition(
  name: string,
  source: string,
  { query, columns, key, notes }: Outline,
  guesses: Partial<Record<Dimension, FoundColumn>>,
): string[] {
  const isSql = typeof query === 'string';
  const totals = guessedTotals(columns, key, guesses).map((column) => scalar(column.name));
  // A minus in front would mean descending.
  const order = key.some((column) => column.startsWith('-')) ? [] : key;
  const keys = order.map(scalar).join(', ');
  const filters = DIMENSIONS.flatMap((dimension) => {
    const column = guesses[dimension];
    return column === undefined ? [] : [noted(`  ${dimension}: ${mapped(column)}`, 'guessed')];
  });
  return [
    `title: ${scalar(name)}`,
    noted(`source: ${scalar(source)}`, sourceVariable(source)),
    ...(isSql
      ? []
      : [
          noted(
            `collection: ${scalar(query.collection)}`,
            'of MongoDB, or of a folder <collection>.json|.ndjson|.jsonl(.gz) or <collection>/',
          ),
        ]),
    noted('period: day', 'what one `run` covers: day | fortnight (1-15, 16-end) | month'),
    noted('timezone: America/Sao_Paulo', 'where days begin, and how timestamps are printed'),
    ...(filters.length === 0
      ? ['filters: {}']
      : [
          noted(
            'filters:',
            `dimension: a ${isSql ? 'column of the query' : 'path in the document'} (it need not be exported)`,
          ),
          ...filters,
        ]),
    ...(guesses.date === undefined
      ? ['# without a date filter it is a snapshot of now: nothing here looks like the date']
      : []),
    noted('columns:', 'the contract: names, order and kinds of what is exported'),
    ...columns.map(columnLine),
    ...notes.map((note) => `  # ${plain(note)}`),
    order.length > 0
      ? noted(`order-by: [${keys}]`, 'makes the same rows the same bytes')
      : noted(
          'order-by: []',
          'no key was found: name columns that order the rows, so that the same rows are the same bytes',
        ),
    noted(
      `totals: [${totals.join(', ')}]`,
      `exact sums, in the manifest${totals.length > 0 ? '; guessed' : ''}`,
    ),
    noted(
      `gates: { min-rows: 1${order.length > 0 ? `, unique: [${keys}]` : ''} }`,
      'what must hold; one that fails: nothing is published, exit 3',
    ),
    noted('outputs:', 'what `run` publishes, all from one read'),
    `  - { format: csv, key: ${JSON.stringify(`${name}_{YYYYMMDD}.csv`)} }`,
  ];
}

/** Titles longer than that are no headers. */
const LONGEST_TITLE = 60;

function columnLine({ name, kind, path, type, comment }: FoundColumn): string {
  const isTitle = comment !== undefined && comment.length <= LONGEST_TITLE && !/[\r\n]/.test(comment);
  const more = [
    ...(path !== undefined && path !== name ? [`path: ${scalar(path)}`] : []),
    ...(isTitle && comment.trim() !== '' ? [`title: ${scalar(comment)}`] : []),
  ];
  const value = more.length === 0 ? kind : `{ ${[`kind: ${kind}`, ...more].join(', ')} }`;
  const said = [...(type === kind ? [] : [type]), ...(comment !== undefined && !isTitle ? [comment] : [])];
  const line = `  ${scalar(name)}: ${value}`;
  return said.length === 0 ? line : noted(line, said.join('; '));
}

/** As a report maps a dimension: a column of SQL, or a path with a kind where it is not the usual one. */
function mapped({ name, path, kind }: FoundColumn): string {
  if (path === undefined) return scalar(name);
  return kind === 'date' ? `{ path: ${scalar(path)}, kind: date }` : scalar(path);
}

/** Where comments begin, in characters. */
const MARGIN = 34;

function noted(line: string, comment: string): string {
  return `${line.padEnd(MARGIN - 1)} # ${plain(comment)}`;
}

/** On one line, and without what would begin or end a comment of SQL. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\ufffd')
    .replace(/\*(?=\/)|\/(?=\*)/g, '$& ');
}

/** A text as YAML, in a mapping or a list on one line too, that stays inside a comment of SQL. */
function scalar(text: string): string {
  if (/^[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u.test(text) && !/^(true|false|null)$/i.test(text)) return text;
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text)
    .replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped)
    .replace(/\*(?=\/)|(?<=\/)\*/g, '\\x2a');
}
