// The words in which a CSV dialect is asked for, and what they come to.
import { ReportError } from '../../core/errors.js';
import { type BooleanWords, booleanWords } from '../words/booleans.js';

/** As a command line or a report spells them; each given one overrides the locale's. */
export interface CsvOptions {
  readonly delimiter?: string | undefined;
  /** The decimal separator. */
  readonly decimal?: string | undefined;
  /** Begin with a UTF-8 byte order mark. */
  readonly bom?: boolean | undefined;
  readonly eol?: 'lf' | 'crlf' | undefined;
  /** The text that stands for null, unquoted; a text cell that equals it is quoted. */
  readonly null?: string | undefined;
  readonly quote?: 'all' | 'needed' | undefined;
  readonly locale?: 'pt-BR' | undefined;
  /** What stands for true and for false: `Sim/Não`. */
  readonly booleans?: string | undefined;
  readonly formulas?: 'neutralise' | 'keep' | undefined;
}

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

/** What Excel expects where the operating system speaks Brazilian Portuguese. */
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
  if (!/^[^\p{L}\p{N}"\r\n.+\-\ufeff]$/u.test(delimiter))
    throw new ReportError('usage', `the delimiter is ${JSON.stringify(delimiter)}`, {
      hint: 'Give one character that is no letter, digit, quote, sign, dot or line break, such as ; or , or \\t.',
    });
  if (decimal !== '.' && decimal !== ',')
    throw new ReportError('usage', `the decimal separator is ${JSON.stringify(decimal)}`, {
      hint: 'Give . or ,',
    });
  const nullText = merged.null ?? '';
  if (/["\r\n]/.test(nullText) || nullText.includes(delimiter))
    throw new ReportError('usage', `the text for null is ${JSON.stringify(nullText)}`, {
      hint: 'It is written unquoted, so it cannot hold the delimiter, a quote or a line break.',
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
