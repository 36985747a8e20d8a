// PDF (ISO 32000-1, ISO 19005): the rows on pages, in groups with subtotals, which a reader of our own reads back.
import { resolve } from 'node:path';
import type { Format, OptionContext, SpelledOptions, Spelling } from '../core/format.js';
import { checkPdf, checkPdfOptions } from './pdf/check.js';
import { describePdf } from './pdf/describe.js';
import { readLogo } from './pdf/logo.js';
import {
  attachmentsOf,
  languageOf,
  type Page,
  PDF_FILE,
  type PdfOptions,
  pageOf,
  pdfOptions,
} from './pdf/options.js';
import { fromBrazilianDate } from './words/brazilian-date.js';

export const pdf: Format<PdfOptions> = {
  ...PDF_FILE,
  isCompressed: true,
  isLight: false,
  options: pdfOptions,
  fromSpelled,
  files: ({ logo }) => (logo === undefined ? [] : [{ path: logo.path(), option: 'logo' }]),
  check: checkPdf,
  async create(options, about, writerOf) {
    checkPdfOptions(options);
    const { createPdfWriter } = await import('./pdf/write.js');
    return createPdfWriter(options, about, writerOf);
  },
  async *read(bytes, file) {
    const { readPdf } = await import('./pdf/read.js');
    yield* readPdf(bytes, file);
  },
  spelling,
  describe: describePdf,
};

function fromSpelled(spelled: SpelledOptions, { folder, most, columnOf }: OptionContext): PdfOptions {
  const { page, 'group-by': groups, attach, logo, tagged, ...same } = spelled;
  return {
    ...same,
    ...(page !== undefined && { page: typeof page === 'string' ? pageOf(page) : (page as Page) }),
    ...(groups !== undefined && { 'group-by': listOf(groups).map(columnOf) }),
    ...(attach !== undefined && { attach: attachmentsOf(listOf(attach)) }),
    ...(typeof logo === 'string' && { logo: readLogo(resolve(folder, logo), most) }),
    ...(tagged !== undefined && { tagged: `${tagged}` === 'true' }),
  };
}

/** A list, or the texts between the commas of one. */
function listOf(value: unknown): string[] {
  return Array.isArray(value)
    ? value.map(String)
    : String(value)
        .split(',')
        .map((each) => each.trim());
}

/** @throws ReportError `usage` for booleans that are not two words */
function spelling(options: SpelledOptions): Spelling {
  const { locale, booleans } = languageOf(options);
  return {
    isoDate: locale === 'pt-BR' ? fromBrazilianDate : undefined,
    booleans,
    formulaGuard: undefined,
  };
}
