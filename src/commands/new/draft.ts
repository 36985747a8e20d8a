// Drafts a report file from the outline of a source: its columns, and guessed filters and totals for the author to review.
import { sourceVariable } from '../../core/config/variables.js';
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { FoundColumn, Outline } from '../../core/source.js';
import { numericCast } from '../../sources/sql/exact.js';
import { guessFilters, guessTotals } from './guesses.js';

export interface Draft {
  /** `sql` or `yaml`. */
  readonly extension: string;
  readonly text: string;
  /** Dimension to its guessed column. */
  readonly guessed: Readonly<Partial<Record<Dimension, string>>>;
}

/**
 * The text of a report file.
 * @param name of the report
 * @param source the name of the source in report files
 * @param testDay the day of a test that is a run; without it there is no test
 */
export function draftReport(name: string, source: string, outline: Outline, testDay?: string): Draft {
  const { query } = outline;
  const guesses = guessFilters(outline.columns);
  const test = [
    withComment('tests:', 'what `reportctl test` compares with goldens'),
    `  - { run: ${testDay} }`,
  ];
  const lines = [...definitionLines(name, source, outline, guesses), ...(testDay === undefined ? [] : test)];
  const used = DIMENSIONS.flatMap((dimension) =>
    guesses[dimension] ? [[dimension, guesses[dimension].name]] : [],
  );
  const guessed: Draft['guessed'] = Object.fromEntries(used);
  if (typeof query !== 'string') return { extension: 'yaml', text: `${lines.join('\n')}\n`, guessed };
  return { extension: 'sql', text: `${['/*---', ...lines, '---*/', query].join('\n')}\n`, guessed };
}

/** The text of a report that is its query and the contract of its columns, and nothing else. */
export function draftQuery(source: string, { columns }: Outline, query: string): string {
  return ['/*---', `source: ${scalar(source)}`, 'columns:', ...columns.map(columnLine), '---*/', query].join(
    '\n',
  );
}

function definitionLines(
  name: string,
  source: string,
  { query, columns, key, notes }: Outline,
  guesses: Partial<Record<Dimension, FoundColumn>>,
): string[] {
  const isSql = typeof query === 'string';
  const totals = guessTotals(columns, key, guesses);
  // In order-by a leading minus means descending, so such a column cannot be named there.
  const order = key.some((column) => column.startsWith('-')) ? [] : key;
  const keys = order.map(scalar).join(', ');
  return [
    `title: ${scalar(name)}`,
    withComment(`source: ${scalar(source)}`, sourceVariable(source)),
    ...(isSql
      ? []
      : [
          withComment(
            `collection: ${scalar(query.collection)}`,
            'of MongoDB, or of a folder <collection>.json|.ndjson|.jsonl(.gz) or <collection>/',
          ),
        ]),
    withComment('period: day', 'what one `run` covers: day | fortnight (1-15, 16-end) | month'),
    withComment('timezone: America/Sao_Paulo', 'where days begin, and how timestamps are printed'),
    ...filterLines(isSql, guesses),
    withComment('columns:', 'the contract: names, order and kinds of what is exported'),
    ...columns.map(columnLine),
    ...lookLines(columns, totals),
    ...notes.map((note) => `  # ${commentText(note)}`),
    order.length > 0
      ? withComment(`order-by: [${keys}]`, 'the same rows always make the same file')
      : withComment(
          'order-by: []',
          'no key was found: name columns that order the rows, so that the same rows always make the same file',
        ),
    withComment(
      `totals: [${totals.map((column) => scalar(column.name)).join(', ')}]`,
      `exact sums, in the manifest${totals.length > 0 ? '; guessed' : ''}`,
    ),
    withComment(
      `gates: { min-rows: 1${order.length > 0 ? `, unique: [${keys}]` : ''} }`,
      'conditions; when one fails, nothing is published and run exits with 3',
    ),
    withComment('outputs:', 'what `run` publishes, all from one read'),
    `  - { format: csv, key: ${JSON.stringify(`${name}_{YYYYMMDD}.csv`)} }`,
    withComment(
      `  # - { format: pdf, key: ${JSON.stringify(`${name}_{YYYYMMDD}.pdf`)}, locale: pt-BR }`,
      'pages to read and sign',
    ),
    withComment(
      `  # - { format: xlsx, key: ${JSON.stringify(`${name}_{YYYYMMDD}.xlsx`)}, locale: pt-BR }`,
      'a workbook beside it, in Portuguese',
    ),
  ];
}

/** How a column gets what a workbook shows of it, by the example of the last total. */
function lookLines(columns: readonly FoundColumn[], totals: readonly FoundColumn[]): string[] {
  const column = totals.at(-1) ?? columns.find(({ kind }) => kind === 'decimal');
  if (column === undefined) return [];
  const place =
    column.path === undefined || column.path === column.name ? '' : `path: ${scalar(column.path)}, `;
  const example = `${scalar(column.name)}: { kind: ${column.kind}, ${place}title: ${scalar(titleOf(column.name))}, currency: BRL }`;
  return [`  # its header and how a workbook shows it: ${example}, or format: "0.0%"`];
}

function filterLines(isSql: boolean, guesses: Partial<Record<Dimension, FoundColumn>>): string[] {
  const filters = DIMENSIONS.flatMap((dimension) => {
    const column = guesses[dimension];
    return column === undefined ? [] : [withComment(`  ${dimension}: ${filterColumn(column)}`, 'guessed')];
  });
  const place = isSql ? 'column of the query' : 'path in the document';
  return [
    ...(filters.length === 0
      ? ['filters: {}']
      : [withComment('filters:', `dimension: a ${place} (it need not be exported)`), ...filters]),
    ...(guesses.date === undefined
      ? ['# no column looks like the date: without a date filter the report is a snapshot of now']
      : []),
  ];
}

/** A longer comment becomes a remark instead of a title. */
const MAX_TITLE_CHARACTERS = 60;

function columnLine(column: FoundColumn): string {
  const { name, kind, path, type, comment } = column;
  const isTitle = comment !== undefined && comment.length <= MAX_TITLE_CHARACTERS && !/[\r\n]/.test(comment);
  const more = [
    ...(path !== undefined && path !== name ? [`path: ${scalar(path)}`] : []),
    ...(isTitle && comment.trim() !== '' ? [`title: ${scalar(comment)}`] : []),
  ];
  const value = more.length === 0 ? kind : `{ ${[`kind: ${kind}`, ...more].join(', ')} }`;
  const remarks = [
    ...(type === kind ? [] : [type]),
    ...floatRemark(column),
    ...moneyRemark(column),
    ...(comment !== undefined && !isTitle ? [comment] : []),
  ];
  const line = `  ${scalar(name)}: ${value}`;
  return remarks.length === 0 ? line : withComment(line, remarks.join('; '));
}

/** `valor_total` as people write it. */
function titleOf(name: string): string {
  return name.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());
}

/** What to write for exact sums of a floating-point column. */
function floatRemark({ float, path, name }: FoundColumn): string[] {
  if (float === undefined) return [];
  // A pipeline cannot name a field with a dot in its name by a path.
  if (path?.includes('\\')) return ['floating point'];
  const exact = path === undefined ? numericCast(name) : `{ $round: [{ $toDecimal: "$${path}" }, 4] }`;
  return [`floating point; for exact sums ${path === undefined ? 'select' : '$set it to'} ${exact}`];
}

/** PostgreSQL prints money in the server's language, with its currency: a text, which nothing sums. */
function moneyRemark({ type, kind, name }: FoundColumn): string[] {
  return type === 'money' && kind === 'text'
    ? [`exported as text; for amounts select ${numericCast(name)}`]
    : [];
}

/** The value of a filter in a report file: a column of SQL, or the path in a document, with its kind if that is `date`. */
function filterColumn({ name, path, kind }: FoundColumn): string {
  if (path === undefined) return scalar(name);
  return kind === 'date' ? `{ path: ${scalar(path)}, kind: date }` : scalar(path);
}

/** The column, counted from 0, in which comments begin. */
const COMMENT_COLUMN = 34;

function withComment(line: string, comment: string): string {
  return `${line.padEnd(COMMENT_COLUMN - 1)} # ${commentText(comment)}`;
}

/** A text on one line, without `/*` and `*\/`, which would begin or end a comment of SQL. */
function commentText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\ufffd')
    .replace(/\*(?=\/)|\/(?=\*)/g, '$& ');
}

/** A text as a YAML scalar, also valid within `{ … }` and `[ … ]`, that cannot begin or end a comment of SQL. */
function scalar(text: string): string {
  if (/^[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u.test(text) && !/^(true|false|null)$/i.test(text)) return text;
  const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text)
    .replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, unicodeEscape)
    .replace(/\*(?=\/)|(?<=\/)\*/g, '\\x2a');
}
