// What a report waits for, asked of PostgreSQL: one row of one boolean.
import type { Client } from 'pg';
import { ReportError } from '../../core/errors.js';
import type { Answer, Question, SqlRequest } from '../../core/source.js';
import { describe } from './describe.js';
import { questionStatement } from './statement.js';

/** @throws ReportError `definition` when the question is about documents */
export function questionRequest(question: Question, label: string): SqlRequest {
  const { report, about, params, timezone } = question;
  if (typeof about !== 'string') {
    throw new ReportError(
      'definition',
      `"${report}" waits for documents of "${about.collection}", but ${label} speaks SQL`,
      { hint: 'Write wait-for with a query.' },
    );
  }
  return { report, query: about, columns: [], filters: [], mapped: {}, params, orderBy: [], timezone };
}

/** Inside a transaction. @throws what the server answers, or ReportError `contract` */
export async function ask(client: Client, request: SqlRequest, doing: string): Promise<Answer> {
  const statement = questionStatement(request, client);
  const { columns } = await describe(client, statement);
  const [column] = columns;
  if (columns.length !== 1 || column?.type !== 'bool') {
    const found = columns.map(({ name, type }) => `${name} ${type}`).join(', ') || 'nothing';
    throw new ReportError('contract', `${doing}: the query returns ${found}`, {
      hint: "It has to return one boolean column, such as SELECT max(fim) >= :'to' FROM cargas.",
    });
  }
  const { rows } = await client.query<[boolean | null]>({ text: statement, rowMode: 'array' });
  if (rows.length > 1) {
    throw new ReportError('contract', `${doing}: the query returns more than one row`, {
      hint: 'It has to return one: aggregate, for example with bool_and().',
    });
  }
  return { isReady: rows[0]?.[0] === true, text: rows[0] === undefined ? 'no row' : String(rows[0][0]) };
}
