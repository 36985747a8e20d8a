// Where the columns of the table stand: widths from the kinds of the columns and the first rows, the largest size that fits.
import { ReportError } from '../../core/errors.js';
import type { Column, Kind } from '../../core/table.js';
import { isNumeric } from '../../core/table.js';
import { ORIENTATIONS, type Orientation, type Page } from './options.js';
import { type Paper, paperOf } from './paper.js';

/** What the first rows say about a column, in 1/1000 em. */
export interface ColumnSample {
  readonly column: Column;
  /** The widest value; of a column that is summed, with room for its sum. */
  readonly widest: number;
  /** As wide as nine of ten values. */
  readonly usual: number;
  /** The widest word of its title, and its title as one line. */
  readonly titleWord: number;
  readonly title: number;
}

/** A column of the table, its edges in 1/1000 em from the left margin. */
interface PlacedColumn {
  readonly column: Column;
  readonly left: number;
  readonly right: number;
  readonly isRight: boolean;
}

export interface TableLayout {
  readonly paper: Paper;
  /** Of the letters, in points: what 1 em is. */
  readonly size: number;
  readonly columns: readonly PlacedColumn[];
  /** The right edge of the table in 1/1000 em: that of the page. */
  readonly width: number;
}

/** Between two columns, in 1/1000 em. */
const GAP = 750;
/** In points. */
const SIZES = [8, 7.5, 7, 6.5, 6];
const SMALLEST_SIZES = [5.5, 5];
/** In 1/1000 em: no text column is wider by itself, and none is narrower unless its values are. */
const WIDEST_TEXT = 22_000;
const NARROWEST_TEXT = 5000;
const TIGHTEST_TEXT = 3000;
/** Of titles: a word is broken only where its column would be wider than this, and no title makes its column wider than that. */
const NARROWEST_WORD = 4000;
const WIDEST_TITLE = 8000;
/** Room for one more digit and its separator than the first rows have. */
const MORE_DIGITS = 900;
/** Room for one more letter: later rows often have a longer number in their texts. */
const MORE_LETTER = 700;
/** A gap between columns that has become wider than this looks like two tables. */
const WIDEST_GAP = 3000;
/** No text column gets more room than this that none of its values needs. */
const WIDEST_BLANK = 6000;

interface Need {
  readonly wanted: number;
  readonly least: number;
  /** What neither the first rows nor the title as one line need more than. */
  readonly most: number;
}

/**
 * Upright when the columns fit as they are in the largest size, else in the largest size in which they fit as landscape; else
 * text columns get narrower and wrap.
 * @throws ReportError `definition` when not even that is enough, with the columns that need most
 */
export function placeColumns(samples: readonly ColumnSample[], page: Page): TableLayout {
  const needs = samples.map((sample) => needOf(sample, false));
  const [first = 0, ...smaller] = SIZES;
  const asked = page.orientation === undefined ? ORIENTATIONS : [page.orientation];
  for (const orientation of asked) {
    const isForced = asked.length === 1 || orientation === 'landscape';
    for (const size of isForced ? [first, ...smaller] : [first]) {
      const fitted = fit(samples, needs, page, orientation, size, true);
      if (fitted !== undefined) return fitted;
    }
  }
  const last = asked.at(-1) as Orientation;
  // Smaller letters before titles whose words are broken.
  const ofWholeWords = samples.map((sample, index): Need => {
    const need = needs[index] as Need;
    return { ...need, least: Math.max(need.least, Math.min(sample.titleWord, WIDEST_TITLE)) };
  });
  for (const size of smaller.slice(1)) {
    const fitted = fit(samples, ofWholeWords, page, last, size, false);
    if (fitted !== undefined) return fitted;
  }
  for (const size of [...smaller.slice(1), ...SMALLEST_SIZES]) {
    const fitted = fit(samples, needs, page, last, size, false);
    if (fitted !== undefined) return fitted;
  }
  const tightest = samples.map((sample) => needOf(sample, true));
  const fitted = fit(samples, tightest, page, last, SMALLEST_SIZES.at(-1) as number, false);
  if (fitted !== undefined) return fitted;
  throw tooWide(samples, tightest, page, last);
}

/** @param isTight whether only what is there fits, and texts wrap after a few letters */
function needOf({ column, widest, usual, titleWord, title }: ColumnSample, isTight: boolean): Need {
  const [letters, word] = isTight ? [TIGHTEST_TEXT, TIGHTEST_TEXT] : [NARROWEST_TEXT, NARROWEST_WORD];
  if (isText(column.kind)) {
    const natural = (widest <= usual * 1.5 ? widest : usual * 1.2) + (isTight ? 0 : MORE_LETTER);
    const wanted = Math.min(WIDEST_TEXT, Math.max(natural, titleWord));
    const least = Math.min(wanted, Math.max(letters, Math.min(titleWord, word)));
    const shown = Math.max(wanted, Math.min(title, WIDEST_TITLE));
    return { wanted: shown, least, most: Math.max(shown, widest + MORE_LETTER) };
  }
  const value = widest + (isNumeric(column.kind) && !isTight ? MORE_DIGITS : 0);
  const wanted = Math.max(value, titleWord);
  const most = Math.max(wanted, Math.min(title, WIDEST_TITLE));
  return { wanted, least: Math.max(value, Math.min(titleWord, word)), most };
}

function isText(kind: Kind): boolean {
  return kind === 'text' || kind === 'json';
}

/** @param isWhole whether every column gets what it wants */
function fit(
  samples: readonly ColumnSample[],
  needs: readonly Need[],
  page: Page,
  orientation: Orientation,
  size: number,
  isWhole: boolean,
): TableLayout | undefined {
  const paper = paperOf(page, orientation);
  const width = Math.floor(((paper.right - paper.left) * 1000) / size);
  const gaps = GAP * (samples.length - 1);
  const sum = (of: (need: Need) => number) => needs.reduce((all, need) => all + of(need), gaps);
  const wanted = sum((need) => need.wanted);
  const least = sum((need) => need.least);
  if ((isWhole ? wanted : least) > width) return undefined;
  const share = wanted <= width ? 1 : (width - least) / (wanted - least);
  const widths = needs.map((need) => Math.floor(need.least + share * (need.wanted - need.least)));
  const free = widened(widths, needs, width - gaps - widths.reduce((all, each) => all + each, 0));
  const between = Math.min(WIDEST_GAP, GAP + free / samples.length);
  let left = 0;
  const columns = samples.map(({ column }, index): PlacedColumn => {
    const right = left + (widths[index] as number);
    const placed = { column, left, right, isRight: isNumeric(column.kind) };
    left = Math.floor(right + between);
    return placed;
  });
  return { paper, size, columns: withRoomUsed(columns, width), width };
}

/** Gives room to columns that have values which are wider than they are, in equal measure. @returns the room that is left */
function widened(widths: number[], needs: readonly Need[], room: number): number {
  const lacks = needs.map(({ most }, index) => Math.max(0, most - (widths[index] as number)));
  const lack = lacks.reduce((all, each) => all + each, 0);
  if (lack === 0 || room <= 0) return Math.max(0, room);
  const part = Math.min(1, room / lack);
  for (const [index, each] of lacks.entries())
    widths[index] = (widths[index] as number) + Math.floor(part * each);
  return Math.max(0, room - lack);
}

/** What is left at the right goes to the text columns, where there are any, up to what looks like one table. */
function withRoomUsed(columns: readonly PlacedColumn[], width: number): readonly PlacedColumn[] {
  const texts = columns.filter(({ column }) => isText(column.kind)).length;
  const free = width - (columns.at(-1)?.right ?? width);
  if (texts === 0 || free <= 0) return columns;
  const each = Math.min(Math.floor(free / texts), WIDEST_BLANK);
  let shift = 0;
  return columns.map((placed) => {
    const left = placed.left + shift;
    if (isText(placed.column.kind)) shift += each;
    return { ...placed, left, right: placed.right + shift };
  });
}

function tooWide(
  samples: readonly ColumnSample[],
  needs: readonly Need[],
  page: Page,
  orientation: Orientation,
): ReportError {
  const smallest = SMALLEST_SIZES.at(-1) as number;
  const paper = paperOf(page, orientation);
  const millimetres = (width: number) => `${Math.ceil((((width * smallest) / 1000) * 25.4) / 72)} mm`;
  const all = needs.reduce((sum, { least }) => sum + least, GAP * (needs.length - 1));
  const room = `${Math.floor(((paper.right - paper.left) * 25.4) / 72)} mm`;
  const widest = samples
    .map(({ column }, index) => ({ name: column.name, least: needs[index]?.least ?? 0 }))
    .sort((a, b) => b.least - a.least)
    .slice(0, 3)
    .map(({ name, least }) => `${name} (${millimetres(least)})`);
  const larger = page.size === 'A3' ? '' : ', use larger paper (page: { size: A3 })';
  return new ReportError(
    'definition',
    `writing pdf: ${samples.length} columns need ${millimetres(all)} in the smallest letters, and the page has ${room}; the widest are ${widest.join(', ')}`,
    { hint: `Export fewer columns (--columns)${larger}, or write xlsx.` },
  );
}
