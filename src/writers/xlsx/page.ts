// How a sheet prints: A4, with the title and the period above and the page's number below (ECMA-376 part 1: 18.3.1.63
// pageSetup, 18.3.1.46 headerFooter).
import type { PageSetup } from 'exceljs';
import type { Locale } from '../../core/format.js';
import type { ReportedDays } from '../../core/writer.js';
import { daysText } from '../words/asked.js';
import { labelsOf } from './labels.js';

/** ST_PaperSize: 210 mm × 297 mm. */
export const A4 = 9;
/** In inches. */
export const MARGINS = { left: 0.5, right: 0.5, top: 0.75, bottom: 0.75, header: 0.3, footer: 0.3 } as const;
/** The widths of columns that fit between the margins at full size: a digit of Calibri 11 is 7/96 inch wide. */
const PORTRAIT = Math.floor((8.27 - 1) * (96 / 7));
const LANDSCAPE = Math.floor((11.69 - 1) * (96 / 7));
/** Down to this scale, at which the font has 8 points, a sheet stays upright. */
const UPRIGHT_SCALE = 0.75;
/** At this scale the font has 7 points: smaller is hard to read. */
const SMALLEST_SCALE = 0.65;
/** A first column that is wider than this part of a page is not repeated. */
const WIDEST_REPEATED = 0.25;
/** Excel takes 255 characters for the head with its codes. */
const LONGEST_TITLE = 150;

export interface Page {
  readonly orientation: NonNullable<PageSetup['orientation']>;
  /** The pages side by side that the columns are scaled to. */
  readonly pagesWide: number;
  /** Whether the first column is printed on every page, so that a row is known on each page that it crosses. */
  readonly repeatsFirst: boolean;
}

/** One page wide as long as that can be read, upright if it is narrow enough. @param widths of the columns */
export function pageFor(widths: readonly number[]): Page {
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total <= PORTRAIT / UPRIGHT_SCALE)
    return { orientation: 'portrait', pagesWide: 1, repeatsFirst: false };
  const most = LANDSCAPE / SMALLEST_SCALE;
  const first = widths[0] ?? 0;
  const repeatsFirst = total > most && first <= most * WIDEST_REPEATED;
  const pagesWide = repeatsFirst ? Math.ceil((total - first) / (most - first)) : Math.ceil(total / most);
  return { orientation: 'landscape', pagesWide, repeatsFirst };
}

export interface HeadAndFoot {
  readonly oddHeader: string;
  readonly oddFooter: string;
}

/** The title and the period above, the sheet's name and the page's number below. */
export function headAndFoot(
  title: string,
  period: ReportedDays | undefined,
  locale: Locale | undefined,
): HeadAndFoot {
  const days = period === undefined ? '' : daysText(period, locale);
  return {
    oddHeader: `&L&"-,Bold"${literal(title)}${days === '' ? '' : `&R${days}`}`,
    oddFooter: `&L&A&R${labelsOf(locale).page}`,
  };
}

/** An ampersand begins a code; two are one. */
function literal(title: string): string {
  const line = title.replace(/\s+/g, ' ').trim().replaceAll('&', '&&');
  if (line.length <= LONGEST_TITLE) return line;
  // Cut neither a surrogate pair in two nor a pair of ampersands.
  const cut = line.slice(0, LONGEST_TITLE).replace(/[\ud800-\udbff]$/, '');
  return `${cut.replace(/(^|[^&])((?:&&)*)&$/, '$1$2')}…`;
}
