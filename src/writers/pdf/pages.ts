// The pages of a file: each is written when it is full; what its foot says is drawn by an object that is written last.
import { deflateSync } from 'node:zlib';
import { ReportError } from '../../core/errors.js';
import type { Locale } from '../../core/format.js';
import { Canvas, type Faces } from './canvas.js';
import { countText, labelsOf } from './labels.js';
import { LARGEST_PAGE } from './limits.js';
import type { PdfFile } from './objects.js';
import type { Paper } from './paper.js';
import { type Tag, TagLog } from './tag-log.js';

/** Speed before size: level 6 takes twice the time of level 3 for 10 % less (bench/pdf.ts). */
const DEFLATE_LEVEL = 3;
/** In points: what the foot takes. */
export const FOOT_HEIGHT = 24;
const FOOT_SIZE = 6;
/** The most that the number of pages is expected to be: of a report whose rows were all measured, and of any other. */
const MOST_PAGES = { few: '99', many: '99.999' };
/** In points. */
const HAIRLINE = '.3 w .78 G';

export class Pages extends Canvas {
  readonly paper: Paper;
  readonly tags: TagLog;
  /** The upper edge of what is free, in points from the bottom. */
  top = 0;
  /** Of the content stream of each page. */
  readonly contents: number[] = [];
  /** The reserved number of the object that draws the foot. */
  readonly foot: number;
  /** In points, from the left: where the number of the page ends and the number of pages begins. */
  readonly ofPages: number;
  readonly #file: PdfFile;
  readonly #locale: Locale | undefined;

  /** @param isShort whether it will be a few pages: then what follows the page's number takes less room */
  constructor(
    file: PdfFile,
    paper: Paper,
    faces: Faces,
    locale: Locale | undefined,
    isTagged: boolean,
    isShort = false,
  ) {
    super(faces);
    this.#file = file;
    this.paper = paper;
    this.#locale = locale;
    this.tags = new TagLog(isTagged);
    this.foot = file.reserve();
    const most = isShort ? MOST_PAGES.few : MOST_PAGES.many;
    const style = { weight: 'regular', size: FOOT_SIZE } as const;
    this.ofPages = paper.right - this.widthOf(` ${labelsOf(locale).of} ${most}`, style);
  }

  /** The number of the present page, from 1. */
  get number(): number {
    return this.contents.length + 1;
  }

  /** The lowest edge of what may stand on a page. */
  get bottom(): number {
    return this.paper.bottom + FOOT_HEIGHT;
  }

  begin(): void {
    this.clear();
    this.tags.beginPage();
    this.top = this.paper.top;
  }

  /**
   * Writes the page.
   * @param isData whether it holds rows, which are read back
   * @throws ReportError `contract` when a row is too large for that
   */
  end(isData = true): void {
    const { left, bottom } = this.paper;
    const number = `${labelsOf(this.#locale).page} ${countText(this.number, this.#locale)}`;
    this.artifact(() => {
      const edges = { left, right: this.ofPages, isRight: true };
      this.line(number, { weight: 'regular', size: FOOT_SIZE }, edges, bottom + FOOT_HEIGHT - 10);
    });
    const { graphics, text } = this;
    const start = graphics.length === 0 ? '' : `/Artifact BMC ${HAIRLINE}\n`;
    const parts = [
      Buffer.from(start),
      graphics.content(),
      Buffer.from(start === '' ? 'BT\n' : 'EMC 0 g\nBT\n'),
      text.content(),
      Buffer.from('ET\n/Artifact<</Type/Pagination/Subtype/Footer>>BDC/Foot Do EMC\n'),
    ];
    const content = Buffer.concat(parts);
    if (content.length > LARGEST_PAGE) throw tooLarge(this.number);
    const page = isData ? `/RPTC_Page ${this.number}` : '';
    const bytes = deflateSync(content, { level: DEFLATE_LEVEL });
    this.contents.push(this.#file.stream(`${page}/Filter/FlateDecode`, bytes));
  }

  /** What is drawn by the action is no part of the document's content (ISO 32000-1, 14.8.2.2). */
  artifact(draw: () => void): void {
    this.text.add('/Artifact<</Type/Pagination>>BDC\n');
    draw();
    this.text.add('EMC\n');
  }

  /** What is drawn by the action is a part of the content, where contents are marked. */
  tagged(tag: Tag, draw: () => void): void {
    const mark = this.tags.mark(tag);
    if (mark >= 0) this.text.add(`/${ELEMENTS[tag]}<</MCID ${mark}>>BDC\n`);
    draw();
    if (mark >= 0) this.text.add('EMC\n');
  }
}

/** The structure types of marked contents (ISO 32000-1, 14.8.4). */
const ELEMENTS: Readonly<Record<Tag, string>> = {
  title: 'H1',
  paragraph: 'P',
  header: 'TH',
  cell: 'TD',
  group: 'TH',
  'sum-label': 'TH',
  sum: 'TD',
  'index-title': 'H2',
  'index-entry': 'Link',
};

function tooLarge(page: number): ReportError {
  const most = `${LARGEST_PAGE / 1024 ** 2} MiB`;
  return new ReportError('contract', `writing pdf: the row on page ${page} has more than ${most} of text`, {
    hint: 'Shorten it in the query, leave its column out (--columns), or write csv.',
  });
}
