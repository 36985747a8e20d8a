// What a report's SQL query says about its filters.
import type { SqlRequest } from '../../core/source.js';
import type { Dialect } from './dialect.js';

/** Does the query say itself where the conditions go? Then the report maps words to SQL expressions. */
export function hasMarker({ query }: SqlRequest, { tokens }: Dialect): boolean {
  return tokens(query).some((token) => token.kind === 'marker');
}

/** The mapped words with their columns (or expressions), always in the same order. */
export function dimensionsOf({ mapped }: SqlRequest): [word: string, column: string][] {
  return Object.entries(mapped);
}
