// The table of a page: the titles of its columns, rows, headings of groups, and lines of sums.
import type { Lines } from '../../rows/lines.js';
import { currencySymbol } from '../words/number-format.js';
import { type Faces, FONT_NAMES } from './canvas.js';
import { CellDrawer } from './cell-drawer.js';
import type { Changes, Reason } from './changes.js';
import type { TableLayout } from './columns.js';
import type { Face } from './fonts.js';
import { FULL_PAGE } from './limits.js';
import { numberStyle, spellNumber } from './numbers.js';
import type { Pages } from './pages.js';
import { type CellPlan, NEGATIVE, RowEncoder, type RowOptions, reasonsOf } from './row-encoder.js';
import { titleOf } from './sample.js';
import { actualOf, LineBreaker, type Wrapped } from './text-lines.js';

/** Of the size of the letters. */
const LINE_HEIGHT = 1.2;
/** Above and below the lines of a row together. */
const ROW_PADDING = 0.45;
/** From the upper edge of a line to its baseline. */
const ASCENT = 0.93;
const TITLE_LINES = 3;
/** In 1/1000 em, between a label and a sum, and between two sums. */
const SUM_GAP = 600;

/** Behind the sums of all rows, of the outermost groups, and of the groups inside of them. */
const SHADES = ['.8 .83 .88 rg', '.88 .9 .93 rg', '.94 .95 .97 rg'];

/** The sums of the columns that are summed, in their order. */
export type Sums = readonly string[];

export interface TableOptions extends Omit<RowOptions, 'size' | 'lineHeight' | 'mostLines'> {
  readonly layout: TableLayout;
  readonly plans: readonly CellPlan[];
  /** The columns that are summed, by their numbers in `plans`. */
  readonly summed: readonly number[];
}

export class Table {
  readonly rowHeight: number;
  readonly #pages: Pages;
  readonly #options: TableOptions;
  readonly #lineHeight: number;
  readonly #size: number;
  readonly #encoder: RowEncoder;
  readonly #titles: readonly { readonly wrapped: Wrapped; readonly actual: string | undefined }[];
  /** The right edge of the table in points. */
  readonly #right: number;
  readonly #headerLines: number;
  readonly #bold: Face;
  #hasHeader = false;

  constructor(pages: Pages, faces: Faces, options: TableOptions) {
    const { layout, plans } = options;
    this.#pages = pages;
    this.#options = options;
    this.#size = layout.size;
    this.#lineHeight = layout.size * LINE_HEIGHT;
    const { left, right } = layout.paper;
    const tableWidth = ((layout.columns.at(-1)?.right ?? layout.width) * layout.size) / 1000;
    // Half a page at least: labels of sums stand in the bands.
    this.#right = Math.min(right, left + Math.max(tableWidth, (right - left) / 2));
    this.rowHeight = this.#heightOf(1);
    this.#bold = faces.bold;
    this.#encoder = new RowEncoder(pages.text, faces.regular, plans, {
      ...options,
      size: this.#size,
      lineHeight: this.#lineHeight,
      mostLines: Math.floor((pages.paper.top - pages.bottom) / 2 / this.#lineHeight),
    });
    const breaker = new LineBreaker(faces.bold);
    this.#titles = plans.map(({ column, left, right }) => {
      const { name, title = name } = column;
      const wrapped = breaker.wrap(titleOf(column), right - left, TITLE_LINES);
      return { wrapped, actual: actualOf(wrapped, title) };
    });
    this.#headerLines = Math.max(1, ...this.#titles.map(({ wrapped }) => wrapped.lines.length));
  }

  /** Counts the titles that are not shown whole. @throws ReportError `contract` with strict */
  countTitles(changes: Changes): void {
    for (const [index, { wrapped }] of this.#titles.entries()) {
      const { column } = this.#plan(index);
      const place = `the title of column "${column.name}"`;
      if (wrapped.isCut) changes.add('cut', titleOf(column), place);
      if (wrapped.hasBox) changes.add('glyph', titleOf(column), place);
    }
  }

  get headerHeight(): number {
    return this.#heightOf(this.#headerLines);
  }

  #heightOf(lines: number): number {
    return lines * this.#lineHeight + this.#size * ROW_PADDING;
  }

  /** From the upper edge of a row to its first baseline. */
  get #toBaseline(): number {
    return this.#size * (ROW_PADDING / 2 + ASCENT);
  }

  /** Draws the titles at the top of what is free. Only the first ones are content; the others repeat them. */
  header(): void {
    if (this.#hasHeader) this.#pages.artifact(() => this.#header(-1));
    else this.#header(this.#pages.tags.mark('header', this.#titles.length));
    this.#hasHeader = true;
  }

  #header(mark: number): void {
    const pages = this.#pages;
    const { left } = pages.paper;
    const { top } = pages;
    pages.fill(left, this.#right, top, top - this.headerHeight);
    pages.font('bold', this.#size);
    pages.moveTo(left, top - this.#toBaseline);
    const drawer = new CellDrawer(pages.text, this.#bold, FONT_NAMES.bold, this.#size, this.#lineHeight);
    pages.text.add('/RPTC_H BMC\n');
    for (const [index, { wrapped, actual }] of this.#titles.entries()) {
      if (mark >= 0) pages.text.add(`/TH<</MCID ${mark + index}>>BDC `);
      drawer.cell({ lines: wrapped.lines, actual }, this.#plan(index));
      if (mark >= 0) pages.text.add('EMC');
      pages.text.add('\n');
    }
    pages.text.add('EMC\n');
    pages.boxes(drawer.boxes, this.#size, left, top - this.#toBaseline, this.#lineHeight);
    pages.top = top - this.headerHeight;
  }

  #plan(index: number): CellPlan {
    return this.#options.plans[index] as CellPlan;
  }

  /** Begins rows, which are read back. */
  beginRows(): void {
    this.#pages.text.add('/RPTC_R BMC\n');
    this.#pages.font('regular', this.#size);
  }

  endRows(): void {
    this.#pages.text.add('EMC\n');
  }

  /**
   * Draws a row when there is room for it.
   * @param least the room that must stay free below it, in points
   * @returns whether there was
   */
  row(lines: Lines, row: number, least: number): boolean {
    const pages = this.#pages;
    const encoder = this.#encoder;
    const { paper, top } = pages;
    if (this.isPageFull) return false;
    const before = pages.here();
    const baseline = top - this.#toBaseline;
    pages.moveTo(paper.left, baseline);
    encoder.row(lines, row, pages.tags.next);
    const height = this.#heightOf(encoder.lineCount);
    if (top - height < pages.bottom + least) {
      pages.goBack(before);
      return false;
    }
    if (pages.tags.isOn) pages.tags.mark('cell', this.#options.plans.length);
    pages.boxes(encoder.drawer.boxes, this.#size, paper.left, baseline, this.#lineHeight);
    pages.top = top - height;
    pages.rule(paper.left, this.#right, pages.top);
    return true;
  }

  /** Whether the page takes no further row, whatever room it has. */
  get isPageFull(): boolean {
    return this.#pages.text.length > FULL_PAGE;
  }

  /** The height of a row, in points. */
  heightOf(lines: Lines, row: number): number {
    const before = this.#pages.here();
    this.#encoder.row(lines, row, -1);
    this.#pages.goBack(before);
    return this.#heightOf(this.#encoder.lineCount);
  }

  /** Counts what the last row could not show as it is. @param number of the row, from 1. @throws ReportError `contract` with strict */
  countChanges(changes: Changes, number: number): void {
    for (const { reason, text, column } of this.#encoder.changes) {
      changes.add(reason, text, `row ${number}, column "${column}"`);
    }
  }

  /** From the left edge to the headings and sums of a level, in points. */
  #indent(level: number): number {
    return Math.max(0, level) * this.#size * 1.5;
  }

  /** The height of sumLine(). */
  sumHeight(label: string, level = 0): number {
    return this.#hasRoomFor(label, level) ? this.rowHeight : 2 * this.rowHeight;
  }

  /** Whether a label stands before the first sum. */
  #hasRoomFor(label: string, level: number): boolean {
    const first = this.#options.summed[0];
    if (first === undefined) return true;
    const before = (first === 0 ? 0 : this.#plan(first - 1).right) - SUM_GAP;
    const width = this.#indent(level) + this.#pages.widthOf(label, { weight: 'bold', size: this.#size });
    return width <= (before * this.#size) / 1000;
  }

  /** The name of a column that is summed. */
  summedName(index: number): string {
    return this.#plan(this.#options.summed[index] as number).column.name;
  }

  /**
   * Draws a label and sums below their columns.
   * @param level of the group, 0 for the outermost; -1 for all rows; undefined for a repetition at a page's end, which is no part of the table
   */
  sumLine(label: string, sums: Sums, level?: number): void {
    const isContent = level !== undefined;
    const pages = this.#pages;
    const { left, right } = pages.paper;
    const style = {
      weight: isContent ? 'bold' : 'regular',
      size: this.#size,
      colour: isContent ? '0 g' : '.3 g',
    } as const;
    const height = this.sumHeight(label, level);
    const { top } = pages;
    const last = top - height + this.rowHeight - this.#toBaseline;
    if (isContent) pages.fill(left, this.#right, top, top - height, SHADES[level + 1] ?? SHADES.at(-1));
    const labelLeft = left + this.#indent(level ?? 0);
    const isOneLine = height === this.rowHeight;
    const first = this.#options.summed[0];
    const labelRight =
      isOneLine && first !== undefined
        ? left + ((first === 0 ? 0 : this.#plan(first - 1).right) * this.#size) / 1000
        : right;
    const draw = (tag: 'sum-label' | 'sum', action: () => void) => {
      if (isContent) pages.tagged(tag, action);
      else action();
    };
    const drawAll = () => {
      draw('sum-label', () => {
        const lines = pages.linesOf(label, style, labelRight - labelLeft, 1);
        pages.cell({ lines }, style, { left: labelLeft, right: labelRight }, top - this.#toBaseline);
      });
      let before = isOneLine
        ? Math.ceil(((labelLeft - left + pages.widthOf(label, style)) * 1000) / this.#size) + SUM_GAP
        : 0;
      for (const [index, sum] of sums.entries()) {
        const plan = this.#plan(this.#options.summed[index] as number);
        const edges = {
          left: left + (Math.min(before, plan.left) * this.#size) / 1000,
          right: left + (plan.right * this.#size) / 1000,
          isRight: true,
        };
        const sumStyle = isContent && sum.startsWith('-') ? { ...style, colour: NEGATIVE } : style;
        draw('sum', () => pages.line(this.#sumText(plan, sum), sumStyle, edges, last));
        before = plan.right + SUM_GAP;
      }
    };
    if (isContent) drawAll();
    else pages.artifact(drawAll);
    pages.top = top - height;
    if (isContent) pages.rule(left, this.#right, pages.top);
  }

  #sumText({ column: { currency }, style }: CellPlan, sum: string): string {
    const { locale } = this.#options;
    const number = spellNumber(sum, numberStyle(locale, true, style.decimals));
    if (currency === undefined) return number;
    // As in both languages: -R$ 1.234,50.
    const [sign, digits] = number.startsWith('-') ? ['-', number.slice(1)] : ['', number];
    return `${sign}${currencySymbol(currency)} ${digits}`;
  }

  /** Draws a sentence in place of rows. */
  message(text: string): void {
    const pages = this.#pages;
    const { left, right } = pages.paper;
    const style = { weight: 'regular', size: this.#size } as const;
    pages.tagged('group', () => pages.line(text, style, { left, right }, pages.top - this.#toBaseline));
    pages.top -= this.rowHeight;
  }

  /** Draws the heading of a group that begins. @param actual the value as it is read back, or null. @returns why that is not what it shows */
  heading(level: number, label: string, shown: string, actual: string | null): readonly Reason[] {
    const pages = this.#pages;
    let reasons: readonly Reason[] = [];
    pages.tagged('group', () => {
      const { style, edges, baseline } = this.#headingPlace(level, label);
      pages.text.add(`/RPTC_G<</L ${level}>>BDC `);
      if (actual === null) pages.text.add('()Tj EMC ');
      const wrapped = pages.wrapped(shown, style, edges.right - edges.left, 1);
      const { lines } = wrapped;
      const replaced = actual === null ? undefined : actualOf(wrapped, actual);
      pages.cell({ lines, actual: replaced }, style, edges, baseline);
      if (actual !== null) pages.text.add('EMC\n');
      reasons = reasonsOf(shown, wrapped);
    });
    pages.top -= this.headingHeight(level);
    return reasons;
  }

  /** Draws the headings of the groups that go on, as one line. */
  continuedHeading(text: string): void {
    const pages = this.#pages;
    const style = { weight: 'bold', size: this.#headingSize(0) } as const;
    pages.artifact(() => {
      const { edges, baseline } = this.#headingPlace(0, '');
      pages.cell({ lines: pages.linesOf(text, style, edges.right - edges.left, 1) }, style, edges, baseline);
    });
    pages.top -= this.headingHeight(0);
  }

  /** Draws the label of a heading. @returns where its value goes */
  #headingPlace(level: number, label: string) {
    const pages = this.#pages;
    const size = this.#headingSize(level);
    const left = pages.paper.left + this.#indent(level);
    const baseline = pages.top - size * (ROW_PADDING / 2 + ASCENT);
    const edges = { left, right: pages.paper.right };
    const style = { weight: 'bold', size } as const;
    if (label === '') return { style, edges, baseline };
    const plain = { weight: 'regular', size } as const;
    const room = (edges.right - left) / 2;
    const width = Math.min(room, pages.widthOf(`${label}: `, plain));
    pages.cell(
      { lines: pages.linesOf(`${label}:`, plain, room, 1) },
      plain,
      { left, right: left + width },
      baseline,
    );
    return { style, edges: { ...edges, left: left + width }, baseline };
  }

  headingHeight(level: number): number {
    return this.#headingSize(level) * (LINE_HEIGHT + ROW_PADDING);
  }

  #headingSize(level: number): number {
    return this.#size + Math.max(0, 2 - level);
  }
}
