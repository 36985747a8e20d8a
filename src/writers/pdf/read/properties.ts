// The property list of marked content (ISO 32000-1, 14.6.2).
import * as character from './characters.js';
import type { CellTexts } from './strings.js';

const { NUMBER, SPACE } = character;

/** As far as they are about cells. */
export interface Properties {
  /** Of a group. */
  readonly level: number | undefined;
  /** Whether there is a text that stands for what is drawn. */
  readonly hasText: boolean;
}

export class PropertyReader {
  readonly #content: Buffer;
  readonly #texts: CellTexts;
  readonly #unexpected: (at: number) => Error;
  #level: number | undefined;
  #hasText = false;

  /**
   * @param texts get the text that stands for what is drawn
   * @param unexpected the error for what should not be there
   */
  constructor(content: Buffer, texts: CellTexts, unexpected: (at: number) => Error) {
    this.#content = content;
    this.#texts = texts;
    this.#unexpected = unexpected;
  }

  get properties(): Properties {
    return { level: this.#level, hasText: this.#hasText };
  }

  /** @param start of the dictionary. @returns the position behind it */
  read(start: number): number {
    const content = this.#content;
    this.#level = undefined;
    this.#hasText = false;
    for (let at = start + 2; ; ) {
      at = character.endOf(SPACE, content, at);
      if (content[at] === character.GREATER && content[at + 1] === character.GREATER) return at + 2;
      if (content[at] !== character.SLASH) throw this.#unexpected(at);
      const end = character.endOfName(content, at);
      const key = content.toString('latin1', at + 1, end);
      at = this.#value(key, character.endOf(SPACE, content, end));
    }
  }

  /** @param at of the value. @returns the position behind it */
  #value(key: string, at: number): number {
    const isText = key === 'ActualText' || key === 'RPTC_Text';
    if (!isText && key !== 'L') return this.#ignored(at);
    // A key that comes twice could be read in two ways.
    if (isText ? this.#hasText : this.#level !== undefined) throw this.#unexpected(at);
    if (isText) {
      this.#hasText = true;
      return key === 'ActualText' ? this.#texts.text(at) : this.#list(at);
    }
    const end = character.endOf(NUMBER, this.#content, at);
    this.#level = Number(this.#content.toString('latin1', at, end));
    if (end !== at + 1 || Number.isNaN(this.#level)) throw this.#unexpected(at);
    return end;
  }

  /** Texts, which are one text. */
  #list(start: number): number {
    const content = this.#content;
    if (content[start] !== character.OPEN_ARRAY) throw this.#unexpected(start);
    let at = character.endOf(SPACE, content, start + 1);
    while (content[at] !== character.CLOSE_ARRAY) {
      at = character.endOf(SPACE, content, this.#texts.text(at));
    }
    return at + 1;
  }

  /** A number, a name, a text, or an array of such values. */
  #ignored(start: number): number {
    const content = this.#content;
    const texts = this.#texts;
    let at = start;
    let depth = 0;
    do {
      const byte = content[at] as number;
      const before = texts.length;
      if (byte === character.OPEN_ARRAY) {
        depth += 1;
        at += 1;
      } else if (byte === character.CLOSE_ARRAY && depth > 0) {
        depth -= 1;
        at += 1;
      } else if (byte === character.SLASH) at = character.endOfName(content, at);
      else if (byte === character.OPEN_STRING || byte === character.LESS) at = texts.text(at);
      else if (character.CLASSES[byte] === NUMBER) at = character.endOf(NUMBER, content, at);
      else throw this.#unexpected(at);
      texts.undo(before);
      at = character.endOf(SPACE, content, at);
    } while (depth > 0);
    return at;
  }
}
