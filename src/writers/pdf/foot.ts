// The foot of every page: a form (ISO 32000-1, 8.10) that is written last, when the number of pages and the content's hash are known.
import type { Locale } from '../../core/format.js';
import type { About } from '../../core/writer.js';
import { points } from './bytes.js';
import { Canvas, type Faces } from './canvas.js';
import { countText, labelsOf } from './labels.js';
import type { PdfFile } from './objects.js';
import { FOOT_HEIGHT, type Pages } from './pages.js';

const STYLE = { weight: 'regular', size: 6, colour: '.35 g' } as const;
const LINE = 8;
/** In points: room for the number of a page and the word before it. */
const PAGE_NUMBER = 48;

interface Foot {
  readonly about: About;
  readonly locale: Locale | undefined;
  /** SHA-256 of the rows, in hexadecimal digits. */
  readonly content: string;
  /** Whether nothing is tagged, so that another file is the accessible one. */
  readonly namesCsv: boolean;
}

export function writeFoot(
  file: PdfFile,
  pages: Pages,
  faces: Faces,
  { about, locale, content, namesCsv }: Foot,
): void {
  const labels = labelsOf(locale);
  const canvas = new Canvas(faces);
  const { paper, ofPages, foot, contents } = pages;
  const { left, right, bottom } = paper;
  const top = bottom + FOOT_HEIGHT - 10;
  const run = [
    about.run === undefined ? '' : `${labels.run} ${about.run}`,
    about.revision === undefined ? '' : `${labels.revision} ${about.revision}`,
    about.tool ?? '',
    namesCsv ? labels.accessible : '',
  ];
  const hashes = [
    about.definition === undefined ? '' : `${labels.definition} ${about.definition}`,
    `${labels.content} ${content}`,
  ];
  const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join(' · ');
  // Behind the number of the page, which each page draws itself.
  canvas.line(
    ` ${labels.of} ${countText(contents.length, locale)}`,
    { ...STYLE, colour: '0 g' },
    { left: ofPages, right },
    top,
  );
  canvas.line(joined(run), STYLE, { left, right: ofPages - PAGE_NUMBER }, top);
  canvas.line(joined(hashes), STYLE, { left, right }, top - LINE);
  const operators = Buffer.from(`BT\n${canvas.text.content().toString('latin1')}ET\n`, 'latin1');
  const fonts = `/F1 ${faces.regular.resource} 0 R/F2 ${faces.bold.resource} 0 R`;
  const box = `[0 0 ${points(paper.width)} ${points(paper.height)}]`;
  file.stream(`/Type/XObject/Subtype/Form/BBox${box}/Resources<</Font<<${fonts}>>>>`, operators, foot);
}
