// Asks PostgreSQL what a report waits for: a query that returns one row of one boolean.
import { ReportError } from '../../core/errors.js';
import type { Answer, SqlRequest } from '../../core/source.js';
import { questionStatement } from '../sql/statement.js';
import { describe } from './describe.js';
import type { Session } from './session.js';

/**
 * Call it inside a transaction.
 * @param doing for messages: what we are doing
 * @throws what the server answers, or ReportError `contract` when the query returns anything else
 */
export async function ask({ client, dialect }: Session, request: SqlRequest, doing: string): Promise<Answer> {
  const statement = questionStatement(request, dialect);
  const { columns } = await describe(client, statement);
  const [column] = columns;
  if (columns.length !== 1 || column?.type !== 'bool') {
    const found = columns.map(({ name, type }) => `${name} ${type}`).join(', ') || 'nothing';
    throw new ReportError('contract', `${doing}: the query returns ${found}`, {
      hint: "It must return one boolean column, such as SELECT max(fim) >= :'to' FROM cargas.",
    });
  }
  const { rows } = await client.query<[boolean | null]>({ text: statement, rowMode: 'array' });
  if (rows.length > 1) {
    throw new ReportError('contract', `${doing}: the query returns more than one row`, {
      hint: 'It must return one: aggregate, for example with bool_and().',
    });
  }
  return { isReady: rows[0]?.[0] === true, text: rows[0] === undefined ? 'no row' : String(rows[0][0]) };
}
