// The styles of the cells: those of the model row, and as few of our own as there must be.
import type { Kind } from '../../../table.js';
import { DATES } from '../shell.js';
import { attributeOf, elementsOf, withAttribute } from './xml.js';

/** Built-in formats (ECMA-376 part 1, 18.8.30 numFmt). */
const GENERAL = 0;
const BUILT_IN: Readonly<Partial<Record<Kind, number>>> = { integer: 1, decimal: 4, text: 49, json: 49 };
/** The first number that is free for formats of one's own. */
const FIRST_OWN = 164;
const PLAIN = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>';

export class CellStyles {
  readonly #xml: string;
  readonly #dates: (typeof DATES)[keyof typeof DATES];
  readonly #formats: string[];
  readonly #styles: string[];
  readonly #had: number;

  /** @param xml of the styles' part */
  constructor(xml: string, locale: 'pt-BR' | undefined) {
    this.#xml = xml;
    this.#dates = DATES[locale ?? 'iso'];
    this.#formats = contentOf(xml, 'numFmts').match(elementsOf('numFmt')) ?? [];
    this.#styles = contentOf(xml, 'cellXfs').match(elementsOf('xf')) ?? [];
    this.#had = this.#styles.length;
  }

  /** The number of the style for a column's cells. @param model that of the model row's cell, where there is one */
  of(kind: Kind, model: number | undefined): number {
    const style = this.#styles[model ?? -1];
    const isDate = kind === 'date' || kind === 'timestamp';
    // Whoever chose no format for a date wants to see no serial number.
    if (style !== undefined && !(isDate && attributeOf(style, 'numFmtId') === `${GENERAL}`))
      return model ?? 0;
    const format = isDate ? this.#format(this.#dates[kind]) : (BUILT_IN[kind] ?? GENERAL);
    const formatted = withAttribute(style ?? PLAIN, 'numFmtId', `${format}`);
    return this.#numberOf(withAttribute(formatted, 'applyNumberFormat', '1'));
  }

  /** The part with what was added, or undefined when nothing was. */
  changed(): string | undefined {
    if (this.#styles.length === this.#had) return undefined;
    const formats = `<numFmts count="${this.#formats.length}">${this.#formats.join('')}</numFmts>`;
    const styles = `<cellXfs count="${this.#styles.length}">${this.#styles.join('')}</cellXfs>`;
    const rest = this.#xml.replace(elementsOf('numFmts'), '').replace(elementsOf('cellXfs'), () => styles);
    // They come first (ECMA-376 part 1, 18.8.39 styleSheet).
    return this.#formats.length === 0 ? rest : rest.replace(/<styleSheet(\s[^>]*)?>/, (tag) => tag + formats);
  }

  #numberOf(style: string): number {
    const known = this.#styles.indexOf(style);
    return known === -1 ? this.#styles.push(style) - 1 : known;
  }

  #format(code: string): number {
    const known = this.#formats.find((format) => attributeOf(format, 'formatCode') === code);
    const numbers = this.#formats.map((format) => Number(attributeOf(format, 'numFmtId')));
    if (known !== undefined) return numbers[this.#formats.indexOf(known)] ?? GENERAL;
    const number = Math.max(FIRST_OWN - 1, ...numbers) + 1;
    this.#formats.push(`<numFmt numFmtId="${number}" formatCode="${code}"/>`);
    return number;
  }
}

function contentOf(xml: string, name: string): string {
  return (
    elementsOf(name)
      .exec(xml)?.[0]
      .replace(/^<[^>]*>/, '') ?? ''
  );
}
