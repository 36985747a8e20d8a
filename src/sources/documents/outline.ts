// What a sample of whole documents says of the columns that a report could have: a path for each value, and its kind.
import type { FoundColumn, Outline } from '../../core/source.js';
import type { Kind } from '../../core/table.js';
import { parseIso } from './instants.js';

/** How many documents are looked at. */
export const OUTLINED = 1_000;

/** Data that is used as names must become no columns. */
const MOST_FIELDS = 100;

/** Fields of an object, or the kinds of the values. */
interface Seen {
  readonly kinds: Set<Kind | 'object'>;
  readonly fields: Map<string, Seen>;
}

/** Extended JSON's names of values that are more than their text. */
const EXTENDED: Readonly<Record<string, Kind>> = {
  $date: 'timestamp',
  $numberInt: 'integer',
  $numberLong: 'integer',
  $numberDouble: 'decimal',
  $numberDecimal: 'decimal',
};

/** Counts over documents as Extended JSON, already parsed; numbers with a point are to be `$numberDecimal`. */
export class DocumentOutline {
  documents = 0;
  readonly #root = seen();
  readonly #keys = new Map(['_id', 'id'].map((name) => [name, new Set<string>()]));
  readonly #isoText: boolean;

  /** @param isoText does ISO 8601 text count as a date? */
  constructor(isoText: boolean) {
    this.#isoText = isoText;
  }

  add(document: Readonly<Record<string, unknown>>): void {
    this.documents += 1;
    this.#fields(document, this.#root);
    for (const [name, values] of this.#keys) {
      if (Object.hasOwn(document, name)) values.add(JSON.stringify(document[name]));
    }
  }

  outline(collection: string): Outline {
    const columns: FoundColumn[] = [];
    const notes: string[] = [];
    this.#columns(this.#root, [], columns, notes);
    // As many different values as there are documents.
    const key = columns.find(({ path = '', kind }) => {
      return this.#keys.get(path)?.size === this.documents && kind !== 'json';
    });
    return { query: { collection }, columns, key: key === undefined ? [] : [key.name], notes };
  }

  #fields(object: Readonly<Record<string, unknown>>, into: Seen): void {
    for (const [name, value] of Object.entries(object)) {
      const field = into.fields.get(name) ?? seen();
      into.fields.set(name, field);
      this.#value(value, field);
    }
  }

  #value(value: unknown, into: Seen): void {
    if (value === null || value === undefined) return;
    if (typeof value === 'string') into.kinds.add(this.#textKind(value));
    else if (typeof value === 'boolean') into.kinds.add('boolean');
    else if (typeof value === 'number') into.kinds.add(Number.isInteger(value) ? 'integer' : 'decimal');
    else if (Array.isArray(value)) into.kinds.add('json');
    else {
      const [first] = Object.keys(value);
      if (first?.startsWith('$')) into.kinds.add(EXTENDED[first] ?? 'text');
      else {
        into.kinds.add('object');
        if (into.fields.size <= MOST_FIELDS) this.#fields(value as Record<string, unknown>, into);
      }
    }
  }

  #textKind(text: string): Kind {
    const iso = this.#isoText ? parseIso(text) : undefined;
    if (iso === undefined) return 'text';
    return iso.is === 'date' ? 'date' : 'timestamp';
  }

  #columns({ fields }: Seen, above: readonly string[], columns: FoundColumn[], notes: string[]): void {
    for (const [name, field] of fields) {
      const path = [...above, name].join('.');
      if (!/^[^.$\0][^.\0]*$/.test(name) || /^\d+$/.test(name)) {
        notes.push(`the field ${JSON.stringify(path)} has a name that no path can have`);
        continue;
      }
      const [only] = field.kinds;
      if (
        field.kinds.size === 1 &&
        only === 'object' &&
        field.fields.size > 0 &&
        field.fields.size <= MOST_FIELDS
      ) {
        this.#columns(field, [...above, name], columns, notes);
        continue;
      }
      const wanted = path.replace(/^_+(?=.)/, '').replaceAll('.', '_');
      const isTaken = (candidate: string) => columns.some((column) => column.name === candidate);
      let unique = wanted;
      for (let number = 2; isTaken(unique); number++) unique = `${wanted}_${number}`;
      const type = [...field.kinds].sort().join(', ') || 'only nulls';
      columns.push({ name: unique, kind: kindOf(field.kinds), path, type });
    }
  }
}

function seen(): Seen {
  return { kinds: new Set(), fields: new Map() };
}

/** The narrowest kind that takes all of them; text takes any value but shows an object as its JSON. */
function kindOf(kinds: ReadonlySet<Kind | 'object'>): Kind {
  const all = [...kinds];
  const isOneOf = (...allowed: readonly (Kind | 'object')[]) => all.every((kind) => allowed.includes(kind));
  const [only] = all;
  if (only === undefined) return 'text';
  if (all.length === 1 && only !== 'object') return only;
  if (isOneOf('integer', 'decimal')) return 'decimal';
  if (isOneOf('date', 'timestamp')) return 'timestamp';
  return kinds.has('object') || kinds.has('json') ? 'json' : 'text';
}
