// What a report's SQL query says about its filters.
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { SqlRequest } from '../../core/source.js';
import type { Dialect } from './dialect.js';

/** Does the query say itself where the conditions go? Then the report maps dimensions to SQL expressions. */
export function hasMarker({ query }: SqlRequest, { tokens }: Dialect): boolean {
  return tokens(query).some((token) => token.kind === 'marker');
}

/** The mapped dimensions with their columns (or expressions), always in the same order. */
export function dimensionsOf(request: SqlRequest): [Dimension, string][] {
  return DIMENSIONS.flatMap((dimension) => {
    const column = request.mapped[dimension];
    return column === undefined ? [] : [[dimension, column] as [Dimension, string]];
  });
}
