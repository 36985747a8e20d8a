// The table that pages hold: its titles, and rows with the columns of their groups in place.
import type { Locale } from '../../../core/format.js';
import { type Cell, type Column, isNumeric } from '../../../core/table.js';
import { PageReader } from './content.js';
import { damaged, shown } from './damaged.js';
import type { Section } from './marks.js';
import { canonicalNumber } from './numbers.js';

/** A column of the file. */
interface Place {
  /** Its index among all columns. */
  readonly index: number;
  readonly column: Column;
}

export class PageTable {
  readonly #page = new PageReader();
  readonly #locale: Locale | undefined;
  readonly #width: number;
  /** The columns by which rows are grouped, the outermost first. */
  readonly #groups: readonly Place[];
  /** The other columns. */
  readonly #columns: readonly Place[];
  /** The values of the present groups. */
  readonly #values: Cell[] = [];
  #pages = 0;
  /** Of the first page, as JSON. */
  #titles: string | undefined;

  /** @param groupBy names of columns, the outermost first */
  constructor(columns: readonly Column[], groupBy: readonly string[], locale: Locale | undefined) {
    this.#locale = locale;
    const places = columns.map((column, index): Place => ({ index, column }));
    this.#groups = groupBy.map((name) => {
      const place = places.find(({ column }) => column.name === name);
      if (place === undefined) throw damaged(`its rows are grouped by ${shown(name)}, which is no column`);
      return place;
    });
    this.#columns = places.filter((place) => !this.#groups.includes(place));
    this.#width = columns.length;
  }

  /** The rows of the next page; of the first one, the titles come first. @throws ReportError `contract` */
  add(content: Buffer): Cell[][] {
    this.#pages += 1;
    const sections = this.#page.read(content, this.#where());
    const rows = this.#titlesOf(sections);
    for (const section of sections) {
      if (section.kind === 'group') this.#beginGroup(section);
      else if (section.kind === 'rows') this.#addRows(section, rows);
    }
    return rows;
  }

  /** As a row on the first page. Every page must have the same. */
  #titlesOf(sections: readonly Section[]): Cell[][] {
    const { texts } = this.#page;
    const [section, ...more] = sections.filter(({ kind }) => kind === 'titles');
    if (section === undefined || more.length > 0)
      throw damaged(`${this.#where()} has no titles, or has them twice`);
    const drawn: Cell[] = [];
    for (let cell = section.from; cell < section.to; cell++) drawn.push(texts.cell(cell));
    if (drawn.length !== this.#columns.length) {
      throw damaged(`${this.#where()} has ${drawn.length} titles for ${this.#columns.length} columns`);
    }
    const titles = JSON.stringify(drawn);
    this.#titles ??= titles;
    if (titles !== this.#titles) throw damaged(`${this.#where()} has other titles than page 1`);
    if (this.#pages > 1) return [];
    const header = new Array<Cell>(this.#width);
    for (const { index, column } of this.#groups) header[index] = column.title ?? column.name;
    for (const [place, { index }] of this.#columns.entries()) header[index] = drawn[place] ?? null;
    return [header];
  }

  #beginGroup({ level, from, to }: Section): void {
    const group = this.#groups[level];
    if (group === undefined || level > this.#values.length || to !== from + 1) {
      throw damaged(
        `${this.#where()} has a group of level ${level} with ${to - from} cells in the wrong place`,
      );
    }
    this.#values.length = level;
    this.#values.push(this.#cell(from, group.column));
  }

  #addRows({ from, to }: Section, rows: Cell[][]): void {
    const columns = this.#columns;
    const groups = this.#groups;
    if ((to - from) % columns.length !== 0) {
      throw damaged(`${this.#where()} has ${to - from} cells in rows of ${columns.length}`);
    }
    if (to > from && this.#values.length !== groups.length) {
      throw damaged(`${this.#where()} has rows before the group that they are in`);
    }
    for (let cell = from; cell < to; ) {
      const row = new Array<Cell>(this.#width);
      for (let place = 0; place < groups.length; place++) {
        row[(groups[place] as Place).index] = this.#values[place] as Cell;
      }
      for (let place = 0; place < columns.length; place++) {
        const { index, column } = columns[place] as Place;
        row[index] = this.#cell(cell++, column);
      }
      rows.push(row);
    }
  }

  #cell(cell: number, { kind, name }: Column): Cell {
    const text = this.#page.texts.cell(cell);
    if (text === null || !isNumeric(kind)) return text;
    const number = canonicalNumber(text, this.#locale);
    if (number === undefined)
      throw damaged(`${this.#where()} has ${shown(text)} in ${shown(name)}, no ${kind}`);
    return number;
  }

  #where(): string {
    return `page ${this.#pages}`;
  }
}
