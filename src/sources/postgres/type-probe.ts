// A statement that is only described: it tells the types of the expressions that a report filters by.
import type { SqlRequest } from '../../core/source.js';
import type { Dialect } from '../sql/dialect.js';
import { dimensionsOf } from '../sql/query.js';
import { queryText } from '../sql/statement.js';

/**
 * The query with `(expression) = $n` for every mapped dimension in place of each marker: the types that the server infers
 * for $1, $2, … are those of the expressions. Without a marker it is the query itself.
 */
export function typeProbe(request: SqlRequest, dialect: Dialect): string {
  let number = 0;
  return queryText(request, dialect, () =>
    dimensionsOf(request).map(([, expression]) => `(${expression}) = $${++number}`),
  );
}
