// The options of PDF, as a report or a command line spells them and as the writer takes them.
import * as z from 'zod';
import { ReportError } from '../../core/errors.js';
import { LOCALES, type Locale, type SpelledOptions } from '../../core/format.js';
import { booleans, booleanWords } from '../words/booleans.js';
import { locale } from '../words/locale.js';
import { strict } from '../words/strict.js';
import type { Language } from './spelling.js';

/** Width and height of a page upright, in millimetres (ISO 216; ANSI Y14.1 and US legal). */
export const PAGE_SIZES = {
  A4: [210, 297],
  A3: [297, 420],
  letter: [215.9, 279.4],
  legal: [215.9, 355.6],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;
type PageSize = keyof typeof PAGE_SIZES;
const SIZES = Object.keys(PAGE_SIZES) as [PageSize, ...PageSize[]];
export const ORIENTATIONS = ['portrait', 'landscape'] as const;
export type Orientation = (typeof ORIENTATIONS)[number];
/** What pageOf() takes beside margins. */
export const PAGE_WORDS: readonly string[] = [...SIZES, ...ORIENTATIONS];
const OVERFLOWS = ['wrap', 'cut'] as const;
export const ATTACHMENTS = ['csv', 'manifest'] as const;

const word = z.string().min(1);
const page = z.strictObject({
  size: z.enum(SIZES).optional(),
  orientation: z.enum(ORIENTATIONS).optional(),
  margins: z.number().min(0).optional(),
});

export const pdfOptions = {
  locale,
  booleans,
  strict,
  page: z
    .union([word, page])
    .optional()
    .meta({
      argument: '<words>',
      description: `pdf: size, orientation and margins in millimetres, such as "A3 landscape 15" (${SIZES.join(', ')})`,
    }),
  'group-by': z
    .union([word, z.array(word).min(1)])
    .optional()
    .meta({
      argument: '<words>',
      description:
        'pdf: headings and subtotals by up to 3 filters or columns that the order begins with: a,b',
    }),
  overflow: z.enum(OVERFLOWS).optional().meta({
    argument: '<how>',
    description: 'pdf: wrap texts that are too wide into up to three lines (wrap), or cut them after one',
  }),
  logo: word.optional().meta({
    argument: '<file>',
    description: 'pdf: a PNG for the head of the first page',
  }),
  attach: z
    .union([word, z.array(z.enum(ATTACHMENTS)).min(1)])
    .optional()
    .meta({
      argument: '<words>',
      description: `pdf: put the rows into the file as well: ${ATTACHMENTS.join(',')}`,
    }),
  tagged: z
    .union([z.boolean(), z.enum(['true', 'false'])])
    .optional()
    .meta({
      argument: '<boolean>',
      description: 'pdf: tags for screen readers (true up to 100,000 rows)',
    }),
};

/** A page; what is undefined is A4, the orientation that the columns need, and 10 mm. */
export interface Page {
  readonly size?: PageSize | undefined;
  readonly orientation?: Orientation | undefined;
  /** Millimetres, on all four sides. */
  readonly margins?: number | undefined;
}

export type Attachment = (typeof ATTACHMENTS)[number];

/** The picture in the head of a page. Its JSON, in a definition's hash or a manifest, identifies its content. */
export interface Logo {
  /** Its name without folders. */
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Where it was read, absolute. A method, since the JSON is part of what is published. */
  path(): string;
  /** The file's content: a PNG. */
  bytes(): Buffer;
}

/** As the writer takes them: columns by their names, and the logo as the file, not its path. */
export type PdfOptions = {
  readonly locale?: Locale | undefined;
  readonly booleans?: string | undefined;
  readonly strict?: boolean | undefined;
  readonly page?: Page | undefined;
  /** Names of columns, the outermost group first. */
  readonly 'group-by'?: readonly string[] | undefined;
  /** `wrap` when undefined. */
  readonly overflow?: (typeof OVERFLOWS)[number] | undefined;
  readonly logo?: Logo | undefined;
  readonly attach?: readonly Attachment[] | undefined;
  /** When undefined, up to 100,000 rows are tagged. */
  readonly tagged?: boolean | undefined;
};

export const PDF_FILE = { extension: 'pdf', contentType: 'application/pdf' } as const;

/**
 * The locale, and the words for true and for false: undefined for `true` and `false`.
 * @throws ReportError `usage` unless the option `booleans` is two different words
 */
export function languageOf({ locale: name, booleans: words }: SpelledOptions): Language {
  const known = LOCALES.find((each) => each === name);
  const pair = typeof words === 'string' ? words : known && 'Sim/Não';
  return { locale: known, booleans: booleanWords(pair) };
}

/**
 * The page that words name, in any order and case: `A3 landscape`, `letter`, `portrait 15`.
 * @throws ReportError `usage` for another word, or two of one meaning
 */
export function pageOf(text: string): Page {
  const words = text.split(/[\s,]+/).filter((each) => each !== '');
  const parts = words.map((each): Page => {
    const lower = each.toLowerCase();
    const size = SIZES.find((known) => known.toLowerCase() === lower);
    const orientation = ORIENTATIONS.find((known) => known === lower);
    const margins = /^(\d+(?:\.\d+)?)(?:mm)?$/.exec(lower)?.[1];
    if (size !== undefined) return { size };
    if (orientation !== undefined) return { orientation };
    if (margins !== undefined) return { margins: Number(margins) };
    throw pageFault(text);
  });
  const all: Page = Object.assign({}, ...parts);
  if (parts.length === 0 || Object.keys(all).length < parts.length) throw pageFault(text);
  return all;
}

function pageFault(text: string): ReportError {
  return new ReportError('usage', `no page is ${JSON.stringify(text)}`, {
    hint: `Give a size (${SIZES.join(', ')}), an orientation (${ORIENTATIONS.join(', ')}), margins in millimetres, or several of them: "A3 landscape 15".`,
  });
}

/** @throws ReportError `usage` for a word that is none of them */
export function attachmentsOf(texts: readonly string[]): Attachment[] {
  return texts.map((text) => {
    const found = ATTACHMENTS.find((known) => known === text);
    if (found !== undefined) return found;
    throw new ReportError('usage', `nothing to attach is called ${JSON.stringify(text)}`, {
      hint: `There are: ${ATTACHMENTS.join(', ')}.`,
    });
  });
}
