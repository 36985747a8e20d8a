// Compares a sample of whole documents with a report: paths that no document has, values that do not fit, fields that no column uses.

import type { DocumentQuery, Request, SampleLine } from '../../core/source.js';
import { pathThrough, segmentsOf } from './path.js';

/** Values that did not fit their column's kind. */
export interface Misfits {
  readonly count: number;
  /** A sentence about the first: its document, column and value. */
  readonly first: string;
}

/** A key that paths of columns and filters end at or lead through. */
interface UsedKey {
  /** The columns and filters whose path ends here, for messages. */
  readonly by: string[];
  readonly inside: Map<string, UsedKey>;
  /** The number of the last document that has it; 0 for none. */
  seenIn: number;
}

interface LeftOut {
  documents: number;
  seenIn: number;
}

/** Unused fields that are counted. Documents that use data as names would otherwise fill the memory. */
const MAX_KNOWN = 10_000;
const MAX_SHOWN = 100;

/** Counts over documents as plain objects and arrays. All other values are leaves. */
export class Sample {
  documents = 0;
  readonly #root = unusedKey();
  readonly #leftOut = new Map<string, LeftOut>();
  readonly #onMismatch: DocumentQuery['onMismatch'];

  /** @param mapped the paths of all dimensions that the report maps, with or without a filter in this request */
  constructor({ columns, mapped }: Pick<Request, 'columns' | 'mapped'>, { onMismatch }: DocumentQuery) {
    this.#onMismatch = onMismatch;
    // MongoDB adds it to every document, so it is never reported as unused.
    this.#take('_id', []);
    for (const { name, path = name } of columns) this.#take(path, [`column ${JSON.stringify(name)}`]);
    for (const [dimension, path] of Object.entries(mapped)) this.#take(path, [`filter ${dimension}`]);
  }

  add(document: unknown): void {
    this.documents += 1;
    this.#walk(document, this.#root.inside, '', false);
  }

  /** The summary, then the findings. @param label of the source */
  lines(label: string, misfits: readonly Misfits[]): SampleLine[] {
    const present = (detail: string): SampleLine => ({ detail, isMissing: false });
    if (this.documents === 0) return [present(`${label} has no documents to sample`)];
    const sampled = this.documents === 1 ? '1 document' : `${this.documents} documents`;
    const findings = [
      ...missing(this.#root, []).map(({ by, path }) => {
        return { detail: `${by}: none of ${sampled} has ${path}`, isMissing: true };
      }),
      ...misfits.map((misfit) => present(this.#misfit(misfit))),
      ...this.#unused(sampled).map(present),
    ];
    const nothing = ': all have every path, every value fits, and no field is left out';
    return [present(`${label}: ${sampled} sampled${findings.length === 0 ? nothing : ''}`), ...findings];
  }

  #take(path: string, by: readonly string[]): void {
    let at = this.#root;
    for (const name of segmentsOf(path)) {
      const inside = at.inside.get(name) ?? unusedKey();
      at.inside.set(name, inside);
      at = inside;
    }
    at.by.push(...by);
  }

  /** @param isTaken does a column already take the whole value, or does another path lead here? */
  #walk(value: unknown, inside: UsedKey['inside'], path: string, isTaken: boolean): void {
    if (isObject(value)) {
      for (const [name, held] of Object.entries(value)) {
        const spelled = pathThrough([name]);
        this.#field(held, inside.get(name), path === '' ? spelled : `${path}.${spelled}`, isTaken);
      }
      return;
    }
    if (!Array.isArray(value)) return;
    const isAnyWanted = [...inside.keys()].some((name) => !/^\d+$/.test(name));
    for (const [index, element] of value.entries()) {
      const named = inside.get(String(index));
      if (named !== undefined) this.#field(element, named, `${path}.${index}`, isTaken || isAnyWanted);
      // A filter's path needs no index: it looks into every element that is an object.
      if (isAnyWanted && isObject(element)) {
        this.#walk(element, inside, path, isTaken || named !== undefined);
      } else if (named === undefined && !isTaken) this.#leaveOut(`${path}.*`);
    }
  }

  #field(value: unknown, at: UsedKey | undefined, path: string, isTaken: boolean): void {
    if (at === undefined) {
      if (!isTaken) this.#leaveOut(path);
      return;
    }
    at.seenIn = this.documents;
    this.#walk(value, at.inside, path, isTaken || at.by.length > 0);
  }

  #leaveOut(path: string): void {
    const known = this.#leftOut.get(path);
    if (known === undefined) {
      if (this.#leftOut.size < MAX_KNOWN) this.#leftOut.set(path, { documents: 1, seenIn: this.documents });
    } else if (known.seenIn !== this.documents) {
      known.documents += 1;
      known.seenIn = this.documents;
    }
  }

  #misfit({ count, first }: Misfits): string {
    const policy = `(on-mismatch: ${this.#onMismatch})`;
    return count === 1
      ? `1 value does not fit ${policy}: ${first}`
      : `${count} values do not fit ${policy}, the first: ${first}`;
  }

  #unused(sampled: string): string[] {
    const fields = [...this.#leftOut].sort(([, a], [, b]) => b.documents - a.documents);
    const lines = fields
      .slice(0, MAX_SHOWN)
      .map(
        ([path, { documents }]) =>
          `field ${JSON.stringify(path)} is in no column or filter (${documents} of ${sampled})`,
      );
    const more = fields.length - MAX_SHOWN;
    if (more > 0) lines.push(`${more} more fields are in no column or filter`);
    return lines;
  }
}

function unusedKey(): UsedKey {
  return { by: [], inside: new Map(), seenIn: 0 };
}

/** An object of fields. An object whose first name starts with `$` is a leaf: Extended JSON, or a reference. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  return !Object.keys(value)[0]?.startsWith('$');
}

function missing(at: UsedKey, path: readonly string[]): { by: string; path: string }[] {
  return [...at.inside].flatMap(([name, inside]) => {
    const here = [...path, name];
    const by = inside.seenIn === 0 ? inside.by : [];
    return [
      ...by.map((who) => ({ by: who, path: JSON.stringify(pathThrough(here)) })),
      ...missing(inside, here),
    ];
  });
}
