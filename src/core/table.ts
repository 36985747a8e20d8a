// The vocabulary of DESIGN.md as types: what flows from a source through filters and a writer to a destination.

/** What a column's cells are; the canonical text of each kind is DESIGN.md's "cell". */
export const KINDS = ['text', 'integer', 'decimal', 'boolean', 'date', 'timestamp', 'json'] as const;
export type Kind = (typeof KINDS)[number];

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** The header that readers see; without one the name is. */
  readonly title?: string;
  /** ISO 4217: an integer or decimal is an amount of it; a workbook shows it so, no other format changes. */
  readonly currency?: string;
  /** In documents: where the value is, such as `organizacao.nome` or `itens.0.preco`; without one, at the name. */
  readonly path?: string;
}

/** The canonical text of a value, or null. Null and the empty text are different. */
export type Cell = string | null;

/**
 * Rows as lines of PostgreSQL's COPY text, in valid UTF-8: a tab after each cell but the last, a line feed after that;
 * `\N` is null, and a backslash spells backslash, tab and line breaks. Nobody may change the bytes.
 */
export interface EncodedRows {
  readonly bytes: Buffer;
  /** The position of the tab or line feed that ends each cell, row by row. */
  readonly ends: Int32Array;
}

/** About 1,000 rows travelling together; never empty. */
export interface Batch {
  readonly rowCount: number;
  /** The same rows still encoded, from sources that read them so: who can use them saves the decoding. */
  readonly encoded?: EncodedRows;
  /** The rows in column order, decoded at the first call and kept; nobody may change them. */
  rows(): readonly (readonly Cell[])[];
}

export interface Table {
  readonly columns: readonly Column[];
  /** One pass. Ends by throwing when the source failed, was cancelled, or reports another row count. */
  readonly batches: AsyncIterable<Batch>;
}

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

/** A format. Turns a table into bytes. */
export interface Writer {
  /** The file ending, without a dot. */
  readonly extension: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Yields at least the header; ends by throwing when the table does. The memory of a chunk is used again for the next. */
  encode(table: Table): AsyncGenerator<Buffer>;
  /** Text cells neutralised so far (DESIGN.md, "The commands"); 0 for formats that have no formulas to fear. */
  readonly neutralised: number;
  /** After encoding: what the format could not hold as it was, one line each. */
  notes?(): readonly string[];
}

/** What a published file is, as the destination knows it. */
export interface Published {
  /** Where it can be fetched: an absolute path or an s3:// URL. */
  readonly location: string;
  readonly bytes: number;
  /** As `Stored.version`. */
  readonly version: string;
  readonly etag?: string;
  /** The encryption at rest that the store confirmed, e.g. `AES256`. */
  readonly encryption?: string;
  /** How many parts it went up in; without it, in one. */
  readonly parts?: number;
  /** What the store computed over the bytes, by the name of the algorithm: `{ CRC32: 'q7Hm2Q==' }`. */
  readonly checksum?: Readonly<Record<string, string>>;
}

/** Bytes on their way to a key. Exactly one of publish and discard is called, once. */
export interface Staged {
  /** Takes the next bytes; resolves when there is room for more, and the chunk may be used again. @throws ReportError `destination` */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes the file visible, whole, in one step.
   * @throws ReportError `destination`; then nothing new is visible and nothing is left behind.
   */
  publish(): Promise<Published>;
  /** Removes what was staged and confirms it. @throws ReportError `destination` naming what is left. */
  discard(): Promise<void>;
}

/**
 * What becomes of a file that has the key already. `never`: it is an error at publish, however late it appeared.
 * `replace`: it is replaced whole. A version: it is replaced while it is that version, and an error when it is another or gone.
 */
export type Existing = 'never' | 'replace' | { readonly version: string };

export interface StageOptions {
  readonly contentType: string;
  readonly existing: Existing;
  /** `gzip`… when the bytes are compressed. */
  readonly contentEncoding?: string;
}

/** What is known of a file without reading it. */
export interface Stored {
  readonly key: string;
  readonly bytes: number;
  /** Names this content of this key: an ETag, or what the file system knows a file by. */
  readonly version: string;
  /** Milliseconds since it was written, by the store's own clock. */
  readonly age: number;
  /** The token of the run that wrote it, where the store keeps one; a folder does not, nor does a listing. */
  readonly token?: string;
}

/** What a run that was killed has left behind: parts of an upload, or a temporary file. */
export interface Leftover {
  readonly key: string;
  /** Milliseconds since it was begun. */
  readonly age: number;
  /** Removes it and confirms it. @throws ReportError `destination` */
  remove(): Promise<void>;
}

/** One thing that a check found out. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A place that takes bytes under a key: a bucket with a prefix, a folder, stdout. All methods but `close` throw ReportError `destination`. */
export interface Destination {
  /** For messages; holds no secret. */
  readonly label: string;
  /** The most bytes that one file can have here, and the setting (now so many bytes) that it grows with; without it there is no such limit. */
  readonly capacity?: { readonly bytes: number; readonly setting: string; readonly current: number };
  stage(key: string, options: StageOptions): Promise<Staged>;
  /** A small file (a manifest, a run record), or undefined when there is none. */
  read(key: string): Promise<(Stored & { readonly content: Buffer }) | undefined>;
  stat(key: string): Promise<Stored | undefined>;
  /** The bytes of a file of any size; ends by throwing when they could not all be read. */
  download(key: string): AsyncIterable<Buffer>;
  /** Every file whose key begins with the prefix, in the order of the keys' bytes; nothing unfinished. */
  list(prefix: string): AsyncIterable<Stored>;
  /** The file that has the key now, of that version, also under another key, where it replaces what is there. */
  copy(from: Pick<Stored, 'key' | 'version'>, to: string): Promise<void>;
  /** Removes a file while it is that version; one that is gone or another is left alone. */
  remove(file: Pick<Stored, 'key' | 'version'>): Promise<void>;
  /** What killed runs have left here, of this program only. */
  leftovers(): AsyncIterable<Leftover>;
  /**
   * One sentence for each promise that this place cannot keep, such as a store that ignores conditions; asked for with a
   * small probe, once. Without it there is nothing to ask: all are kept.
   */
  promises?(): Promise<readonly string[]>;
  /** Can it write, encrypt and publish conditionally? Writes and removes one small probe. */
  check(): Promise<Finding[]>;
  close(): Promise<void>;
}
