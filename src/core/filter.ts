// A filter: a condition on a business dimension, free of any engine.

/** The business dimensions that a report can map to a column of its query. */
export const DIMENSIONS = ['date', 'organization', 'product', 'product-type', 'quantity', 'price'] as const;

export type Dimension = (typeof DIMENSIONS)[number];

/** The SQL side of a condition: an expression, the type that the server says it has, and how to quote. */
export interface SqlOperand {
  /** A column name already quoted, or the SQL expression of the report. */
  readonly expression: string;
  /** PostgreSQL's internal type name: int2 int4 int8 numeric float4 float8 money text varchar bpchar uuid date timestamp timestamptz … */
  readonly type: string;
  /** Quotes a text as an SQL literal, without a cast. */
  readonly quote: (text: string) => string;
}

/**
 * The condition as data; true when any of them holds, never for null. Numbers are decimal texts without exponent, both
 * ends included; dates are half-open spans of days in the report's time zone, with the instants at which they begin.
 */
export type FilterTest =
  | { readonly of: 'texts'; readonly anyOf: readonly string[] }
  | { readonly of: 'numbers'; readonly anyOf: readonly NumberRange[] }
  | { readonly of: 'dates'; readonly anyOf: readonly DayRange[] };

export interface NumberRange {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

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

/** A condition on one dimension, free of any engine; each source asks for it in its own language. */
export interface Filter {
  readonly dimension: Dimension;
  /** What the user asked for, as typed, for messages and manifests. */
  readonly values: readonly string[];
  /** For engines that take no SQL. */
  readonly test: FilterTest;
  /**
   * The condition as an SQL boolean expression, never true for null, parenthesised where it must be.
   * @throws ReportError `contract` when the operand's type cannot hold this dimension.
   */
  toSql(operand: SqlOperand): string;
}
