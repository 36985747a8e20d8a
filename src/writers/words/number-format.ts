// Formats of numbers in the codes of spreadsheets (ECMA-376 part 1, 18.8.31 numFmts), such as `0.0%` or `#,##0.000`.

/** Excel takes no longer one. */
const LONGEST = 255;
/** Positive, negative, zero, text. */
const MOST_SECTIONS = 4;
const COLOUR = String.raw`(?:\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow)\])?`;
const LITERAL = String.raw`(?:"[^"]*"|\\.|_.|[-+ ()$%])`;
const DIGITS = String.raw`(?:[#0?][#0?,]*(?:\.[#0?]*)?|\.[#0?]+)(?:E[-+]0+)?`;
const SECTION = new RegExp(`^${COLOUR}(${LITERAL}*)(${DIGITS})?(${LITERAL}*)$`);
/** Sections end at semicolons outside of quotes and not after a backslash or an underscore. */
const SECTIONS = /(?:"[^"]*"|[\\_].|[^;])*/y;

interface Section {
  readonly literals: string;
  /** Empty for a section that shows no number. */
  readonly digits: string;
}

/** What is wrong with a format for numbers, or undefined when nothing is. */
export function numberFormatFault(code: string): string | undefined {
  if (code.length > LONGEST) return `found a format of ${code.length} characters; ${LONGEST} are the most`;
  const [first, ...more] = sectionsOf(code);
  const isRight =
    first?.digits && more.length < MOST_SECTIONS && more.every((section) => section !== undefined);
  if (isRight) return undefined;
  return `found "${code}"; give a format such as 0.0%, 0.000 or #,##0.00, with texts in quotes: a comma groups thousands, a dot begins the decimals`;
}

/** The number of characters of a number in this format. @param whole the digits before its dot, and its sign */
export function shownLength(code: string, whole: number): number {
  return Math.max(
    0,
    ...sectionsOf(code).map((section) => (section === undefined ? 0 : lengthOf(section, whole))),
  );
}

function lengthOf({ literals, digits }: Section, whole: number): number {
  const plain = literals.replace(/["\\]/g, '').replace(/_./g, ' ');
  if (digits === '') return plain.length;
  const [integer = '', fraction = ''] = digits.split('.');
  // A percentage is a hundred times the number.
  const shown = Math.max(whole + (plain.includes('%') ? 2 : 0), integer.replace(/[^0]/g, '').length);
  const separators = integer.includes(',') ? Math.floor((shown - 1) / 3) : 0;
  return plain.length + shown + separators + (fraction === '' ? 0 : 1 + fraction.length);
}

/** Undefined for what is no section. */
function sectionsOf(code: string): (Section | undefined)[] {
  const sections: (Section | undefined)[] = [];
  for (let at = 0; at <= code.length; at++) {
    SECTIONS.lastIndex = at;
    const [text = ''] = SECTIONS.exec(code) ?? [];
    at += text.length;
    const match = SECTION.exec(text);
    const [, before = '', digits = '', after = ''] = match ?? [];
    sections.push(match === null ? undefined : { literals: before + after, digits });
  }
  return sections;
}

/** `#,##0`, with so many decimals. */
export function decimalFormat(decimals: number): string {
  return decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`;
}

/**
 * The format of an amount, such as `"R$" #,##0.00`: the symbol that Brazil writes (Unicode CLDR) and the decimals that the
 * currency has (ISO 4217).
 */
export function currencyFormat(currency: string): string {
  const symbol = currencySymbol(currency);
  const number = decimalFormat(currencyDecimals(currency));
  return `"${symbol}" ${number};-"${symbol}" ${number}`;
}

/** Kept: a format takes as long to make as thousands of numbers to show. */
const SYMBOLS = new Map<string, string>();

/** As Brazil writes it (Unicode CLDR): `R$`, `US$`. */
export function currencySymbol(currency: string): string {
  const known = SYMBOLS.get(currency);
  if (known !== undefined) return known;
  const parts = amountFormat(currency).formatToParts(0);
  const symbol = parts.find(({ type }) => type === 'currency')?.value ?? currency;
  SYMBOLS.set(currency, symbol);
  return symbol;
}

/** Of an amount (ISO 4217). */
export function currencyDecimals(currency: string): number {
  return amountFormat(currency).resolvedOptions().maximumFractionDigits ?? 2;
}

function amountFormat(currency: string): Intl.NumberFormat {
  return new Intl.NumberFormat('pt-BR', { style: 'currency', currency });
}
