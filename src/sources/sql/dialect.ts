// What differs between SQL engines: reading their text, quoting, type names, casts. sources/sql/ shares the rest.
import type { Filter } from '../../core/filter.js';
import type { Kind } from '../../core/table.js';
import type { Token } from './tokens.js';

export interface Dialect {
  /** Splits SQL text into tokens. */
  tokens(sql: string): Token[];
  /** The text as a string literal, without a cast. */
  escapeLiteral(text: string): string;
  /** The name of a column, quoted. */
  escapeIdentifier(name: string): string;
  /** The types, by the engine's names, whose text is already the canonical text of a kind (docs/en/report-file.md). */
  readonly types: Readonly<Record<Kind, readonly string[] | 'any'>>;
  /** The types of `decimal` that are binary floating point. */
  readonly floats: readonly string[];
  /** A param of the report as an expression of its kind. */
  param(kind: Kind, value: string): string;
  /** The expression to select so that the text of a value is its canonical cell. @param type as the engine names it */
  cell(expression: string, type: string): string;
  /**
   * A filter as a boolean expression, never true for null, in parentheses where it joins conditions.
   * @throws ReportError `contract` when the operand's type cannot hold the dimension, `usage` when it cannot hold a value
   */
  condition(filter: Filter, operand: Operand): string;
}

/** What a condition tests. */
export interface Operand {
  /** A column's quoted name, or the SQL expression of the report, in parentheses unless it is a name. */
  readonly expression: string;
  /** The type that the server says it has, as the engine names it. */
  readonly type: string;
}
