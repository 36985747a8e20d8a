// Proposes columns from a sample of whole documents: a path and a kind for each value.

import type { FoundColumn, Outline } from '../../core/source.js';
import type { Kind } from '../../core/table.js';
import { parseIso } from './instants.js';
import { pathThrough } from './path.js';

/** Documents of the sample. */
export const OUTLINED = 1_000;

/** An object with more fields becomes one json column: it probably uses data as names. */
const MAX_FIELDS = 100;

/** What was seen at one path: the kinds of its values, and the fields of its objects. */
interface Seen {
  readonly kinds: Set<Kind | 'object'>;
  /** Whether any value is a double by its type. */
  hasDouble: boolean;
  readonly fields: Map<string, Seen>;
}

/** The kinds of Extended JSON's types; every other type is text. */
const EXTENDED: Readonly<Record<string, Kind>> = {
  $date: 'timestamp',
  $numberInt: 'integer',
  $numberLong: 'integer',
  $numberDouble: 'decimal',
  $numberDecimal: 'decimal',
};

/** Collects paths and kinds from parsed Extended JSON. The caller passes numbers with a point as `$numberDecimal`. */
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
    // A key has a different value in each document.
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
      if (first?.startsWith('$')) {
        into.kinds.add(EXTENDED[first] ?? 'text');
        if (first === '$numberDouble') into.hasDouble = true;
      } else {
        into.kinds.add('object');
        if (into.fields.size <= MAX_FIELDS) this.#fields(value as Record<string, unknown>, into);
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
      const path = pathThrough([...above, name]);
      if (!/^[^$\0][^\0]*$/.test(name)) {
        notes.push(`the field ${JSON.stringify(path)} has a name that no path can have`);
        continue;
      }
      const [only] = field.kinds;
      if (
        field.kinds.size === 1 &&
        only === 'object' &&
        field.fields.size > 0 &&
        field.fields.size <= MAX_FIELDS
      ) {
        this.#columns(field, [...above, name], columns, notes);
        continue;
      }
      const wanted = [...above, name]
        .join('.')
        .replace(/^_+(?=.)/, '')
        .replaceAll('.', '_');
      const isTaken = (candidate: string) => columns.some((column) => column.name === candidate);
      let unique = wanted;
      for (let number = 2; isTaken(unique); number++) unique = `${wanted}_${number}`;
      const type = [...field.kinds].sort().join(', ') || 'only nulls';
      const kind = kindOf(field.kinds);
      const float = kind === 'decimal' && field.hasDouble ? { float: true as const } : {};
      columns.push({ name: unique, kind, path, type, ...float });
    }
  }
}

function seen(): Seen {
  return { kinds: new Set(), hasDouble: false, fields: new Map() };
}

/** The narrowest kind that holds all values of these kinds. */
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
