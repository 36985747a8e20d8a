// The index of groups at the end: their names, and the pages on which they begin, with links.
import type { Locale } from '../../core/format.js';
import { points } from './bytes.js';
import type { Head } from './head.js';
import { countText, labelsOf } from './labels.js';
import { type PdfFile, textString } from './objects.js';
import type { Entry } from './outline.js';
import type { Pages } from './pages.js';

const TITLE = { weight: 'bold', size: 12 } as const;
const OUTER = { weight: 'bold', size: 8 } as const;
const INNER = { weight: 'regular', size: 8 } as const;
const LINE = 12;
const INDENT = 12;
/** In points: what the number of a page takes. */
const NUMBER = 50;

/** A line of the index that leads to a page: where it stands, in points. */
export interface IndexLink {
  /** The page of the index, its number from 1. */
  readonly on: number;
  readonly to: Entry;
  readonly box: readonly [left: number, bottom: number, right: number, top: number];
}

/** Draws the index on pages of its own. @param isWhole whether it has every group */
export function drawIndex(
  pages: Pages,
  entries: readonly Entry[],
  head: Head,
  locale: Locale | undefined,
  isWhole: boolean,
): IndexLink[] {
  const links: IndexLink[] = [];
  const { left, right } = pages.paper;
  const labels = labelsOf(locale);
  pages.begin();
  head.running(pages);
  pages.tagged('index-title', () => pages.line(labels.index, TITLE, { left, right }, pages.top - TITLE.size));
  pages.top -= 2 * TITLE.size;
  const makeRoom = () => {
    if (pages.top - LINE >= pages.bottom) return;
    pages.end(false);
    pages.begin();
    head.running(pages);
  };
  for (const entry of entries) {
    makeRoom();
    const style = entry.level === 0 ? OUTER : INNER;
    const from = left + entry.level * INDENT;
    const baseline = pages.top - LINE + 3.5;
    const lines = pages.linesOf(entry.text, style, right - NUMBER - from, 1);
    pages.tagged('index-entry', () => {
      pages.cell({ lines }, style, { left: from, right: right - NUMBER }, baseline);
      pages.line(
        countText(entry.page, locale),
        INNER,
        { left: right - NUMBER, right, isRight: true },
        baseline,
      );
    });
    pages.rule(from, right, pages.top - LINE);
    links.push({ on: pages.number, to: entry, box: [from, pages.top - LINE, right, pages.top] });
    pages.top -= LINE;
  }
  if (!isWhole) {
    makeRoom();
    pages.tagged('paragraph', () => pages.line(labels.more, INNER, { left, right }, pages.top - LINE));
    pages.top -= LINE;
  }
  pages.end(false);
  return links;
}

/**
 * Writes the links (ISO 32000-1, 12.5.6.5 Link Annotations).
 * @param structParentOf the key of a link in the parent tree, or undefined where there is none
 * @returns the object numbers, one of each
 */
export function writeLinks(
  file: PdfFile,
  links: readonly IndexLink[],
  pageOf: (page: number) => number,
  structParentOf: (index: number) => number | undefined,
): number[] {
  return links.map(({ to, box, on }, index) => {
    const key = structParentOf(index);
    const parent = key === undefined ? '' : `/StructParent ${key}`;
    const destination = `[${pageOf(to.page)} 0 R/XYZ null ${points(to.top)} null]`;
    return file.object(
      `<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/P ${pageOf(on)} 0 R/Rect[${box.map(points).join(' ')}]/Contents${textString(to.text)}${parent}/Dest${destination}>>`,
    );
  });
}
