// The contract of a source: what is asked of it, what it answers, and how its rows are read.
import type { Dimension, Filter } from './filter.js';
import type { Batch, Cell, Column, Kind } from './table.js';

/** The query of a report over documents. */
export interface DocumentQuery {
  /** The name of a collection; of a folder's file for a `file:` source. */
  readonly collection: string;
  /** Stages of an aggregation in Extended JSON; `{ $match: "{filters}" }` says where the filters go, else they come last. */
  readonly pipeline: readonly Readonly<Record<string, unknown>>[];
  /** The kind of each mapped dimension's value, and whether dates are stored as ISO text. */
  readonly fields: Readonly<
    Partial<Record<Dimension, { readonly kind: Kind; readonly stored: 'text' | undefined }>>
  >;
  /** The columns that `Request.orderBy` names, exported or not. */
  readonly orderBy: readonly { readonly column: Column; readonly descending: boolean }[];
  /** What becomes of a value that does not fit its column's kind. */
  readonly onMismatch: 'fail' | 'null';
}

/** What one read asks of a source. */
export interface Request {
  /** For messages and `application_name`. */
  readonly report: string;
  /** The SQL as it stands in the report, or what to ask of documents. */
  readonly query: string | DocumentQuery;
  /** The columns to export, in order: the contract. */
  readonly columns: readonly Column[];
  /** Each with the column (or SQL expression) that the report maps the dimension to. */
  readonly filters: readonly { readonly filter: Filter; readonly column: string }[];
  /** Columns that the report maps but nobody filters by in this run: they must exist all the same. */
  readonly mapped: Readonly<Partial<Record<Dimension, string>>>;
  readonly params: Readonly<Record<string, { readonly kind: Kind; readonly value: string }>>;
  /** Column names; a leading `-` means descending. For documents see `DocumentQuery.orderBy`. */
  readonly orderBy: readonly string[];
  readonly limit?: number;
  /** IANA name: the zone in which timestamps are printed and days begin. */
  readonly timezone: string;
}

export type SqlRequest = Request & { readonly query: string };

/** What the planner expects; an estimate, never a promise. */
export interface Estimate {
  readonly rows: number;
  /** Bytes a row inside the source, roughly what it has as CSV. */
  readonly rowBytes: number;
  /** There may be far fewer: filters were not estimated. */
  readonly isBound?: true;
}

/**
 * `index`: by the index `name`. `after-index`: tested on the rows that another condition found by the index `name`.
 * `scan`: every row (document) of `name` is looked at. `result`: tested on every row that the query makes. `never`: nothing
 * can pass, and nothing is read. `unknown`: the engine does not say.
 */
export type FilterPlan =
  | { readonly how: 'index' | 'after-index' | 'scan'; readonly name: string }
  | { readonly how: 'result' | 'never' | 'unknown' };

/** Rows are looked for by these columns: exported ones, or any other of the query. */
export interface KeyPart {
  readonly column: Column;
  readonly value: Cell;
}

/** What becomes of the rows that have a key. */
export interface Trace {
  /** Rows with the key before any filter. */
  readonly found: number;
  /** Rows with the key that pass all filters. */
  readonly selected: number;
  /** For each filter of the request, in order. */
  readonly filters: readonly TracedFilter[];
  /** Some of them: of those that are selected where filters stand inside the query and any is, else of those found. */
  readonly rows: readonly TracedRow[];
}

interface TracedFilter {
  /** Found rows that pass this one; undefined where it stands inside the query, and its rows are no rows of the result. */
  readonly passing: number | undefined;
  /** Rows with the key when this filter alone is left out, where `passing` is unknown. */
  readonly without: number | undefined;
}

export interface TracedRow {
  /** In the order of the request's columns; null too for what does not fit its column. */
  readonly cells: readonly Cell[];
  /** For each filter what it looks at, as text, and whether the row passes; undefined where that cannot be told. */
  readonly filters: readonly { readonly value: Cell | undefined; readonly passes: boolean | undefined }[];
}

/** A request that the source has described and found to match the contract; nothing has been read yet. */
export interface Prepared {
  /** What would run: SQL, or a pipeline as JSON. */
  readonly statement: string;
  /** Do the filters run in the source, or is every row tested here? */
  readonly pushedDown: boolean;
  /** @throws ReportError `source` when the source cannot plan the statement. */
  estimate(): Promise<Estimate>;
  /** How each filter of the request finds its rows, in order. @throws ReportError `source` */
  filterPlans(): Promise<readonly FilterPlan[]>;
  /**
   * The rows that there are without filters, with the first filter of the request, with the first two, and so on; the
   * limit counts for nothing. All are read for it, once, in one query.
   * @throws ReportError `source`
   */
  funnel(): Promise<readonly number[]>;
  /**
   * What becomes of the rows with that key, of which at most `most` are returned.
   * @throws ReportError `usage` for a column that there is not or a value that it cannot hold, `source`
   */
  trace(key: readonly KeyPart[], most: number): Promise<Trace>;
  /** Reads once. Throws ReportError `source`, or the signal's reason, and never ends early in silence. */
  read(): AsyncIterable<Batch>;
  /** After reading: what its reader should know of the data, one line each. */
  notes?(): readonly string[];
  /**
   * Reads at most `count` documents whole, whatever the filters, and says one line each: paths that none has, values that
   * do not fit, fields that nothing takes. Absent where the source describes its columns itself.
   * @throws ReportError `source`
   */
  sample?(count: number): Promise<readonly string[]>;
}

/** What a report waits for before it is read: that the load has finished, that the replica is not behind. */
export interface Question {
  /** For messages and `application_name`. */
  readonly report: string;
  /** SQL that answers with one row of one boolean; or documents of which there has to be one, MongoDB's way. */
  readonly about: string | { readonly collection: string; readonly match: Readonly<Record<string, unknown>> };
  /** For SQL: the report's params, and `from` and `to`, the bounds of the period as `YYYY-MM-DD HH:MM:SS±HH:MM`. */
  readonly params: Request['params'];
  /** IANA name. */
  readonly timezone: string;
}

export interface Answer {
  readonly isReady: boolean;
  /** For messages: `true`, `false`, `null`, `no row`, `no such document`. */
  readonly text: string;
}

/** A column as a source describes it to somebody who has no report yet. */
export interface FoundColumn extends Column {
  /** What the source itself says of its type: `numeric`, `timestamptz`; of documents the kinds of value that were seen. */
  readonly type: string;
  /** What its author wrote about it. */
  readonly comment?: string;
}

/** What a source says of a table, a query or a collection. */
export interface Outline {
  /** The SQL that reads it, or the name of the collection. */
  readonly query: string | { readonly collection: string };
  readonly columns: readonly FoundColumn[];
  /** Names of columns that together are unique and never null; none when the source knows of none. */
  readonly key: readonly string[];
  /** What there is besides, one line each. */
  readonly notes: readonly string[];
}

/** An open source: one database, folder or file. */
export interface Source {
  /** For messages; holds no secret. */
  readonly label: string;
  /** @throws ReportError `contract` (columns, kinds, duplicates) or `source` (the query itself is wrong). */
  prepare(request: Request): Promise<Prepared>;
  /**
   * Asks once, without waiting. Null and no row are not ready.
   * @throws ReportError `definition` when this engine cannot be asked so, `contract` for several rows or another type than
   * one boolean, `source` when asking fails, or the signal's reason
   */
  ask(question: Question): Promise<Answer>;
  /**
   * At most `limit` different values of the column of a mapped dimension that begin with the prefix, for completion: nothing
   * is checked before. Absent where it would cost too much.
   * @throws ReportError `source`
   */
  values?(request: Request, dimension: Dimension, prefix: string, limit: number): Promise<readonly string[]>;
  /**
   * Describes what a report could read. Of documents it reads some.
   * @param from a table, view or query in SQL; a collection
   * @throws ReportError `source` when there is no such thing, or the signal's reason
   */
  outline(from: string): Promise<Outline>;
  /** Releases everything; safe to call after a failure. */
  close(): Promise<void>;
}
