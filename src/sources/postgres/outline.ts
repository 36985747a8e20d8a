// Describes a table, a view or a query: the SQL that reads it, its columns with types and comments, its key.
import type { Client } from 'pg';
import { didYouMean, ReportError } from '../../core/errors.js';
import type { Outline } from '../../core/source.js';
import { kindOf } from '../sql/contract.js';
import { withoutEnd } from '../sql/tokens.js';
import { describe } from './describe.js';
import { tokens } from './dialect.js';
import type { Session } from './session.js';

/**
 * @param from a table or view, as SQL spells its name or as it is, or a query
 * @param doing for messages: what we are doing
 * @throws what the server answers, ReportError `source` for a table that does not exist, `contract` for two columns of one name
 */
export async function outline({ client, dialect }: Session, from: string, doing: string): Promise<Outline> {
  const table = isQuery(from) ? undefined : await tableOf(client, from, doing);
  const query = table === undefined ? textOf(from) : await tableQuery(client, table, doing);
  const { columns } = await describe(client, query);
  const names = columns.map(({ name }) => name);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined)
    throw new ReportError('contract', `${doing}: the query returns the column "${duplicate}" twice`, {
      hint: 'Give each column a name of its own with AS.',
    });
  const comments = await commentsOf(
    client,
    columns.map(({ origin }) => origin),
  );
  return {
    query,
    columns: columns.map(({ name, type }, index) => {
      const comment = comments[index];
      const float = dialect.floats.includes(type) ? { float: true as const } : {};
      return { name, type, kind: kindOf(type, dialect), ...float, ...(comment && { comment }) };
    }),
    key: table === undefined ? [] : await keyOf(client, table),
    notes: [],
  };
}

/** Does it begin as a query does, with more than one word? A table may be called `values`. */
function isQuery(from: string): boolean {
  const code = tokens(from)
    .map(({ kind, text }) => (kind === 'comment' ? ' ' : text))
    .join('');
  return /^[\s(]*(select|with|values|table)\b[\s\S]*\S/i.test(code) && !/^\s*\w+\s*$/.test(code);
}

/** The query without semicolons and comments at its end. */
function textOf(query: string): string {
  return withoutEnd(tokens(query))
    .map(({ text }) => text)
    .join('')
    .trim();
}

/** The OID of a table or view, by its name as SQL spells it or as it is: `vendas."Pedidos 2024"`, `Pedidos 2024`. */
async function tableOf(client: Client, from: string, doing: string): Promise<number> {
  const quoted = (names: readonly string[]) => names.map((name) => client.escapeIdentifier(name)).join('.');
  for (const name of [from, quoted([from]), quoted(from.split('.'))]) {
    const { rows } = await client
      .query<{ oid: string; kind: string }>(
        `SELECT oid::int8::text AS oid, relkind AS kind FROM pg_catalog.pg_class
         WHERE oid = pg_catalog.to_regclass($1::text) AND relkind IN ('r', 'v', 'm', 'f', 'p')`,
        [name],
      )
      // A text that cannot be a name is an error, such as 42602 invalid_name: no table has it.
      .catch((error: { code?: string }) => {
        if (/^(42|0A|22)/.test(error.code ?? '')) return { rows: [] };
        throw error;
      });
    if (rows[0] !== undefined) return Number(rows[0].oid);
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.oid::pg_catalog.regclass::text AS name
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
     ORDER BY name LIMIT 100`,
  );
  throw new ReportError('source', `${doing}: there is no such table or view`, {
    hint: `${didYouMean(
      from,
      rows.map(({ name }) => name),
    )}. A query begins with SELECT or WITH.`,
    retryable: false,
  });
}

/** Names every column, so that a column added later changes no report. */
async function tableQuery(client: Client, table: number, doing: string): Promise<string> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `SELECT $1::oid::pg_catalog.regclass::text AS table,
            ARRAY(SELECT pg_catalog.quote_ident(attname) FROM pg_catalog.pg_attribute
                  WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns`,
    [table],
  );
  const [{ table: name, columns } = { table: '', columns: [] }] = rows;
  if (columns.length === 0)
    throw new ReportError('source', `${doing}: it has no columns`, { retryable: false });
  return `SELECT ${columns.join(',\n       ')}\nFROM ${name}`;
}

async function commentsOf(
  client: Client,
  origins: readonly (readonly [table: number, column: number])[],
): Promise<(string | null)[]> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT pg_catalog.col_description(origin.of, origin.number) AS comment
     FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS origin (of, number, at) ORDER BY at`,
    [origins.map(([table]) => table), origins.map(([, column]) => column)],
  );
  return rows.map(({ comment }) => comment);
}

/** The primary key, or else the narrowest unique index over columns that are never null. */
async function keyOf(client: Client, table: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text ORDER BY k.at) AS columns
     FROM pg_catalog.pg_index AS i
     CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, at)
     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
       AND k.at <= i.indnkeyatts
     GROUP BY i.indexrelid, i.indisprimary
     HAVING bool_and(a.attnotnull)
     ORDER BY i.indisprimary DESC, count(*), i.indexrelid LIMIT 1`,
    [table],
  );
  return rows[0]?.columns ?? [];
}
