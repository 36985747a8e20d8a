// Raw BSON documents to rows: one pass over the bytes, and only what the columns need is decoded.

import { messageOf, ReportError } from '../../errors.js';
import type { Cell, Column } from '../../table.js';
import { type ToCell, toCell, type Value } from '../documents/value.js';
import { valueReader } from './bson.js';
import { BadBson, documentEnd, findNull, skipValue, TYPE } from './layout.js';
import { columnsBelow, type Field, type Fields, fieldTree, isIndex, type Name, pathOf } from './paths.js';

export interface RowRules {
  /** For messages: what is read from where. */
  readonly doing: string;
  readonly timezone: string;
  readonly onMismatch: 'fail' | 'null';
  /** The paths at which ISO 8601 text counts as a date; elsewhere a date is a Date, and text that looks like one is text. */
  readonly isoTextAt: ReadonlySet<string>;
}

/** Names that fields are told apart by; data that is used as names must not fill the memory. */
const MOST_NAMES = 1000;

/** Reads documents to rows, in column order; one for each read, because it counts. */
export class RowReader {
  readonly #doing: string;
  readonly #columns: readonly Column[];
  readonly #toCell: readonly ToCell[];
  readonly #onMismatch: 'fail' | 'null';
  readonly #tree: Fields;
  readonly #idText: ToCell;
  readonly #readValue;
  readonly #misfits = new Map<number, { count: number; readonly first: string }>();
  #documents = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #row: Cell[] = [];

  constructor(columns: readonly Column[], { doing, timezone, onMismatch, isoTextAt }: RowRules) {
    this.#doing = doing;
    this.#columns = columns;
    this.#toCell = columns.map((column) =>
      toCell(column.kind, { timezone, isoText: isoTextAt.has(pathOf(column)) }),
    );
    this.#idText = toCell('text', { timezone, isoText: false });
    this.#onMismatch = onMismatch;
    this.#tree = fieldTree(columns.map(pathOf));
    this.#readValue = valueReader(timezone);
  }

  /**
   * The row of the document that begins at `start`.
   * @throws ReportError `source` for a document that cannot be read, `contract` for a value that does not fit; both name it
   */
  row(bytes: Buffer, start = 0): Cell[] {
    this.#documents += 1;
    this.#bytes = bytes;
    this.#start = start;
    this.#row = new Array<Cell>(this.#columns.length).fill(null);
    try {
      this.#object(this.#tree, start, bytes.length);
    } catch (error) {
      if (!(error instanceof BadBson)) throw error;
      throw new ReportError('source', `${this.#doing}: ${this.#which()}: ${messageOf(error)}`, {
        hint: 'Correct the document, or leave it out with the pipeline.',
        retryable: false,
      });
    }
    return this.#row;
  }

  /** What was lost under `on-mismatch: null`, a line for each column. */
  notes(): string[] {
    return [...this.#misfits].map(([index, { count, first }]) => {
      const values = count === 1 ? '1 value became null' : `${count} values became null, the first`;
      return `column "${this.#columns[index]?.name}": ${values}: ${first}`;
    });
  }

  #object(fields: Fields, start: number, limit: number): void {
    const bytes = this.#bytes;
    const end = documentEnd(bytes, start, limit);
    let name = fields.first;
    let previous: Name | undefined;
    let at = start + 4;
    while (at < end) {
      const type = bytes[at] as number;
      at += 1;
      if (name === undefined || !isName(bytes, at, name.bytes)) {
        name = nameAt(fields, bytes, at, findNull(bytes, at, end));
        if (previous === undefined) fields.first = name;
        else previous.following = name;
      }
      at += name.bytes.length + 1;
      const next = skipValue(bytes, type, at, end);
      if (name.field !== undefined) this.#take(name.field, type, at, next);
      at = next;
      previous = name;
      name = name.following;
    }
  }

  #take(field: Field, type: number, at: number, next: number): void {
    if (field.seenIn === this.#documents)
      throw new BadBson(`the key ${JSON.stringify(field.path)} stands twice`);
    field.seenIn = this.#documents;
    if (field.columns.length > 0) {
      const value = this.#readValue(this.#bytes, type, at, next);
      for (const column of field.columns) {
        const cell = (this.#toCell[column] as ToCell)(value);
        this.#row[column] = cell === undefined ? this.#misfit(column, value, type) : cell;
      }
    }
    if (field.fields === undefined) return;
    if (type === TYPE.object) this.#object(field.fields, at, next);
    else if (type === TYPE.array) this.#array(field.fields, field.path, at, next);
  }

  /** Elements are counted: their keys say the same, but nobody checks that. */
  #array(fields: Fields, path: string, start: number, limit: number): void {
    const bytes = this.#bytes;
    for (const [name, field] of fields.byName) {
      if (isIndex(name)) continue;
      for (const column of [...field.columns, ...(field.fields ? columnsBelow(field.fields) : [])]) {
        this.#row[column] = this.#throughArray(column, path);
      }
    }
    const end = documentEnd(bytes, start, limit);
    let at = start + 4;
    for (let index = 0; at < end; index++) {
      const type = bytes[at] as number;
      const from = findNull(bytes, at + 1, end) + 1;
      const next = skipValue(bytes, type, from, end);
      const field = fields.byName.get(String(index));
      if (field !== undefined) this.#take(field, type, from, next);
      at = next;
    }
  }

  #misfit(column: number, value: Value, type: number): null {
    const shown = value.type === 'instant' || value.type === 'null' ? '' : ` ${shortened(value.text)}`;
    return this.#fail(
      column,
      (kind) => `the ${typeName(type)}${shown} is no ${kind}`,
      'Change the column\'s kind, convert the value in the pipeline, or set "on-mismatch: null" to count it and go on.',
    );
  }

  #throughArray(column: number, path: string): null {
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

  /** The document's `_id`, or its number where a pipeline removed that. */
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

function isName(bytes: Buffer, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (bytes[at + index] !== name[index]) return false;
  return bytes[at + name.length] === 0;
}

function nameAt({ byName, names }: Fields, bytes: Buffer, at: number, end: number): Name {
  const key = bytes.toString('latin1', at, end);
  const known = names.get(key);
  if (known !== undefined) return known;
  // A copy: the bytes are a piece of the whole reply.
  const name = Uint8Array.from(bytes.subarray(at, end));
  const field = byName.get(Buffer.from(name).toString('utf8'));
  const learned = { bytes: name, field, following: undefined };
  if (names.size < MOST_NAMES) names.set(key, learned);
  return learned;
}

function typeName(type: number): string {
  const name = Object.entries(TYPE).find(([, code]) => code === type)?.[0] ?? 'value';
  return { objectId: 'ObjectId', decimal128: 'Decimal128', dbPointer: 'DBPointer' }[name] ?? name;
}

function shortened(value: string): string {
  const line = JSON.stringify(value).slice(1, -1);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
