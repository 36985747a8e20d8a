// The contract of a writer: a table becomes the bytes of a format.
import type { Table } from './table.js';

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
