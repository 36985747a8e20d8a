// The contract of a writer: a table becomes the bytes of a format (the format's own contract: format.ts).
import type { FilterTest } from './filter.js';
import type { Table } from './table.js';

/** Writes one file of a format. */
export interface Writer {
  /** The file ending, without a dot. */
  readonly extension: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Yields at least the header; throws what the table throws. The memory of a chunk is used again for the next one. */
  encode(table: Table): AsyncGenerator<Buffer>;
  /** The number of text cells, those of the header included, that got an apostrophe so far (docs/en/formats.md); 0 for a format without formulas. */
  readonly neutralised: number;
  /** After encoding: what the format could not hold unchanged, one line each. */
  notes?(): readonly string[];
  /** After encoding: column name to the numbers that the file holds as text; only columns that have such numbers. */
  textNumbers?(): Readonly<Record<string, TextNumbers>>;
  /** Whether the file may have formulas over any of its columns, as a workbook from a template may. */
  readonly hasFormulas?: boolean;
}

/** Numbers of one column that a file holds as text: a sum that its reader computes leaves them out. */
export interface TextNumbers {
  readonly count: number;
  /** How many of them have too many digits for the format; the others are NaN and Infinity. */
  readonly long: number;
  /** The first one with too many digits, and its row, from 1. */
  readonly first: { readonly value: string; readonly row: number } | undefined;
}

/** Days `YYYY-MM-DD`, both ends included; an undefined end is open. */
export interface ReportedDays {
  readonly from: string | undefined;
  readonly last: string | undefined;
}

/** A condition on the rows of a file. */
export interface ReportedFilter {
  /** A dimension, a word of the report's own, or the column by which the file is one part of a split. */
  readonly word: string;
  /** The title that the report gives the column. */
  readonly title?: string | undefined;
  /** `null` for the part of a split that has no value there. */
  readonly test: FilterTest | 'null';
  /** A condition on a column, which is shown as it was typed. */
  readonly typed?: string | undefined;
}

/** What a format with room for it, such as a workbook, says about the rows; absent fields are left out. */
export interface About {
  /** The report's name. */
  readonly report?: string | undefined;
  /** The unique id of the run that writes it, which is the `token` of its manifest. */
  readonly run?: string | undefined;
  readonly title?: string | undefined;
  readonly period?: ReportedDays | undefined;
  /** IANA name: the zone of the timestamps. */
  readonly timezone?: string | undefined;
  readonly filters?: readonly ReportedFilter[] | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** The most rows that were asked for. */
  readonly limit?: number | undefined;
  /** Names of sources; no URL, no secret. */
  readonly sources?: readonly string[] | undefined;
  /** The definition's hash. */
  readonly definition?: string | undefined;
  readonly revision?: number | undefined;
  /** When the run began: ISO 8601, UTC. Without it a workbook says 1980, so that the same rows make the same bytes. */
  readonly started?: string | undefined;
  /** Name and version of the program. */
  readonly tool?: string | undefined;
  /** Names of columns that differ at every read and are no part of the content's hash. */
  readonly volatile?: readonly string[] | undefined;
  /** Names of integer or decimal columns to sum; columns that are not exported are ignored. */
  readonly totals?: readonly string[] | undefined;
  /** The columns by which totals are grouped; columns that are not exported are ignored. */
  readonly dimensions?:
    | { readonly organization?: string | undefined; readonly 'product-type'?: string | undefined }
    | undefined;
}
