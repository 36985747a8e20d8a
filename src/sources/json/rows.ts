// Makes rows from documents: tests the filters, converts values to the columns' kinds, and counts what did not fit or was not used.
import { ReportError } from '../../core/errors.js';
import type { Filter } from '../../core/filter.js';
import type { DocumentQuery, Request, RequestFilter } from '../../core/source.js';
import type { Cell, Column } from '../../core/table.js';
import { matcher } from '../documents/match.js';
import { pathThrough, segmentsOf } from '../documents/path.js';
import type { Misfits } from '../documents/sample.js';
import { type ToCell, toCell, type Value } from '../documents/value.js';
import { type Field, type Fields, meetField, newFields, wantField } from './fields.js';
import { type ByteTest, byteTest } from './matching.js';
import { columnValue, filterValues, THROUGH_ARRAY } from './paths.js';
import type { DocumentReader } from './reader.js';

interface ColumnPlan {
  readonly column: Column;
  readonly field: Field;
  readonly toCell: ToCell;
  /** How many values became null because they did not fit, and a sentence about the first. */
  mismatches: number;
  first: string;
}

type Found = Value | typeof THROUGH_ARRAY;

export interface Test {
  readonly field: Field;
  readonly passes: (values: readonly Value[]) => boolean;
  /** The same test on bytes, for simple values. */
  readonly quick: ByteTest;
}

/** Characters of a value in a message. */
const MAX_SHOWN = 60;
const MAX_FIELDS_SHOWN = 20;

/** What a request reads from each document, as plain data that can be sent to a thread. */
export interface Wanted extends Pick<Request, 'columns' | 'timezone'> {
  readonly filters: readonly (Omit<RequestFilter, 'filter'> & {
    readonly filter: Pick<Filter, 'dimension' | 'test'>;
  })[];
}

export function wantedOf({ columns, timezone, filters }: Request): Wanted {
  const plain = filters.map(({ filter: { dimension, test }, ...place }) => ({
    filter: { dimension, test },
    ...place,
  }));
  return { columns, timezone, filters: plain };
}

/** Counts for the warnings about some documents. */
export interface Counts {
  /** For each column, the values that became null because they did not fit. */
  readonly mismatches: readonly number[];
  /** Top-level fields, and how many documents have each. */
  readonly fields: readonly (readonly [name: string, documents: number])[];
}

/** Compiled for one read; keeps that read's counts. */
export class RowMaker {
  /** The fields that the scanner looks for. */
  readonly root: Fields = newFields();
  readonly columns: readonly ColumnPlan[];
  readonly tests: readonly Test[];
  readonly #id: Field;
  readonly #idCell: ToCell;
  readonly #doing: string;
  readonly #onMismatch: DocumentQuery['onMismatch'];

  constructor(request: Wanted, query: DocumentQuery, doing: string) {
    // JSON has no dates, so ISO text counts as a date.
    const rules = { timezone: request.timezone, isoText: true };
    this.#doing = doing;
    this.#onMismatch = query.onMismatch;
    this.#id = wantField(this.root, ['_id']);
    this.#idCell = toCell('text', rules);
    this.columns = request.columns.map((column) => ({
      column,
      field: wantField(this.root, pathOf(column)),
      toCell: toCell(column.kind, rules),
      mismatches: 0,
      first: '',
    }));
    this.tests = request.filters.map(({ filter, column, onResult }) => {
      const kind = onResult?.kind ?? query.fields[filter.dimension]?.kind ?? 'timestamp';
      return {
        field: wantField(this.root, segmentsOf(column)),
        passes: matcher(filter.test, { ...rules, kind }),
        quick: byteTest(filter.test, { ...rules, kind }),
      };
    });
  }

  /** Whether the current document passes each filter. */
  verdicts(document: DocumentReader): boolean[] {
    return this.tests.map(({ field, passes }) => passes(filterValues(document, field)));
  }

  /**
   * The current document's row, or undefined when a filter leaves it out.
   * @throws ReportError `contract` when a value does not fit its column, BrokenJson
   */
  row(document: DocumentReader): Cell[] | undefined {
    for (const { field, passes } of this.tests) if (!passes(filterValues(document, field))) return undefined;
    return this.cells(document);
  }

  /** As row(), whatever the filters say. */
  cells(document: DocumentReader): Cell[] {
    return this.columns.map((plan) => this.cell(document, plan));
  }

  /** One of the cells. @throws ReportError `contract` when the value does not fit, BrokenJson */
  cell(document: DocumentReader, plan: ColumnPlan): Cell {
    const value = columnValue(document, plan.field);
    const cell = value === THROUGH_ARRAY ? undefined : plan.toCell(value);
    if (cell !== undefined) return cell;
    if (this.#onMismatch === 'fail') throw this.#mismatch(document, plan, value);
    if (plan.mismatches === 0) plan.first = this.#wrong(document, plan.column, value);
    plan.mismatches += 1;
    return null;
  }

  /** For each column with values that did not fit: how many, and the first. */
  misfits(): Misfits[] {
    return this.columns
      .filter(({ mismatches }) => mismatches > 0)
      .map(({ mismatches, first }) => ({ count: mismatches, first }));
  }

  /** The counts since the last call. */
  takeCounts(): Counts {
    const mismatches = this.columns.map(({ mismatches }) => mismatches);
    const fields = [...this.root.byName.values()].flatMap(({ name, documents }) =>
      documents > 0 ? [[name, documents] as const] : [],
    );
    for (const plan of this.columns) plan.mismatches = 0;
    for (const field of this.root.byName.values()) field.documents = 0;
    return { mismatches, fields };
  }

  /**
   * Adds the counts of another thread. Refuses them (false) when they have a column's first mismatch: its message needs the line
   * number, so those documents must be read here.
   */
  add({ mismatches, fields }: Counts): boolean {
    if (this.columns.some((plan, index) => plan.mismatches === 0 && mismatches[index] !== 0)) return false;
    for (const [index, plan] of this.columns.entries()) plan.mismatches += mismatches[index] ?? 0;
    for (const [name, documents] of fields) {
      const field = meetField(this.root, name);
      if (field !== undefined) field.documents += documents;
    }
    return true;
  }

  /** Warnings for the user, one line each. */
  notes(): string[] {
    const lines = this.misfits().map(({ count, first }) =>
      count === 1 ? `1 value became null: ${first}` : `${count} values became null, the first: ${first}`,
    );
    const unused = [...this.root.byName.values()]
      .filter(({ wanted, documents }) => !wanted && documents > 0)
      .sort((a, b) => b.documents - a.documents);
    for (const { name, documents } of unused.slice(0, MAX_FIELDS_SHOWN)) {
      lines.push(`field ${JSON.stringify(name)} of ${countOf(documents, 'document')} is in no column`);
    }
    const more = unused.length - MAX_FIELDS_SHOWN;
    if (more > 0)
      lines.push(`${countOf(more, 'more field')} of the documents ${more === 1 ? 'is' : 'are'} in no column`);
    return lines;
  }

  #mismatch(document: DocumentReader, { column }: ColumnPlan, value: Found): ReportError {
    const hint =
      value === THROUGH_ARRAY
        ? 'Name an element by its index (as in itens.0.preco), take the array as a json column, or set on-mismatch: null.'
        : 'Correct the document, give the column another kind, or set on-mismatch: null, which counts such values.';
    return new ReportError('contract', `${this.#doing}: ${this.#wrong(document, column, value)}`, { hint });
  }

  #wrong(document: DocumentReader, column: Column, value: Found): string {
    const id = columnValue(document, this.#id);
    const cell = id === THROUGH_ARRAY ? undefined : this.#idCell(id);
    const which =
      typeof cell === 'string'
        ? `_id ${shorten(JSON.stringify(cell).slice(1, -1))}`
        : `byte offset ${document.offset}`;
    const path = pathThrough(pathOf(column));
    const wrong =
      value === THROUGH_ARRAY
        ? `leads through an array with its path ${path}`
        : `is ${column.kind} but the value${path === column.name ? '' : ` at ${path}`} is ${shownValue(value)}`;
    return `${document.place} (${which}): column "${column.name}" ${wrong}`;
  }
}

/** The names that lead to a column's value in a document. */
export function pathOf({ name, path }: Column): string[] {
  return segmentsOf(path ?? name);
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function shownValue(value: Value): string {
  switch (value.type) {
    case 'instant':
      return 'a date';
    case 'null':
      return 'null';
    case 'text':
      return `${shorten(JSON.stringify(value.text))} (text)`;
    case 'json':
      return `${shorten(value.text)} (${value.text.startsWith('[') ? 'array' : 'object'})`;
    case 'other':
      return `${shorten(value.text)} (${value.name})`;
    default:
      return `${shorten(value.text)} (${value.type})`;
  }
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
