// Invents the rows that the first test of a report reads: three, in the shape of the table or collection.
import { addDays } from '../../core/calendar.js';
import type { FoundColumn, Outline } from '../../core/source.js';
import { segmentsOf } from '../../sources/documents/path.js';

/** Types of PostgreSQL for which the invented values are valid; columns of others get the type of their kind. */
const KNOWN_TYPES = new Set(
  'int2 int4 int8 numeric float4 float8 bool text varchar date timestamp timestamptz json jsonb uuid'.split(
    ' ',
  ),
);
const TYPE_OF_KIND: Readonly<Record<FoundColumn['kind'], string>> = {
  text: 'text',
  integer: 'int8',
  decimal: 'numeric',
  boolean: 'bool',
  date: 'date',
  timestamp: 'timestamptz',
  json: 'jsonb',
};
const ROWS = [1, 2, 3];

export interface Fixture {
  /** `sql`, or `ndjson` for documents. */
  readonly extension: string;
  readonly text: string;
}

/**
 * @param day of the first two rows; the third has the day after. Where a day is in the key, each row has a day of its own
 * @returns undefined for a query: nothing says which tables it reads
 */
export function inventFixture(outline: Outline, day: string): Fixture | undefined {
  const { query, columns, key } = outline;
  const hasDayInKey = columns.some(({ name, kind }) => key.includes(name) && /^(date|timestamp)$/.test(kind));
  const dayOf = (row: number) => addDays(day, hasDayInKey ? row - 1 : Number(row === 3));
  if (typeof query !== 'string') {
    const lines = ROWS.map((row) => JSON.stringify(documentOf(columns, row, dayOf(row))));
    return { extension: 'ndjson', text: `${lines.join('\n')}\n` };
  }
  const [, names = '', table] = /^SELECT (.*)\nFROM (\S[^\n]*)$/s.exec(query) ?? [];
  const spelled = names.split(',\n       ');
  if (table === undefined || spelled.length !== columns.length) return undefined;
  return { extension: 'sql', text: tableText(table, spelled, columns, dayOf) };
}

function tableText(
  table: string,
  names: readonly string[],
  columns: readonly FoundColumn[],
  dayOf: (row: number) => string,
): string {
  const [, schema] = /^("(?:[^"]|"")+"|[^".]+)\.(?=["\w])/.exec(table) ?? [];
  const types = columns.map(({ type, kind }) => (KNOWN_TYPES.has(type) ? type : TYPE_OF_KIND[kind]));
  const rows = ROWS.map(
    (row) =>
      `  (${columns.map((column, at) => sqlValue(column, types[at] ?? '', row, dayOf(row))).join(', ')})`,
  );
  return [
    `-- Invented rows in the shape of ${table}: tests read them in place of the database. Write those that matter to you.`,
    ...(schema === undefined ? [] : [`CREATE SCHEMA IF NOT EXISTS ${schema};`]),
    `CREATE TABLE ${table} (`,
    names.map((name, at) => `  ${name} ${types[at]}`).join(',\n'),
    ');',
    `INSERT INTO ${table} VALUES`,
    `${rows.join(',\n')};`,
    '',
  ].join('\n');
}

function sqlValue({ name, kind }: FoundColumn, type: string, row: number, day: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  if (type === 'uuid') return quoted(`00000000-0000-4000-8000-00000000000${row}`);
  if (type === 'timestamptz') return quoted(`${day} 12:0${row}:00-03`);
  switch (kind) {
    case 'integer':
      return String(row);
    case 'decimal':
      return `${row}0.50`;
    case 'boolean':
      return String(row === 1);
    case 'date':
      return quoted(day);
    case 'timestamp':
      return quoted(`${day} 12:0${row}:00`);
    case 'json':
      return quoted(`{"a": ${row}}`);
    case 'text':
      return quoted(`${name} ${row}`);
  }
}

function documentOf(columns: readonly FoundColumn[], row: number, day: string): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const column of columns) {
    const path = segmentsOf(column.path ?? column.name);
    let object = document;
    for (const field of path.slice(0, -1)) {
      object[field] ??= {};
      object = object[field] as Record<string, unknown>;
    }
    object[path.at(-1) ?? ''] = documentValue(column, row, day);
  }
  return document;
}

/** A value of Extended JSON. */
function documentValue({ name, kind }: FoundColumn, row: number, day: string): unknown {
  switch (kind) {
    case 'integer':
      return row;
    case 'decimal':
      return row * 10 + 0.5;
    case 'boolean':
      return row === 1;
    case 'date':
      return day;
    case 'timestamp':
      return { $date: `${day}T15:0${row}:00Z` };
    case 'json':
      return { a: row };
    case 'text':
      return `${name} ${row}`;
  }
}
