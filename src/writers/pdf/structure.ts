// The structure of a tagged document (ISO 32000-1, 14.7 and 14.8; ISO 14289-1), written when all pages are: title, facts, one
// table with headings of groups and sums as rows of it, index.
import type { PdfFile } from './objects.js';
import type { TagRun } from './tag-log.js';

/** So many objects are collected before the caller may write them. */
const PIECE = 20_000;

interface Document {
  readonly file: PdfFile;
  /** Of each page: its marked contents, numbered on from 0. */
  readonly pages: Iterable<readonly TagRun[]>;
  readonly columns: number;
  /** The columns that are summed, by their numbers in the table. */
  readonly summed: readonly number[];
  /** The object number of a page, from 1. */
  readonly pageOf: (page: number) => number;
  /** The object numbers of the links of the index, in their order. */
  readonly links: readonly number[];
}

/** The key of a link in the parent tree: the keys before it are those of the pages. */
export function linkKey(pages: number, index: number): number {
  return pages + index;
}

/**
 * Writes the elements; yields now and then, so that what is ready can be written.
 * @returns the object number of the structure's root
 */
export function* writeStructure(document: Document): Generator<void, number> {
  const { file, pageOf } = document;
  const root = file.reserve();
  const body = file.reserve();
  const elements = new Elements(document, body);
  const parents: string[] = [];
  let page = 0;
  let written = 0;
  for (const runs of document.pages) {
    page += 1;
    elements.beginPage(pageOf(page));
    for (const run of runs) elements.add(run);
    parents.push(`${page - 1} ${file.object(`[${references(elements.ofPage)}]`)} 0 R`);
    written += elements.ofPage.length;
    if (written < PIECE) continue;
    written = 0;
    yield;
  }
  const links = elements.links.map((element, index) => `${linkKey(page, index)} ${element} 0 R`);
  const tree = file.object(`<</Nums[${[...parents, ...links].join(' ')}]>>`);
  file.object(`<</S/Document/P ${root} 0 R/K[${references(elements.finish())}]>>`, body);
  const next = linkKey(page, links.length);
  file.object(
    `<</Type/StructTreeRoot/K ${body} 0 R/ParentTree ${tree} 0 R/ParentTreeNextKey ${next}>>`,
    root,
  );
  return root;
}

class Elements {
  /** The elements of the present page's marked contents, in the order of their numbers. */
  ofPage: number[] = [];
  /** The elements of the links of the index. */
  readonly links: number[] = [];
  readonly #document: Document;
  readonly #body: number;
  readonly #table: number;
  readonly #contents: number;
  /** Children of the body before and after the table, of the table and of the index, in their order. */
  readonly #before: number[] = [];
  readonly #after: number[] = [];
  readonly #rows: number[] = [];
  readonly #lines: number[] = [];
  /** Attributes that elements share (14.8.5.7). */
  readonly #ofColumn: number;
  readonly #ofRow: number;
  #page = 0;

  constructor(document: Document, body: number) {
    const { file, columns } = document;
    this.#document = document;
    this.#body = body;
    this.#table = file.reserve();
    this.#contents = file.reserve();
    this.#ofColumn = file.object('<</O/Table/Scope/Column>>');
    this.#ofRow = file.object(`<</O/Table/Scope/Row/ColSpan ${columns}>>`);
  }

  beginPage(page: number): void {
    this.#page = page;
    this.ofPage = [];
  }

  add({ tag, count }: TagRun): void {
    const { columns, summed } = this.#document;
    const each = (action: () => void, size = 1) => {
      for (let done = 0; done < count; done += size) action();
    };
    switch (tag) {
      case 'title':
        this.#texts('H1', count);
        break;
      case 'paragraph':
        this.#texts('P', count);
        break;
      case 'index-title':
        this.#texts('H2', count);
        break;
      case 'header':
        this.#row((row) => this.#marked('TH', row, count, `/A ${this.#ofColumn} 0 R`));
        break;
      case 'cell':
        each(() => this.#row((row) => this.#marked('TD', row, columns)), columns);
        break;
      case 'group':
      case 'sum-label':
        each(() => this.#row((row) => this.#marked('TH', row, 1, `/A ${this.#ofRow} 0 R`)));
        break;
      case 'sum':
        this.#row((row) => this.#sums(row, summed));
        break;
      case 'index-entry':
        each(() => this.#indexEntry());
    }
  }

  /** @returns the children of the document */
  finish(): number[] {
    this.#element('Table', this.#body, references(this.#rows), '', this.#table);
    this.#element('TOC', this.#body, references(this.#lines), '', this.#contents);
    const index = this.#lines.length === 0 ? [] : [this.#contents];
    return [...this.#before, this.#table, ...this.#after, ...index];
  }

  #texts(type: string, count: number): void {
    const isBefore = this.#rows.length === 0;
    (isBefore ? this.#before : this.#after).push(...this.#marked(type, this.#body, count));
  }

  #row(cells: (row: number) => readonly number[]): void {
    const row = this.#document.file.reserve();
    this.#element('TR', this.#table, references(cells(row)), '', row);
    this.#rows.push(row);
  }

  /** Elements of the next marked contents. */
  #marked(type: string, parent: number, count: number, attributes = ''): number[] {
    return Array.from({ length: count }, () => {
      const place = `/Pg ${this.#page} 0 R${attributes}`;
      const number = this.#element(type, parent, `${this.ofPage.length}`, place);
      this.ofPage.push(number);
      return number;
    });
  }

  /** A row with cells of all columns, those of which are empty that are not summed. */
  #sums(row: number, summed: readonly number[]): number[] {
    return Array.from({ length: this.#document.columns }, (_, column) => {
      if (!summed.includes(column)) return this.#element('TD', row, '');
      return this.#marked('TD', row, 1)[0] as number;
    });
  }

  #indexEntry(): void {
    const { file, links } = this.#document;
    const line = file.reserve();
    const mark = this.ofPage.length;
    const annotation = `<</Type/OBJR/Obj ${links[this.links.length]} 0 R>>`;
    const link = this.#element('Link', line, `${mark} ${annotation}`, `/Pg ${this.#page} 0 R`);
    this.ofPage.push(link);
    this.links.push(link);
    this.#element('TOCI', this.#contents, `${link} 0 R`, '', line);
    this.#lines.push(line);
  }

  #element(type: string, parent: number, children: string, entries = '', number?: number): number {
    return this.#document.file.object(`<</S/${type}/P ${parent} 0 R${entries}/K[${children}]>>`, number);
  }
}

function references(numbers: readonly number[]): string {
  return numbers.map((number) => `${number} 0 R`).join(' ');
}
