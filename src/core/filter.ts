// A filter: a condition on a column of a report, as data; each source says it in its own language.
import type { Kind } from './table.js';

/** The business dimensions. A report maps them, and words of its own, to columns of its query. */
export const DIMENSIONS = ['date', 'organization', 'product', 'product-type', 'quantity', 'price'] as const;

export type Dimension = (typeof DIMENSIONS)[number];

export function isDimension(word: string): word is Dimension {
  return (DIMENSIONS as readonly string[]).includes(word);
}

/** The kinds of columns that a word of a report's own can test. */
export type FilterKind = Exclude<Kind, 'json'>;

/**
 * The condition: true when any member of `anyOf` holds and none of `noneOf`, never true for null. Texts without `anyOf` are any text.
 * Numbers are decimal texts without exponent or plus sign, both ends included. Dates are half-open spans of days in the report's
 * time zone, with the instants at which the days begin.
 */
export type FilterTest =
  | { readonly of: 'texts'; readonly anyOf: readonly TextMatch[]; readonly noneOf?: readonly TextMatch[] }
  | {
      readonly of: 'numbers';
      readonly anyOf: readonly NumberRange[];
      readonly noneOf?: readonly NumberRange[];
    }
  | { readonly of: 'dates'; readonly anyOf: readonly DayRange[] }
  | { readonly of: 'booleans'; readonly anyOf: readonly ('true' | 'false')[] };

/** A text that is equal exactly as typed, or one that contains another without regard to case and accents (core/folded-text.ts). */
export type TextMatch = string | { readonly containing: string };

/** Separates the two kinds of matches. */
export function textsOf(matches: readonly TextMatch[] = []): {
  readonly exact: readonly string[];
  readonly containing: readonly string[];
} {
  return {
    exact: matches.flatMap((match) => (typeof match === 'string' ? [match] : [])),
    containing: matches.flatMap((match) => (typeof match === 'string' ? [] : [match.containing])),
  };
}

/** Both ends included; an undefined end is open. */
export interface NumberRange {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** An undefined end is open. */
export interface DayRange {
  readonly from: StartOfDay | undefined;
  /** Exclusive. */
  readonly to: StartOfDay | undefined;
}

export interface StartOfDay {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** `YYYY-MM-DD HH:MM:SS±HH:MM` */
  readonly instant: string;
}

/** A condition on one column. */
export interface Filter {
  /** A business dimension, a word of the report's own, or `where` for a condition of --where. */
  readonly dimension: string;
  /** What the user asked for, as typed, for messages and manifests. */
  readonly values: readonly string[];
  /** What the engines read. */
  readonly test: FilterTest;
}
