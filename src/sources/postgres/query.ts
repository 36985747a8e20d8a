// What a report's SQL query says about its filters.
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { SqlRequest } from '../../core/source.js';
import { tokens } from './sql-text.js';

/** Does the query say itself where the conditions go? Then the report maps dimensions to SQL expressions. */
export function hasMarker(query: string): boolean {
  return tokens(query).some((token) => token.kind === 'marker');
}

/** The mapped dimensions in the order in which `typeProbe` numbers them. */
export function dimensionsOf(request: SqlRequest): [Dimension, string][] {
  return DIMENSIONS.flatMap((dimension) => {
    const column = request.mapped[dimension];
    return column === undefined ? [] : [[dimension, column] as [Dimension, string]];
  });
}
