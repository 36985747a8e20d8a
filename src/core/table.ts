// Rows on their way: columns with a kind, cells as canonical text, batches of rows.

/** What a column's cells are; docs/en/report-file.md has the canonical text of each kind. */
export const KINDS = ['text', 'integer', 'decimal', 'boolean', 'date', 'timestamp', 'json'] as const;

export type Kind = (typeof KINDS)[number];

/** Whether the cells of a column are numbers, which can be summed. */
export function isNumeric(kind: Kind): kind is 'integer' | 'decimal' {
  return kind === 'integer' || kind === 'decimal';
}

/** Whether the timestamps of a column have an offset from UTC. */
export const OFFSETS = ['always', 'never', 'sometimes'] as const;

export type Offset = (typeof OFFSETS)[number];

export const LONG_NUMBERS = ['text', 'number'] as const;

export type LongNumbers = (typeof LONG_NUMBERS)[number];

/** What a file has in place of a text: a keyed hash of it, its last characters, or null. */
export const MASKS = ['hash', 'partial', 'null'] as const;

export type Mask = (typeof MASKS)[number];

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** The header that readers see; without one the name is. */
  readonly title?: string;
  /** ISO 4217: an integer or decimal is an amount of it; a workbook shows it so, no other format changes. */
  readonly currency?: string;
  /** What a workbook makes of an integer or decimal of more than 15 significant digits; without it text, unless it is summed. */
  readonly longNumbers?: LongNumbers;
  /**
   * Set by the source, never by a definition: a decimal whose values are binary floating point (IEEE 754), or may be, as in
   * documents. Its canonical text is the shortest that reads back as the same number.
   */
  readonly float?: true;
  /** How a workbook shows an integer or decimal, in the codes of spreadsheets, such as `0.0%`; no other format changes. */
  readonly format?: string;
  /** Of a text: what stands in its place. Everything but the source itself sees that only. */
  readonly mask?: Mask;
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
  /** Present when the source reads rows already encoded; using it avoids decoding. */
  readonly encoded?: EncodedRows;
  /** The rows in column order, decoded at the first call and kept; nobody may change them. */
  rows(): readonly (readonly Cell[])[];
}

export interface Table {
  readonly columns: readonly Column[];
  /** One pass. Ends by throwing when the source failed, was cancelled, or reports another row count. */
  readonly batches: AsyncIterable<Batch>;
}
