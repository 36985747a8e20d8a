// The values of documents, independent of their storage, and their conversion to cells of each kind.
import type { FloatColumn } from '../../core/source.js';
import type { Cell, Column, Kind } from '../../core/table.js';
import { type Instant, instantSpeller, parseIso } from './instants.js';

export type Value =
  /** Null, or a field that the document does not have. */
  | { readonly type: 'null' }
  | { readonly type: 'text'; readonly text: string }
  /** Decimal digits as stored (rows/sort/numbers.ts), or NaN, Infinity, -Infinity. */
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'boolean'; readonly text: 'true' | 'false' }
  | { readonly type: 'instant'; readonly instant: Instant }
  /** An object or an array, as compact JSON. */
  | { readonly type: 'json'; readonly text: string }
  /** Any other type, by its own name (`ObjectId`, `UUID`, `binary`, …) and its own text. */
  | { readonly type: 'other'; readonly name: string; readonly text: string };

/** The report's zone, and whether ISO 8601 text counts as a date. */
export interface CellRules {
  readonly timezone: string;
  readonly isoText: boolean;
}

/** The value as a cell, or undefined when it does not fit the kind. */
export type ToCell = (value: Value) => Cell | undefined;

/** A decimal column of documents may hold a double, or a number of JSON that was one, in any of them. */
export function floatsOf(columns: readonly Column[]): FloatColumn[] {
  return columns.filter(({ kind }) => kind === 'decimal').map(({ name }) => ({ name }));
}

/** Makes the conversion for one column. */
export function toCell(kind: Kind, { timezone, isoText }: CellRules): ToCell {
  const spell = instantSpeller(timezone);
  const orNull = (convert: (value: Exclude<Value, { type: 'null' }>) => string | undefined): ToCell => {
    return (value) => (value.type === 'null' ? null : convert(value));
  };
  const timestamp = (value: Value): string | undefined => {
    if (value.type === 'instant') return spell(value.instant);
    const parsed = isoText && value.type === 'text' ? parseIso(value.text) : undefined;
    if (parsed?.is === 'date') return `${parsed.text} 00:00:00`;
    return parsed?.is === 'instant' ? spell(parsed.instant) : parsed?.text;
  };
  switch (kind) {
    case 'text':
      return orNull((value) => (value.type === 'instant' ? spell(value.instant) : value.text));
    case 'integer':
      return orNull((value) => (value.type === 'number' ? integer(value.text) : undefined));
    case 'decimal':
      return orNull((value) => (value.type === 'number' ? value.text : undefined));
    case 'boolean':
      return orNull((value) => (value.type === 'boolean' ? value.text : undefined));
    case 'timestamp':
      return orNull(timestamp);
    case 'date':
      // The local day; a year BC keeps its era.
      return orNull((value) => timestamp(value)?.replace(/ [\d:.]+(?:[+-][\d:]+)?/, ''));
    case 'json':
      return orNull((value) => json(value, spell));
  }
}

/** The integer that `5`, `5.00` or the double `1e+21` is; undefined for other numbers. */
function integer(text: string): string | undefined {
  if (/^-?\d+$/.test(text)) return text === '-0' ? '0' : text;
  const whole = /^(-?\d+)\.0+$/.exec(text)?.[1];
  if (whole !== undefined) return whole === '-0' ? '0' : whole;
  const value = Number(text);
  return text.includes('e') && Number.isInteger(value) ? BigInt(value).toString() : undefined;
}

function json(value: Exclude<Value, { type: 'null' }>, spell: (instant: Instant) => string): string {
  switch (value.type) {
    case 'json':
    case 'boolean':
      return value.text;
    case 'number':
      // JSON has no NaN.
      return /^-?\d/.test(value.text) ? value.text : JSON.stringify(value.text);
    case 'instant':
      return JSON.stringify(spell(value.instant));
    default:
      return JSON.stringify(value.text);
  }
}
