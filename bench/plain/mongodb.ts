// The plain reader of BSON that bench/plain.ts compares with src/sources/mongodb/rows.ts: the driver's own decoder. It loses what
// the decoder loses: the first of two keys with one name, and dates beyond JavaScript's range.
import { BSON } from 'mongodb';
import type { Batch, Column } from '../../src/core/table.js';
import { CopyText, cellEnds, encodeRows } from '../../src/rows/encoded-rows.js';
import { doubleText, plainDecimal } from '../../src/rows/sort/numbers.js';
import { type ToCell, toCell, type Value } from '../../src/sources/documents/value.js';
import { int32 } from '../../src/sources/mongodb/layout.js';
import { pathOf } from '../../src/sources/mongodb/paths.js';
import type { Documents } from '../../src/sources/mongodb/reply.js';
import type { RowRules } from '../../src/sources/mongodb/rows.js';

/** int64 becomes a bigint; int32 and double become numbers, which hold both exactly. */
const OPTIONS = { useBigInt64: true };

/** Takes the place of RowReader. */
export class RowReader {
  readonly #columns;
  readonly #toJson: ToCell;

  constructor(columns: readonly Column[], { timezone, isoTextAt }: RowRules) {
    this.#toJson = toCell('json', { timezone, isoText: false });
    this.#columns = columns.map((column) => ({
      name: column.name,
      path: pathOf(column).split('.'),
      toCell: toCell(column.kind, { timezone, isoText: isoTextAt.has(pathOf(column)) }),
    }));
  }

  batch({ bytes, starts }: Documents, from: number, to: number): Batch {
    const rows: (string | null)[][] = [];
    for (let index = from; index < to; index += 1) {
      const start = starts[index] as number;
      const document = BSON.deserialize(bytes.subarray(start, start + int32(bytes, start)), OPTIONS);
      rows.push(
        this.#columns.map(({ name, path, toCell }) => {
          const cell = toCell(this.#value(follow(document, path)));
          if (cell === undefined) throw new Error(`column "${name}" does not fit`);
          return cell;
        }),
      );
    }
    const encoded = encodeRows(rows);
    return new CopyText({ bytes: encoded, ends: cellEnds(encoded) }, this.#columns.length);
  }

  notes(): string[] {
    return [];
  }

  #value(value: unknown): Value {
    switch (typeof value) {
      case 'string':
        return { type: 'text', text: value };
      case 'number':
        return { type: 'number', text: doubleText(value) };
      case 'bigint':
        return { type: 'number', text: String(value) };
      case 'boolean':
        return { type: 'boolean', text: value ? 'true' : 'false' };
      case 'undefined':
        return { type: 'null' };
      default:
        return value === null ? { type: 'null' } : this.#object(value as object);
    }
  }

  #object(value: object): Value {
    if (value instanceof Date) {
      return { type: 'instant', instant: { milliseconds: value.getTime(), microseconds: 0 } };
    }
    if (value instanceof BSON.ObjectId) return { type: 'other', name: 'ObjectId', text: value.toHexString() };
    if (value instanceof BSON.Decimal128) {
      const text = value.toString();
      return { type: 'number', text: plainDecimal(text) ?? text };
    }
    if ('_bsontype' in value) throw new Error(`the plain reader does not know ${value._bsontype}`);
    const json = (held: unknown) => this.#toJson(this.#value(held)) ?? 'null';
    if (Array.isArray(value)) return { type: 'json', text: `[${value.map(json).join(',')}]` };
    const fields = Object.entries(value).map(([name, held]) => `${JSON.stringify(name)}:${json(held)}`);
    return { type: 'json', text: `{${fields.join(',')}}` };
  }
}

function follow(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
