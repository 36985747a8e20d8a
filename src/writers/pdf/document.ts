// A report as pages: head, groups and their rows, subtotals, sums that are carried over a page's end, the grand total, the index.
import type { Column } from '../../core/table.js';
import type { Lines } from '../../rows/lines.js';
import { noValue } from '../words/asked.js';
import type { Snapshot } from './canvas.js';
import type { Changes } from './changes.js';
import type { Head } from './head.js';
import { drawIndex, type IndexLink } from './index-pages.js';
import { labelsOf, rowsText } from './labels.js';
import type { Levels, Sums } from './levels.js';
import { numberStyle } from './numbers.js';
import type { Entry } from './outline.js';
import type { Pages } from './pages.js';
import { type Language, shortened, shownText } from './spelling.js';
import type { Table } from './table.js';

/** Rows beyond so many are not tagged unless it was asked for: tags make the file five times as large. */
const MOST_TAGGED_ROWS = 100_000;
/** Of groups in the index and the bookmarks: they are kept until the end. */
const MOST_ENTRIES = 10_000;

/** Characters of a group's value in the index, in bookmarks and before its sums. */
const NAME_LENGTH = 300;

/** Characters of the values in a heading of groups that go on, so that all of them fit. */
const CONTINUED_LENGTH = 66;

interface Parts {
  readonly pages: Pages;
  readonly head: Head;
  readonly table: Table;
  readonly levels: Levels;
  readonly changes: Changes;
}

interface Options extends Language {
  /** Whether every row is tagged, however many there are. */
  readonly isTagged: boolean;
  /** Whether any column is summed. */
  readonly hasSums: boolean;
}

export class ReportPages {
  /** The groups in their order, for bookmarks and index. */
  readonly entries: Entry[] = [];
  #hasAllEntries = true;
  readonly #parts: Parts;
  readonly #options: Options;
  /** Of the line of the sums that are carried over, in points. */
  readonly #carriedHeight: number;
  #rows = 0;
  /** The values of the open groups as they are shown. */
  readonly #open: { readonly label: string; readonly shown: string }[] = [];
  #isInRows = false;
  #repeatedHead: { readonly snapshot: Snapshot; readonly top: number } | undefined;

  constructor(parts: Parts, options: Options) {
    this.#parts = parts;
    this.#options = options;
    const { pages, head, table } = parts;
    this.#carriedHeight = options.hasSums ? table.sumHeight(labelsOf(options.locale).carried) : 0;
    pages.begin();
    head.first(pages);
    table.countTitles(parts.changes);
    table.header();
  }

  /** Draws rows. @throws ReportError `contract` with strict, and for a group that comes twice */
  add(lines: Lines): void {
    const { levels, changes, table, pages } = this.#parts;
    for (let row = 0; row < lines.rowCount; row++) {
      const level = levels.changed(lines, row);
      if (level < levels.depth) {
        this.#closeGroups(level);
        this.#openGroups(level, lines, row);
      }
      if (this.#rows === MOST_TAGGED_ROWS && !this.#options.isTagged) pages.tags.isOn = false;
      this.#drawRow(lines, row);
      levels.add(lines, row);
      this.#rows += 1;
      table.countChanges(changes, this.#rows);
    }
  }

  #drawRow(lines: Lines, row: number): void {
    const { table } = this.#parts;
    const least = this.#carriedHeight;
    this.#enterRows();
    if (table.row(lines, row, least)) return;
    this.#breakPage(this.#parts.levels.depth);
    this.#enterRows();
    if (!table.row(lines, row, least)) table.row(lines, row, Number.NEGATIVE_INFINITY);
  }

  #enterRows(): void {
    if (!this.#isInRows) this.#parts.table.beginRows();
    this.#isInRows = true;
  }

  #leaveRows(): void {
    if (this.#isInRows) this.#parts.table.endRows();
    this.#isInRows = false;
  }

  /** Begins a page. @param depth how many of the groups go on there */
  #breakPage(depth: number): void {
    const { pages, table, levels } = this.#parts;
    const { locale, hasSums } = this.#options;
    const labels = labelsOf(locale);
    this.#leaveRows();
    // Between two of the outermost groups nothing goes on.
    const isInside = depth > 0 || levels.depth === 0;
    const running = isInside && hasSums ? levels.running(depth) : undefined;
    const carries = running !== undefined && running.rows > 0;
    if (carries) table.sumLine(labels.carried, running.sums);
    pages.end();
    pages.begin();
    this.#drawRepeatedHead();
    const going = this.#open.slice(0, depth);
    if (going.length > 0) {
      const names = going.map(
        ({ label, shown }) => `${label}: ${shortened(shown, CONTINUED_LENGTH / going.length)}`,
      );
      table.continuedHeading(`${names.join(' · ')} ${labels.continued}`);
    }
    if (carries) table.sumLine(labels.brought, running.sums);
  }

  /** The running head and the titles of the columns, which are the same on every page but the first. */
  #drawRepeatedHead(): void {
    const { pages, head, table } = this.#parts;
    if (this.#repeatedHead === undefined) {
      head.running(pages);
      table.header();
      this.#repeatedHead = { snapshot: pages.snapshot(), top: pages.top };
      return;
    }
    pages.restore(this.#repeatedHead.snapshot);
    pages.top = this.#repeatedHead.top;
  }

  #openGroups(level: number, lines: Lines, row: number): void {
    const { pages, table, levels, changes } = this.#parts;
    const inner = Array.from({ length: levels.depth - level }, (_, index) => level + index);
    const headings = inner.reduce((sum, each) => sum + table.headingHeight(each), 0);
    // A heading is never the last line of a page: its group has room for a row.
    const needed = headings + table.heightOf(lines, row) + this.#carriedHeight;
    if (table.isPageFull || pages.top - needed < pages.bottom) this.#breakPage(level);
    for (const each of inner) {
      const value = levels.open(each, lines, row);
      const { name, title = name, kind } = levels.columns[each] as Column;
      const style = numberStyle(this.#options.locale, kind === 'decimal', 0);
      const exact = value === null ? null : shownText(kind, value, style, this.#options);
      const shown = exact === null || exact === '' ? noValue(this.#options.locale) : exact;
      const short = shortened(shown, NAME_LENGTH);
      this.#open[each] = { label: title, shown: short };
      this.#open.length = each + 1;
      if (this.entries.length < MOST_ENTRIES) {
        this.entries.push({ level: each, text: short, page: pages.number, top: pages.top });
      } else this.#hasAllEntries = false;
      for (const reason of table.heading(each, title, shown, exact)) {
        changes.add(reason, shown, `the heading of a group of "${name}"`);
      }
    }
  }

  /** Ends the groups from the innermost to this level. */
  #closeGroups(level: number): void {
    const { levels } = this.#parts;
    this.#leaveRows();
    for (let each = this.#open.length - 1; each >= level; each--) {
      const label = `${labelsOf(this.#options.locale).subtotal} ${this.#open[each]?.shown}`;
      this.#sumLine(label, () => levels.close(each), each);
      this.#open.length = each;
    }
  }

  /** @param level of the group that ends; -1 for all rows */
  #sumLine(label: string, close: () => Sums, level: number): void {
    const { pages, table, levels } = this.#parts;
    const height = table.sumHeight(`${label} (${rowsText(levels.all, this.#options.locale)})`, level);
    // Below an inner group stay room for the sums of the one around it: the next group may begin on another page.
    const below = level > 0 ? this.#carriedHeight : 0;
    if (pages.top - height < pages.bottom + below) this.#breakPage(level + 1);
    const { rows, sums } = close();
    table.sumLine(`${label} (${rowsText(rows, this.#options.locale)})`, sums, level);
  }

  /** Of all rows, when they are drawn: their number, and column name to exact sum. */
  total(): { readonly rows: number; readonly totals: Readonly<Record<string, string>> } {
    const { levels, table } = this.#parts;
    const { rows, sums } = levels.running(0);
    return { rows, totals: Object.fromEntries(sums.map((sum, index) => [table.summedName(index), sum])) };
  }

  /** Draws what follows the last row. @returns the links of the index */
  finish(): IndexLink[] {
    const { pages, head, levels, table } = this.#parts;
    const { locale } = this.#options;
    const labels = labelsOf(locale);
    this.#closeGroups(0);
    if (this.#rows === 0) table.message(labels.noRows);
    this.#sumLine(labels.total, () => levels.running(0), -1);
    pages.end();
    if (this.entries.length < 2 || pages.contents.length < 2) return [];
    return drawIndex(pages, this.entries, head, locale, this.#hasAllEntries);
  }
}
