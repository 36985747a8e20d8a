// The styles of the cells: the model row's, and our own only where one is needed.
import type { Locale } from '../../../core/format.js';
import type { Column, Kind } from '../../../core/table.js';
import { currencyFormat } from '../../words/number-format.js';
import { escaped } from '../sheet.js';
import { FORMATS } from '../styles.js';
import { attributeOf, elementsOf, withAttribute } from './xml.js';

/** Built-in formats (ECMA-376 part 1, 18.8.30 numFmt). */
const GENERAL = 0;
const BUILT_IN: Readonly<Partial<Record<Kind, number>>> = { integer: 1, decimal: 4, text: 49, json: 49 };
/** The first id for custom formats. */
const FIRST_OWN = 164;
const PLAIN = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>';

export class CellStyles {
  readonly #xml: string;
  readonly #dates: (typeof FORMATS)[keyof typeof FORMATS];
  readonly #formats: string[];
  readonly #styles: string[];
  readonly #had: number;

  /** @param xml of the styles' part */
  constructor(xml: string, locale: Locale | undefined) {
    this.#xml = xml;
    this.#dates = FORMATS[locale ?? 'iso'];
    this.#formats = contentOf(xml, 'numFmts').match(elementsOf('numFmt')) ?? [];
    this.#styles = contentOf(xml, 'cellXfs').match(elementsOf('xf')) ?? [];
    this.#had = this.#styles.length;
  }

  /** The number of the style for a column's cells. @param model that of the model row's cell, where there is one */
  of({ kind, currency, format: chosen }: Column, model: number | undefined): number {
    const style = this.#styles[model ?? -1];
    const isDate = kind === 'date' || kind === 'timestamp';
    const own = chosen ?? (currency === undefined ? undefined : currencyFormat(currency));
    // Without a format of the designer, a date would show as a serial number, and an amount without its currency.
    const isBare =
      (isDate || own !== undefined) && style !== undefined && attributeOf(style, 'numFmtId') === `${GENERAL}`;
    if (style !== undefined && !isBare) return model ?? 0;
    const code = isDate ? this.#dates[kind] : own;
    const format = code === undefined ? (BUILT_IN[kind] ?? GENERAL) : this.#format(code);
    const formatted = withAttribute(style ?? PLAIN, 'numFmtId', `${format}`);
    return this.#numberOf(withAttribute(formatted, 'applyNumberFormat', '1'));
  }

  /** The XML of the styles with the added ones, or undefined when none was added. */
  changed(): string | undefined {
    if (this.#styles.length === this.#had) return undefined;
    const formats = `<numFmts count="${this.#formats.length}">${this.#formats.join('')}</numFmts>`;
    const styles = `<cellXfs count="${this.#styles.length}">${this.#styles.join('')}</cellXfs>`;
    const rest = this.#xml.replace(elementsOf('numFmts'), '').replace(elementsOf('cellXfs'), () => styles);
    // numFmts is the first child (ECMA-376 part 1, 18.8.39 styleSheet).
    return this.#formats.length === 0
      ? rest
      : rest.replace(/<styleSheet(\s[^<>]*)?>/, (tag) => tag + formats);
  }

  #numberOf(style: string): number {
    const known = this.#styles.indexOf(style);
    return known === -1 ? this.#styles.push(style) - 1 : known;
  }

  #format(code: string): number {
    const known = this.#formats.find((format) => attributeOf(format, 'formatCode') === escaped(code));
    const numbers = this.#formats.map((format) => Number(attributeOf(format, 'numFmtId')));
    if (known !== undefined) return numbers[this.#formats.indexOf(known)] ?? GENERAL;
    const number = Math.max(FIRST_OWN - 1, ...numbers) + 1;
    this.#formats.push(`<numFmt numFmtId="${number}" formatCode="${escaped(code)}"/>`);
    return number;
  }
}

function contentOf(xml: string, name: string): string {
  return (
    elementsOf(name)
      .exec(xml)?.[0]
      .replace(/^<[^<>]*>/, '') ?? ''
  );
}
