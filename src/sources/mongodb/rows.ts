// Makes batches of rows from raw BSON documents: copies simple values as bytes, decodes the others, and reports what is wrong.
import { isUtf8 } from 'node:buffer';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Batch, Cell, Column, EncodedRows } from '../../core/table.js';
import { CopyText } from '../../rows/encoded-rows.js';
import { Lines, viewOf } from '../documents/lines.js';
import { type ToCell, toCell, type Value } from '../documents/value.js';
import { valueReader } from './bson.js';
import { CellWriter } from './cells.js';
import { BadBson, documentEnd, findNull, int32, skipValue, TYPE } from './layout.js';
import { pathOf } from './paths.js';
import { ABSENT, Places, SLACK, THROUGH_ARRAY } from './places.js';
import type { Documents } from './reply.js';

export interface RowRules {
  /** What we are doing, for messages: `reading "producao" from source "vendas" (…)`. */
  readonly doing: string;
  readonly timezone: string;
  readonly onMismatch: 'fail' | 'null';
  /** The paths at which ISO 8601 text counts as a date. At other paths only a BSON date is one. */
  readonly isoTextAt: ReadonlySet<string>;
}

/** Makes rows, in column order. One for each read, because it counts what did not fit. */
export class RowReader {
  readonly #doing: string;
  readonly #columns: readonly Column[];
  readonly #toCell: readonly ToCell[];
  readonly #onMismatch: 'fail' | 'null';
  readonly #idText: ToCell;
  readonly #readValue;
  readonly #misfits = new Map<number, { count: number; readonly first: string }>();
  readonly #places: Places;
  readonly #lines = new Lines();
  readonly #cells: CellWriter;
  /** The document being read. */
  #documents = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(columns: readonly Column[], { doing, timezone, onMismatch, isoTextAt }: RowRules) {
    this.#doing = doing;
    this.#columns = columns;
    this.#toCell = columns.map((column) =>
      toCell(column.kind, { timezone, isoText: isoTextAt.has(pathOf(column)) }),
    );
    this.#idText = toCell('text', { timezone, isoText: false });
    this.#onMismatch = onMismatch;
    this.#places = new Places(columns.map(pathOf));
    this.#cells = new CellWriter(
      this.#lines,
      columns.map(({ kind }) => kind),
      timezone,
    );
    this.#readValue = valueReader(timezone);
  }

  /**
   * The rows of the documents `from` up to, not including, `to`.
   * @throws ReportError `source` for a document that cannot be read, `contract` for a value that does not fit; both name the document
   */
  batch(documents: Documents, from: number, to: number): Batch {
    const { starts } = documents;
    const bytes = withSlack(documents.bytes, starts[to - 1] as number);
    const view = viewOf(bytes);
    const before = this.#documents;
    this.#bytes = bytes;
    this.#lines.clear();
    let failure: unknown;
    try {
      for (let index = from; index < to; index++) {
        this.#documents += 1;
        this.#start = starts[index] as number;
        this.#row(view);
      }
    } catch (error) {
      failure = error instanceof BadBson ? this.#unreadable(error) : error;
    }
    const encoded = this.#lines.take();
    // One check of the whole batch is cheaper than one for each text. It comes before `failure`: the first bad document is reported.
    if (!isUtf8(encoded.bytes)) this.#assertUtf8(encoded, before, documents, from);
    if (failure !== undefined) throw failure;
    return new CopyText(encoded, this.#columns.length);
  }

  /** What became null under `on-mismatch: null`, a line for each column. */
  notes(): string[] {
    return [...this.#misfits].map(([index, { count, first }]) => {
      const values = count === 1 ? '1 value became null' : `${count} values became null, the first`;
      return `column "${this.#columns[index]?.name}": ${values}: ${first}`;
    });
  }

  #row(view: DataView): void {
    const bytes = this.#bytes;
    const lines = this.#lines;
    const { fields, types, starts, ends } = this.#places;
    this.#places.find(bytes, view, this.#start);
    for (let column = 0; column < fields.length; column++) {
      if (column > 0) lines.endCell();
      const field = fields[column] as number;
      const type = types[field] as number;
      const at = starts[field] as number;
      const next = ends[field] as number;
      if (this.#cells.write(column, type, view, at, next)) continue;
      lines.cell(
        type === THROUGH_ARRAY ? this.#throughArray(column, field) : this.#cell(column, type, at, next),
      );
    }
    lines.endLine();
  }

  #cell(column: number, type: number, at: number, next: number): Cell {
    const value = this.#readValue(this.#bytes, type, at, next);
    const cell = (this.#toCell[column] as ToCell)(value);
    return cell === undefined ? this.#misfit(column, value, type) : cell;
  }

  /** @throws ReportError `source` for the first whole line that is not UTF-8 */
  #assertUtf8({ bytes, ends }: EncodedRows, before: number, { starts }: Documents, from: number): void {
    const width = this.#columns.length;
    for (let row = 0, start = 0; (row + 1) * width <= ends.length; row++) {
      const end = ends[(row + 1) * width - 1] as number;
      if (!isUtf8(bytes.subarray(start, end))) {
        this.#documents = before + row + 1;
        this.#start = starts[from + row] as number;
        throw this.#unreadable(this.#notUtf8());
      }
      start = end + 1;
    }
  }

  /** The error for a document that has text that is not UTF-8. */
  #notUtf8(): unknown {
    const { fields, types, starts, ends } = this.#places;
    try {
      this.#places.find(this.#bytes, viewOf(this.#bytes), this.#start);
      for (const field of fields) {
        const type = types[field] as number;
        if (type === ABSENT || type === THROUGH_ARRAY) continue;
        this.#readValue(this.#bytes, type, starts[field] as number, ends[field] as number);
      }
      return new BadBson('it holds bytes that are not UTF-8');
    } catch (error) {
      return error;
    }
  }

  #unreadable(error: unknown): ReportError {
    return new ReportError('source', `${this.#doing}: ${this.#which()}: ${messageOf(error)}`, {
      hint: 'Correct the document, or leave it out with the pipeline.',
      retryable: false,
    });
  }

  #misfit(column: number, value: Value, type: number): null {
    const shown = value.type === 'instant' || value.type === 'null' ? '' : ` ${shortened(value.text)}`;
    return this.#fail(
      column,
      (kind) => `the ${typeName(type)}${shown} is no ${kind}`,
      'Change the column\'s kind, convert the value in the pipeline, or set "on-mismatch: null" to count it and go on.',
    );
  }

  #throughArray(column: number, field: number): null {
    const path = this.#places.arrayAt(field);
    return this.#fail(
      column,
      () => `"${path}" is an array, which the path leads through`,
      `Name the element by its index, as in "${path}.0", or give each a row with { "$unwind": "$${path}" } in the pipeline.`,
    );
  }

  #fail(index: number, what: (kind: string) => string, hint: string): null {
    const { name, kind } = this.#columns[index] as Column;
    const known = this.#misfits.get(index);
    if (known !== undefined) {
      known.count += 1;
      return null;
    }
    const message = `${what(kind)} (${this.#which()})`;
    if (this.#onMismatch === 'fail') {
      throw new ReportError('contract', `${this.#doing}: column "${name}": ${message}`, {
        hint,
        retryable: false,
      });
    }
    this.#misfits.set(index, { count: 1, first: message });
    return null;
  }

  /** Names the document: by its `_id`, or by its number when a pipeline removed that. */
  #which(): string {
    try {
      return `document with _id ${shortened(this.#idText(this.#id()) ?? 'null')}`;
    } catch {
      return `document number ${this.#documents}`;
    }
  }

  #id(): Value {
    const bytes = this.#bytes;
    const end = documentEnd(bytes, this.#start, bytes.length);
    for (let at = this.#start + 4; at < end; ) {
      const type = bytes[at] as number;
      const nameEnd = findNull(bytes, at + 1, end);
      const next = skipValue(bytes, type, nameEnd + 1, end);
      if (bytes.toString('latin1', at + 1, nameEnd) === '_id')
        return this.#readValue(bytes, type, nameEnd + 1, next);
      at = next;
    }
    throw new BadBson('it has no _id');
  }
}

/** The bytes, copied when fewer than SLACK follow the last document. @param last where that starts */
function withSlack(bytes: Buffer, last: number): Buffer {
  const isRoomy = last + 4 <= bytes.length && last + int32(bytes, last) + SLACK <= bytes.length;
  return isRoomy ? bytes : Buffer.concat([bytes, Buffer.alloc(SLACK)]);
}

function typeName(type: number): string {
  const name = Object.entries(TYPE).find(([, code]) => code === type)?.[0] ?? 'value';
  return { objectId: 'ObjectId', decimal128: 'Decimal128', dbPointer: 'DBPointer' }[name] ?? name;
}

function shortened(value: string): string {
  const line = JSON.stringify(value).slice(1, -1);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
