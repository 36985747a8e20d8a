// The contract of a source: requests and questions, their answers, and how rows are read.
import type { Filter } from './filter.js';
import type { Batch, Cell, Column, Kind, Offset } from './table.js';

/** The query of a report over documents. */
export interface DocumentQuery {
  /** The name of a collection; for a folder, of a file in it without its ending. */
  readonly collection: string;
  /** Stages of an aggregation in Extended JSON. The filters replace `{ $match: "{filters}" }`; without one they come last. */
  readonly pipeline: readonly Readonly<Record<string, unknown>>[];
  /** The kind of each mapped word's value, and whether dates are stored as ISO text. */
  readonly fields: Readonly<Record<string, { readonly kind: Kind; readonly stored: 'text' | undefined }>>;
  /** The columns to sort by, exported or not. */
  readonly orderBy: readonly { readonly column: Column; readonly descending: boolean }[];
  /** A value that does not fit its column's kind makes the read fail, or becomes null. */
  readonly onMismatch: 'fail' | 'null';
}

export interface RequestFilter {
  readonly filter: Filter;
  /** The column (or SQL expression, or path) that the report maps its word to. */
  readonly column: string;
  /**
   * Set for a condition on a column of the report, exported or not, instead of a mapped word: it is tested on the rows that the query
   * returns, also where the query says itself where filters go.
   */
  readonly onResult?: Column;
}

/** What to read from a source. */
export interface Request {
  /** For messages and `application_name`. */
  readonly report: string;
  /** The SQL as the report has it, or the query over documents. */
  readonly query: string | DocumentQuery;
  /** The columns to export, in order: the contract. */
  readonly columns: readonly Column[];
  /** What the rows must pass: all of them. */
  readonly filters: readonly RequestFilter[];
  /** Every mapped word with its column, whether this request filters by it or not: all must exist. */
  readonly mapped: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, { readonly kind: Kind; readonly value: string }>>;
  /** Column names; a leading `-` means descending. For documents see `DocumentQuery.orderBy`. */
  readonly orderBy: readonly string[];
  readonly limit?: number;
  /** IANA name of the zone in which timestamps are printed and days begin. */
  readonly timezone: string;
}

export type SqlRequest = Request & { readonly query: string };

/** What the planner expects. */
export interface Estimate {
  readonly rows: number;
  /** The mean size of a row inside the source, in bytes; roughly its size as CSV. */
  readonly rowBytes: number;
  /** There may be far fewer rows: `rows` does not take the filters into account. */
  readonly isBound?: true;
}

/**
 * How a filter finds its rows. `index`: by the index `name`. `after-index`: tested on the rows that another condition found
 * by the index `name`. `scan`: tested on every row (document) of `name`. `result`: tested on every row that the query
 * returns. `never`: no row can pass, and none is read. `unknown`: the engine does not say.
 */
export type FilterPlan =
  | { readonly how: 'index' | 'after-index' | 'scan'; readonly name: string }
  | { readonly how: 'result' | 'never' | 'unknown' };

/** One column of the key to look for; it need not be exported. */
export interface KeyPart {
  readonly column: Column;
  readonly value: Cell;
}

/** Why the rows with a key are, or are not, in a report. */
export interface Trace {
  /** Rows with the key before any filter. */
  readonly found: number;
  /** Rows with the key that pass all filters. */
  readonly selected: number;
  /** One for each filter of the request, in order. */
  readonly filters: readonly TracedFilter[];
  /** Some of the rows found. Where filters stand inside the query and any row is selected, some of the selected ones. */
  readonly rows: readonly TracedRow[];
}

interface TracedFilter {
  /** Found rows that pass this filter; undefined where it stands inside the query and so tests other rows than the result's. */
  readonly passing: number | undefined;
  /** Where `passing` is undefined: rows with the key when only this filter is left out. */
  readonly without: number | undefined;
}

export interface TracedRow {
  /** In the order of the request's columns; a value that does not fit its column is null. */
  readonly cells: readonly Cell[];
  /** For each filter the value that it tests, and whether the row passes; undefined where the source cannot tell. */
  readonly filters: readonly { readonly value: Cell | undefined; readonly passes: boolean | undefined }[];
}

/** A decimal column whose values are, or may be, binary floating point. */
export interface FloatColumn {
  readonly name: string;
  /** The source's name of its type, such as `float8`; absent in documents, where each value has a type of its own. */
  readonly type?: string;
}

/** A request that the source has described, and that matches the contract; nothing has been read yet. */
export interface Prepared {
  /** What read() will run: SQL, or a pipeline as JSON. */
  readonly statement: string;
  /** Does the source apply the filters, or are rows tested in this process? */
  readonly pushedDown: boolean;
  /** What of the source is not read, such as hidden files: one line for each reason. */
  readonly leftOut?: readonly string[];
  /** For each timestamp column by its name; absent for one whose values may have an offset or not. */
  readonly offsets?: Readonly<Record<string, Exclude<Offset, 'sometimes'>>>;
  /** The decimal columns that are binary floating point; absent where none is. */
  readonly floats?: readonly FloatColumn[];
  /** @throws ReportError `source` when the source cannot plan the statement. */
  estimate(): Promise<Estimate>;
  /** One for each filter of the request, in order. @throws ReportError `source` */
  filterPlans(): Promise<readonly FilterPlan[]>;
  /**
   * The number of rows without filters, with the first filter of the request, with the first two, and so on. The limit is
   * ignored. All rows are read once, in one query.
   * @throws ReportError `source`
   */
  funnel(): Promise<readonly number[]>;
  /**
   * Tells why the rows with that key are, or are not, in the report. At most `most` of them are returned.
   * @throws ReportError `usage` for a column that does not exist or a value that it cannot hold, `source`
   */
  trace(key: readonly KeyPart[], most: number): Promise<Trace>;
  /** Can be called once. A read that ends early throws: ReportError `source`, or the signal's reason. */
  read(): AsyncIterable<Batch>;
  /** After reading: what a user should know about the data, one line each. */
  notes?(): readonly string[];
  /**
   * Reads at most `count` documents whole, without filters, and reports: paths that no document has, values that do not
   * fit, fields that the report does not read. Absent where the source itself describes its columns.
   * @throws ReportError `source`
   */
  sample?(count: number): Promise<readonly SampleLine[]>;
}

export interface SampleLine {
  /** One line. */
  readonly detail: string;
  /** Of a column or filter: none of the documents has its path. */
  readonly isMissing: boolean;
}

/** What a report waits for before it is read, such as a finished load or a replica that has caught up. */
export interface Question {
  /** For messages and `application_name`. */
  readonly report: string;
  /** SQL that returns one row of one boolean; or a `$match`, which at least one document of the collection has to pass. */
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

/** A column as a source describes it, for a report that does not exist yet. */
export interface FoundColumn extends Column {
  /** The source's own name of its type, such as `timestamptz`; for documents the kinds of value that were seen. */
  readonly type: string;
  /** The comment on the column in the database. */
  readonly comment?: string;
}

/** How a source describes a table, a query or a collection. */
export interface Outline {
  /** SQL that reads it, or the name of the collection. */
  readonly query: string | { readonly collection: string };
  readonly columns: readonly FoundColumn[];
  /** Names of columns that together are unique and never null; empty when the source knows of none. */
  readonly key: readonly string[];
  /** Remarks, one line each. */
  readonly notes: readonly string[];
}

/** An open source: one database, folder or file. */
export interface Source {
  /** For messages; holds no secret. */
  readonly label: string;
  /** @throws ReportError `contract` (columns, kinds, duplicates) or `source` (the query itself is wrong). */
  prepare(request: Request): Promise<Prepared>;
  /**
   * Asks once, without waiting. Null and no row mean not ready.
   * @throws ReportError `definition` for a question in another language than the engine's, `contract` when the answer is
   * not one boolean, `source` when asking fails, or the signal's reason
   */
  ask(question: Question): Promise<Answer>;
  /**
   * For shell completion and suggestions: at most `limit` different values, beginning with the prefix, of a mapped word's column. Ends
   * after some seconds or some thousand documents by itself. The
   * request is not checked before. Absent where it would cost too much.
   * @throws ReportError `source`
   */
  values?(request: Request, word: string, prefix: string, limit: number): Promise<readonly string[]>;
  /**
   * Describes what a report could read. A source of documents reads a sample of them.
   * @param from a table, view or query in SQL; a collection
   * @throws ReportError `source` when it does not exist, or the signal's reason
   */
  outline(from: string): Promise<Outline>;
  /**
   * For `check`: what is unsafe about the connection and its user, one line each. Absent where nothing can be.
   * @throws ReportError `source`, or the signal's reason
   */
  cautions?(): Promise<readonly string[]>;
  /** Releases everything; safe to call after a failure. */
  close(): Promise<void>;
}
