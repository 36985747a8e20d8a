// The options of CSV, and the dialect that they ask for.
import * as z from 'zod';
import { ReportError } from '../../core/errors.js';
import type { BooleanWords, SpelledOptions } from '../../core/format.js';
import { booleans, booleanWords } from '../words/booleans.js';
import { locale } from '../words/locale.js';

/** Each given option overrides what the locale says. */
export const csvOptions = {
  delimiter: z.string().optional().meta({
    argument: '<character>',
    description: 'the character between cells (,); \\t is a tab',
  }),
  decimal: z.string().optional().meta({ argument: '<character>', description: 'the decimal separator (.)' }),
  bom: z.boolean().optional().meta({ description: 'begin with a UTF-8 byte order mark' }),
  eol: z.enum(['lf', 'crlf']).optional().meta({ argument: '<name>', description: 'the line ending (lf)' }),
  // It is written unquoted; a text cell that equals it is quoted.
  null: z.string().optional().meta({
    argument: '<text>',
    description: 'the text for null (nothing; the empty text is "")',
  }),
  quote: z.enum(['all', 'needed']).optional().meta({
    argument: '<which>',
    description: 'which cells are quoted (needed)',
  }),
  locale,
  booleans,
  formulas: z.enum(['neutralise', 'keep']).optional().meta({
    argument: '<what>',
    description: 'text cells that start like a formula: prefix an apostrophe, or keep (neutralise)',
  }),
};
const schema = z.object(csvOptions);

export type CsvOptions = Readonly<z.infer<typeof schema>>;

export interface Dialect {
  readonly delimiter: string;
  readonly decimal: '.' | ',';
  readonly bom: boolean;
  readonly eol: '\n' | '\r\n';
  readonly null: string;
  readonly quoteAll: boolean;
  /** dd/mm/yyyy, and timestamps in the report's time zone without their offset. */
  readonly brazilianDates: boolean;
  /** Undefined where it is `true` and `false`. */
  readonly booleans: BooleanWords | undefined;
  readonly neutralise: boolean;
}

/** What Excel expects on a system whose language is Brazilian Portuguese. */
const LOCALES = {
  'pt-BR': { delimiter: ';', decimal: ',', bom: true, eol: 'crlf' },
} as const;

/**
 * RFC 4180 with a header, comma, `.`, UTF-8 without BOM and LF, unless the options say otherwise.
 * @throws ReportError `usage` for a delimiter, decimal separator or words that would make the file ambiguous
 */
export function dialect(options: CsvOptions): Dialect {
  const locale = options.locale === undefined ? {} : LOCALES[options.locale];
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const merged: CsvOptions = { ...locale, ...given };
  const delimiter = merged.delimiter === '\\t' ? '\t' : (merged.delimiter ?? ',');
  const decimal = merged.decimal ?? '.';
  if (!/^[^\0\p{L}\p{N}"\r\n.+\-\ufeff]$/u.test(delimiter))
    throw new ReportError('usage', `the delimiter is ${JSON.stringify(delimiter)}`, {
      hint: 'Give one character that is no letter, digit, quote, sign, dot, line break or NUL, such as ; or , or \\t.',
    });
  if (decimal !== '.' && decimal !== ',')
    throw new ReportError('usage', `the decimal separator is ${JSON.stringify(decimal)}`, {
      hint: 'Give . or ,',
    });
  const nullText = merged.null ?? '';
  if (/[\0"\r\n]/.test(nullText) || nullText.includes(delimiter))
    throw new ReportError('usage', `the text for null is ${JSON.stringify(nullText)}`, {
      hint: 'It is written unquoted, so it cannot hold the delimiter, a quote, a line break or NUL.',
    });
  return {
    delimiter,
    decimal,
    bom: merged.bom ?? false,
    eol: merged.eol === 'crlf' ? '\r\n' : '\n',
    null: nullText,
    quoteAll: merged.quote === 'all',
    brazilianDates: options.locale === 'pt-BR',
    booleans: booleanWords(merged.booleans),
    neutralise: merged.formulas !== 'keep',
  };
}

/** The dialect of a file by the options in its manifest. @throws ReportError `contract` for options that CSV does not have */
export function recordedDialect(options: SpelledOptions): Dialect {
  try {
    return dialect(schema.parse(options));
  } catch (cause) {
    throw new ReportError('contract', `${JSON.stringify(options)} is no CSV dialect`, { cause });
  }
}
